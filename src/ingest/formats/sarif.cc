// SARIF 2.1.0 (OASIS), and the older shapes of 2.0 drafts that tools still write (tool.name,
// resources.rules, fileLocation). One finding is one result at one location: a result with several
// locations is several findings, as GitHub and others show it.
#include <map>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/sarif_tools.h"
#include "ingest/formats/vuln_shared.h"

namespace ouro::ingest {
namespace {

using model::Finding;
using model::FindingClass;

// One run with its rules by id.
struct Run {
  io::NodeView node;
  io::NodeView tool;  // tool.driver, or tool in drafts
  SarifDriver driver;
  std::string version;
  std::vector<io::NodeView> rules;            // of the driver, by ruleIndex
  std::map<std::string, io::NodeView> by_id;  // of driver and extensions
};

int Detect(const ReportInput& input) {
  const io::NodeView root = input.json();
  if (!HasKeys(root, {"runs"}) || !root.Get("runs").IsList()) return kNo;
  const std::string version = Text(root, "version");
  if (ContainsIgnoreCase(Text(root, "$schema"), "sarif")) return kNamed;
  const std::vector<io::NodeView> runs = Items(root, "runs");
  const bool has_tool = !runs.empty() && runs.front().Get("tool").IsMap();
  if (StartsWith(version, "2.") && (has_tool || runs.empty())) return kNamed;
  return has_tool ? kSure : kNo;
}

// Rules of 2.1 are a list; in drafts a map by id.
void AddRules(io::NodeView list, std::vector<io::NodeView>* in_order, Run& run) {
  for (const auto& [key, rule] : list.Members()) run.by_id.emplace(std::string(key), rule);
  if (!list.IsList()) return;
  for (const io::NodeView& rule : list.Children()) {
    if (in_order != nullptr) in_order->push_back(rule);
    run.by_id.emplace(Text(rule, "id"), rule);
  }
}

Run ReadRun(io::NodeView node) {
  Run run;
  run.node = node;
  const io::NodeView driver = At(node, "tool.driver");
  run.tool = driver ? driver : node.Get("tool");
  run.driver = DriverOf(Text(run.tool, "name"));
  run.version = FirstText(run.tool, {"semanticVersion", "version", "dottedQuadFileVersion"});
  AddRules(run.tool.Get("rules"), &run.rules, run);
  AddRules(At(node, "resources.rules"), &run.rules, run);
  AddRules(node.Get("rules"), &run.rules, run);
  for (const io::NodeView& extension : Items(node, "tool.extensions")) {
    AddRules(extension.Get("rules"), nullptr, run);
  }
  return run;
}

std::string RuleIdOf(io::NodeView result) {
  return FirstText(result, {"ruleId", "rule.id", "ruleKey"});
}

// SARIF §3.52: by index in the component that is named, else by id, where "A/B" is A's.
io::NodeView RuleOf(const Run& run, io::NodeView result) {
  const std::string id = RuleIdOf(result);
  const int64_t component = Integer(result, "rule.toolComponent.index", -1);
  const int64_t index = Integer(result, "ruleIndex", Integer(result, "rule.index", -1));
  if (component >= 0 && index >= 0) {
    const std::vector<io::NodeView> extensions = Items(run.node, "tool.extensions");
    if (static_cast<size_t>(component) < extensions.size()) {
      const std::vector<io::NodeView> rules =
          Items(extensions[static_cast<size_t>(component)], "rules");
      if (static_cast<size_t>(index) < rules.size()) return rules[static_cast<size_t>(index)];
    }
  }
  if (index >= 0 && static_cast<size_t>(index) < run.rules.size()) {
    const io::NodeView rule = run.rules[static_cast<size_t>(index)];
    const std::string rule_id = Text(rule, "id");
    if (id.empty() || rule_id.empty() || StartsWith(id, rule_id)) return rule;
  }
  for (std::string part = id; !part.empty();) {
    if (const auto found = run.by_id.find(part); found != run.by_id.end()) return found->second;
    const size_t slash = part.rfind('/');
    part = slash == std::string::npos ? std::string() : part.substr(0, slash);
  }
  return {};
}

// Puts arguments in place of {0}, {1} …; "{{" and "}}" are braces (§3.11.5).
std::string FillPlaceholders(std::string_view text, const std::vector<std::string>& arguments) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool doubled = i + 1 < text.size() && text[i + 1] == text[i];
    if ((text[i] == '{' || text[i] == '}') && doubled) {
      out += text[i++];
      continue;
    }
    const size_t close = text[i] == '{' ? text.find('}', i) : std::string_view::npos;
    if (close != std::string_view::npos) {
      const auto number = ParseInt64(text.substr(i + 1, close - i - 1));
      if (number && *number >= 0 && static_cast<size_t>(*number) < arguments.size()) {
        out += arguments[static_cast<size_t>(*number)];
        i = close;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

// Text of a message object: its own, or the named one of the rule or the driver.
std::string MessageText(const Run& run, io::NodeView rule, io::NodeView message) {
  if (message.IsString()) return std::string(TrimSpace(message.Text()));
  const std::vector<std::string> arguments = Texts(message, "arguments");
  std::string text = FirstText(message, {"text", "markdown"});
  if (text.empty()) {
    const std::string id = FirstText(message, {"id", "messageId"});
    if (id.empty()) return {};
    for (const io::NodeView& strings :
         {rule.Get("messageStrings"), rule.Get("messageTemplates"),
          run.tool.Get("globalMessageStrings"), At(run.node, "resources.messageStrings")}) {
      const io::NodeView found = strings.Get(id);
      text = found.IsString() ? std::string(found.Text()) : FirstText(found, {"text", "markdown"});
      if (!text.empty()) break;
    }
  }
  return arguments.empty() ? text : FillPlaceholders(text, arguments);
}

// A description that is a text in drafts and an object since.
std::string Description(io::NodeView rule, std::string_view key) {
  const io::NodeView node = rule.Get(key);
  return node.IsString() ? std::string(TrimSpace(node.Text()))
                         : FirstText(node, {"text", "markdown"});
}

// §3.58.6 and §3.27.10. Notes are shown as information.
void SetLevel(Finding& finding, const Run& run, io::NodeView rule, io::NodeView result) {
  for (const io::NodeView& node : {result, rule}) {
    const io::NodeView properties = node.Get("properties");
    const std::string text =
        FirstText(properties.Get("security-severity") ? properties : node, {"security-severity"});
    const io::NodeView holder = properties.Get("security-severity") ? properties : node;
    if (const std::optional<double> score = Number(holder, "security-severity")) {
      finding.severity = SeverityOfScore(*score);
      finding.severity_source = fmt::format("{} (security-severity)", run.driver.prefix);
      finding.origin->severity = text;
      if (finding.vuln) AddCvss(*finding.vuln, "", *score, run.driver.prefix);
      return;
    }
  }
  std::string level = Text(result, "level");
  const std::string kind = Text(result, "kind");
  if (level.empty() && !kind.empty() && kind != "fail") level = "none";
  if (level.empty()) {
    level = FirstText(rule,
                      {"defaultConfiguration.level", "configuration.defaultLevel", "defaultLevel"});
  }
  if (level.empty()) level = "warning";
  SetSeverity(finding, run.driver.prefix, level);
  if (level == "note" || level == "none") finding.severity = model::Severity::kInfo;
}

// §3.35: what the tool or a person decided.
void SetSuppression(Finding& finding, io::NodeView result) {
  for (const io::NodeView& suppression : Items(result, "suppressions")) {
    const std::string status = FirstText(suppression, {"status", "state"});
    if (!status.empty() && status != "accepted") continue;
    const std::string reason = Text(suppression, "justification");
    SetState(finding,
             ContainsIgnoreCase(reason, "false positive") ? "false_positive" : "risk_accepted",
             reason);
    return;
  }
  if (Text(result, "baselineState") == "absent") SetState(finding, "fixed", "");
}

// Numbers of weaknesses: taxa, relationships, tags ("external/cwe/cwe-079") and property bags.
void ReadCwes(Finding& finding, io::NodeView rule, io::NodeView result) {
  for (const io::NodeView& node : {result, rule}) {
    const io::NodeView properties = node.Get("properties");
    for (const std::string_view key : {"cwe", "cwes", "CWE", "cwe_ids", "cweIds"}) {
      for (const std::string& text : Texts(properties, key))
        AddCwes(finding, text.substr(0, text.find(':')));
    }
    for (const std::string& tag : Texts(properties, "tags")) {
      const std::string lower = LowerAscii(tag);
      if (const size_t at = lower.find("cwe-"); at != std::string::npos) {
        AddCwes(finding, lower.substr(at, lower.find(':', at) - at));
      }
    }
  }
  for (const io::NodeView& taxon : Items(result, "taxa")) {
    if (ContainsIgnoreCase(Text(taxon, "toolComponent.name"), "cwe"))
      AddCwes(finding, Text(taxon, "id"));
  }
  for (const io::NodeView& relation : Items(rule, "relationships")) {
    if (ContainsIgnoreCase(Text(relation, "target.toolComponent.name"), "cwe")) {
      AddCwes(finding, Text(relation, "target.id"));
    }
  }
}

// "name:value|name:value" of the fingerprints, else of the partial ones, by name.
std::string UidOf(io::NodeView result) {
  for (const std::string_view key : {"fingerprints", "partialFingerprints"}) {
    std::map<std::string, std::string> sorted;
    for (const auto& [name, value] : result.Get(key).Members()) {
      if (std::string text = ScalarText(value); !text.empty())
        sorted.emplace(name, std::move(text));
    }
    std::string uid;
    for (const auto& [name, value] : sorted) {
      if (!uid.empty()) uid += '|';
      uid += name;
      uid += ':';
      uid += value;
    }
    if (!uid.empty()) return uid;
  }
  return FirstText(result, {"correlationGuid", "guid", "id"});
}

void ReadRule(Finding& finding, const Run& run, io::NodeView rule, io::NodeView result) {
  model::Origin& origin = *finding.origin;
  origin.description = Description(rule, "fullDescription");
  if (origin.description.empty()) origin.description = Description(rule, "help");
  if (origin.description.empty()) origin.description = Description(rule, "shortDescription");
  AddReference(finding, Description(rule, "helpUri"));
  AddReferences(finding, Texts(rule, "properties.references"));
  AddReference(finding, Text(result, "properties.reference"));
  for (const io::NodeView& node : {rule, result}) {
    for (const std::string& tag : Texts(node, "properties.tags")) AddTag(finding, tag);
  }
  origin.confidence = FirstText(result, {"properties.issue_confidence", "properties.confidence"});
  if (origin.confidence.empty()) origin.confidence = Text(rule, "properties.precision");
  origin.category = FirstText(rule, {"properties.category", "properties.problem.severity"});
  origin.occurrences = std::max<int64_t>(1, Integer(result, "occurrenceCount", 1));
  origin.uid = UidOf(result);
  for (const io::NodeView& fix : Items(result, "fixes")) {
    if (finding.remediation.empty()) {
      finding.remediation = MessageText(run, rule, fix.Get("description"));
    }
  }
  ReadCwes(finding, rule, result);
}

void ReadProvenance(Finding& finding, io::NodeView run) {
  const std::vector<io::NodeView> provenance = Items(run, "versionControlProvenance");
  if (provenance.empty()) return;
  model::Asset& asset = finding.asset.Make();
  asset.repository = FirstText(provenance.front(), {"repositoryUri", "uri"});
  asset.branch = Text(provenance.front(), "branch");
  asset.commit = FirstText(provenance.front(), {"revisionId", "revision"});
}

// The URI of a physical location: its own, or that of the artifact with the index.
std::string UriOf(io::NodeView run, io::NodeView physical) {
  std::string uri = FirstText(physical, {"artifactLocation.uri", "fileLocation.uri", "uri"});
  if (!uri.empty()) return uri;
  const int64_t index = Integer(physical, "artifactLocation.index", -1);
  const std::vector<io::NodeView> artifacts = Items(run, "artifacts");
  if (index < 0 || static_cast<size_t>(index) >= artifacts.size()) return {};
  return Text(artifacts[static_cast<size_t>(index)], "location.uri");
}

model::Location LocationOf(io::NodeView run, io::NodeView location) {
  io::NodeView physical = location.Get("physicalLocation");
  if (!physical) physical = location.Get("resultFile");  // 1.0
  model::Location place;
  place.file = LocationPath(UriOf(run, physical));
  const io::NodeView region = physical.Get("region");
  place.line = Integer(region, "startLine");
  place.column = Integer(region, "startColumn");
  place.end_line = Integer(region, "endLine", place.line);
  place.end_column = Integer(region, "endColumn");
  return place;
}

// "a.py:3 → b.py:9": the first and last step of the first code flow, for the description.
std::string FlowOf(io::NodeView run, io::NodeView result) {
  const std::vector<io::NodeView> flows = Items(result, "codeFlows");
  if (flows.empty()) return {};
  const std::vector<io::NodeView> threads = Items(flows.front(), "threadFlows");
  if (threads.empty()) return {};
  const std::vector<io::NodeView> steps = Items(threads.front(), "locations");
  if (steps.size() < 2) return {};
  const model::Location first = LocationOf(run, steps.front().Get("location"));
  const model::Location last = LocationOf(run, steps.back().Get("location"));
  return fmt::format("Flow: {}:{} → {}:{} in {} steps", first.file, first.line, last.file,
                     last.line, steps.size());
}

// A secret's text never stays: only its hash, and the message without it.
void HideSecret(Finding& finding, io::NodeView location) {
  const std::string snippet = FirstText(location, {"physicalLocation.region.snippet.text"});
  if (snippet.empty()) return;
  finding.origin->snippet_hash = SecretHash(snippet);
  for (std::string* text : {&finding.message, &finding.title, &finding.origin->description}) {
    *text = ReplaceAll(*text, snippet, "[secret]");
  }
}

Finding ReadResult(const Run& run, io::NodeView result, io::NodeView rule) {
  const SarifResult from{run.driver, result, rule,
                         RuleIdOf(result).empty() ? Text(rule, "id") : RuleIdOf(result),
                         MessageText(run, rule, result.Get("message"))};
  const FindingClass finding_class = ClassOfResult(from);
  const std::string id = NativeRuleId(from);
  Finding finding =
      finding_class == FindingClass::kVuln
          ? NewVulnFinding(run.driver.prefix, run.version, {id})
          : NewFinding(finding_class, run.driver.prefix, run.version, id.empty() ? "unknown" : id);
  if (finding_class == FindingClass::kVuln && id.empty()) finding.vuln.reset();
  finding.message = from.message;
  SetLevel(finding, run, rule, result);
  ReadRule(finding, run, rule, result);
  // The sentence about the subject, but for tools that write lists of facts there.
  const bool facts = run.driver.prefix == "trivy" || run.driver.prefix == "grype";
  const std::string short_text = Description(rule, "shortDescription");
  finding.title = OneLine(facts || from.message.empty() ? short_text : from.message);
  if (finding.title.empty()) finding.title = FirstLine(Description(rule, "fullDescription"));
  if (finding.title.empty()) finding.title = Text(rule, "name");
  if (finding.title.empty()) finding.title = finding.check;
  SetSuppression(finding, result);
  ReadProvenance(finding, run.node);
  if (const std::string flow = FlowOf(run.node, result); !flow.empty()) {
    if (!finding.origin->description.empty()) finding.origin->description += "\n\n";
    finding.origin->description += flow;
  }
  // Scanners of images name theirs in the property bag of the run.
  const std::string image = FirstText(run.node, {"properties.imageName"});
  if (!image.empty()) finding.image = model::Image{image, {}, {}};
  ReadToolText(from, finding);
  return finding;
}

void AddResult(const Run& run, io::NodeView result, Sink& sink) {
  const std::string kind = Text(result, "kind");
  const std::string draft_level = Text(result, "level");
  if (kind == "pass" || draft_level == "pass") return sink.AddPassed(1);
  // §3.27.9: neither is a problem. "review" and "open" are for a person to decide.
  const bool no_problem = kind == "notApplicable" || kind == "informational";
  if (no_problem || draft_level == "notApplicable") return;
  const io::NodeView rule = RuleOf(run, result);
  const Finding finding = ReadResult(run, result, rule);
  std::vector<io::NodeView> locations = Items(result, "locations");
  if (locations.empty()) locations.emplace_back();
  for (const io::NodeView& location : locations) {
    Finding here = finding;
    here.location = LocationOf(run.node, location);
    if (here.package && here.package->path.empty()) here.package->path = here.location.file;
    if (here.finding_class == FindingClass::kSecret) HideSecret(here, location);
    sink.Add(std::move(here));
  }
}

// What the tool itself could not examine.
void AddNotifications(const Run& run, Sink& sink) {
  for (const io::NodeView& invocation : Items(run.node, "invocations")) {
    const bool complete = Flag(invocation, "executionSuccessful", true);
    for (const std::string_view list :
         {"toolExecutionNotifications", "toolConfigurationNotifications"}) {
      for (const io::NodeView& notification : Items(invocation, list)) {
        if (Text(notification, "level") != "error") continue;
        model::Problem problem;
        problem.kind = "tool_error";
        problem.message =
            fmt::format("{} says: {}", run.driver.prefix,
                        FirstLine(MessageText(run, {}, notification.Get("message")), 500));
        problem.warning = complete;
        sink.AddProblem(std::move(problem));
      }
    }
  }
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  if (!root.Get("runs").IsList()) return MissingPart(root, "list \"runs\"");
  std::vector<Run> runs;
  for (const io::NodeView& node : Items(root, "runs")) {
    if (!node.Get("tool").IsMap()) return MissingPart(node, "\"tool\" in a run");
    runs.push_back(ReadRun(node));
  }
  ReportFacts facts;
  facts.tool = runs.empty() ? "sarif" : runs.front().driver.prefix;
  if (!runs.empty()) {
    facts.tool_version = runs.front().version;
    facts.target = FirstText(runs.front().node, {"automationDetails.id", "automationId.id"});
    const std::vector<io::NodeView> provenance =
        Items(runs.front().node, "versionControlProvenance");
    if (!provenance.empty()) facts.target = Text(provenance.front(), "repositoryUri");
    const std::vector<io::NodeView> invocations = Items(runs.front().node, "invocations");
    if (!invocations.empty())
      facts.created = FirstText(invocations.front(), {"endTimeUtc", "startTimeUtc"});
  }
  sink.Begin(facts);
  for (const Run& run : runs) {
    for (const io::NodeView& result : Items(run.node, "results")) AddResult(run, result, sink);
    AddNotifications(run, sink);
  }
  return {};
}

}  // namespace

const Importer kSarif = {
    "sarif", "SARIF", "SARIF 2.1.0 of any tool, and drafts of 2.0", "one result at one location",
    Detect,  Read};

}  // namespace ouro::ingest
