// Semgrep: output of the command line (--json), findings and dependency findings of the platform's
// API
// (/api/v1/deployments/{slug}/findings and …/ssc-vulns).
// Sources: semgrep-interfaces `semgrep_output_v1` (cli_output, cli_match, sca_match) and the Web
// API page.
#include <array>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/field.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/scanner_shared.h"
#include "ingest/words.h"
#include "model/purl.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "semgrep";

int Detect(const ReportInput& input) {
  const io::NodeView json = input.json();
  if (!json.IsMap()) return kNo;
  if (const std::vector<io::NodeView> results = Items(json, "results"); !results.empty()) {
    const io::NodeView first = results.front();
    return HasKeys(first, {"check_id", "path", "extra"}) ? kNamed : kNo;
  }
  if (HasKeys(json, {"results", "errors"})) {
    if (HasKeys(json, {"metrics"}) || HasKeys(json, {"generated_at"})) return kNo;
    return HasKeys(json, {"paths", "version"}) ? kNamed : kSure;
  }
  if (const std::vector<io::NodeView> vulns = Items(json, "vulns"); !vulns.empty()) {
    return HasKeys(vulns.front(), {"advisory", "matchedDependency"}) ? kNamed : kNo;
  }
  const io::NodeView findings = json.Get("findings");
  if (!findings.IsList()) return kNo;
  const std::vector<io::NodeView> items = findings.Children();
  // The platform's answer without a finding has this key and no other.
  if (items.empty()) return json.Members().size() == 1 ? kSure : kNo;
  return HasKeys(items.front(), {"repository", "state"}) &&
                 (HasKeys(items.front(), {"rule_name"}) || HasKeys(items.front(), {"rule"}))
             ? kNamed
             : kNo;
}

// Every database's id in a list of texts.
std::vector<std::string> IdsOf(const std::vector<std::string>& texts) {
  std::vector<std::string> ids;
  for (const std::string& text : texts) {
    for (const std::string& id : VulnIdsIn(text)) AddUnique(ids, id);
  }
  return ids;
}

void SetPackage(model::Finding& finding, std::string_view ecosystem, const std::string& name,
                const std::string& version) {
  if (name.empty()) return;
  model::Package& package = finding.package.Make();
  package.name = name;
  package.version = version;
  package.type = model::PurlType(ecosystem);
  package.purl = model::MakePurl(ecosystem, name, version);
  package.path = finding.location.file;
}

// The versions that an advisory of the supply chain product calls safe, for this package or any.
std::string SafeVersions(const std::vector<io::NodeView>& fixes, const std::string& package) {
  std::vector<std::string> versions;
  for (const io::NodeView& fix : fixes) {
    if (HasKeys(fix, {"versionSpecifier"})) {
      if (Text(fix, "name") == package) AddUnique(versions, Text(fix, "versionSpecifier"));
      continue;
    }
    if (HasKeys(fix, {"package", "version"})) {
      if (Text(fix, "package") == package) AddUnique(versions, Text(fix, "version"));
      continue;
    }
    for (const auto& [name, version] : fix.Members()) {
      if (name == package) AddUnique(versions, ScalarText(version));
    }
  }
  return JoinText(versions, ", ");
}

void SetMetadata(model::Finding& finding, io::NodeView metadata) {
  model::Origin& origin = *finding.origin;
  AddCwes(finding, Texts(metadata, "cwe"));
  AddCwes(finding, Texts(metadata, "cwe_names"));
  for (const char* key : {"owasp", "technology", "owasp_names"}) {
    for (const std::string& tag : Texts(metadata, key)) AddUnique(origin.tags, tag);
  }
  origin.confidence = Text(metadata, "confidence");
  origin.impact = Text(metadata, "impact");
  origin.category = Text(metadata, "category");
  for (const std::string& url : Texts(metadata, "references")) AddUnique(finding.references, url);
  for (const char* key : {"source", "source-rule-url", "shortlink"}) {
    AddUnique(finding.references, Text(metadata, key));
  }
}

// A dependency finding: what the lock file has and what the advisory says of it.
void SetDependency(model::Finding& finding, io::NodeView sca, io::NodeView metadata) {
  finding.finding_class = model::FindingClass::kVuln;
  const io::NodeView found = At(sca, "dependency_match.found_dependency");
  SetPackage(finding, Text(found, "ecosystem"), Text(found, "package"), Text(found, "version"));
  if (const std::string lock_file = Text(sca, "dependency_match.lockfile"); !lock_file.empty()) {
    finding.package.Make().path = ReportPath(lock_file);
  }
  std::vector<std::string> ids = IdsOf(Texts(metadata, "sca-vuln-database-identifier"));
  for (const std::string& id : IdsOf(Texts(metadata, "references"))) AddUnique(ids, id);
  model::Vuln& vuln = finding.vuln.Make();
  if (ids.empty()) ids.push_back(Text(metadata, "sca-vuln-database-identifier"));
  SetVulnIds(vuln, std::move(ids));
  vuln.fixed_in = SafeVersions(Items(metadata, "sca-fix-versions"), Text(found, "package"));
  vuln.published = Text(metadata, "publish-date");
  AddUnique(finding.origin->tags, Flag(sca, "reachable") ? "reachable" : "unreachable");
}

// Secrets: the value is in the matched lines and may be in the message.
bool IsSecret(io::NodeView result, const model::Finding& finding) {
  const std::string state = Text(result, "extra.validation_state");
  if (!state.empty() && state != "NO_VALIDATOR") return true;
  if (finding.origin->category == "secrets") return true;
  return finding.check.find(".secrets.") != std::string::npos;
}

// A pattern variable of the rule with its matched text, which a message may quote.
std::string SecretOf(io::NodeView result) {
  for (const auto& [name, variable] : At(result, "extra.metavars").Members()) {
    const std::string lower = LowerAscii(name);
    for (const std::string_view word : {"secret", "token", "key", "password", "regex", "value"}) {
      if (lower.find(word) != std::string::npos) return Text(variable, "abstract_content");
    }
  }
  return Text(result, "extra.lines");
}

void SetPlace(model::Location& place, io::NodeView result) {
  place.file = ReportPath(Text(result, "path"));
  place.line = Integer(result, "start.line");
  place.column = Integer(result, "start.col");
  place.end_line = Integer(result, "end.line");
  place.end_column = Integer(result, "end.col");
}

model::Finding ReadResult(io::NodeView result) {
  const std::string rule = Text(result, "check_id");
  const io::NodeView extra = result.Get("extra");
  model::Finding finding = ScannerFinding(model::FindingClass::kLint, kTool, rule, rule);
  SetPlace(finding.location, result);
  finding.message = Text(extra, "message");
  finding.remediation = Text(extra, "fix");
  SetSeverity(finding, kTool, Text(extra, "severity"));
  SetMetadata(finding, extra.Get("metadata"));
  model::Origin& origin = *finding.origin;
  const std::string lines = Text(extra, "lines");
  const bool has_lines = !lines.empty() && lines != "requires login";
  if (const std::string print = Text(extra, "fingerprint"); print != "requires login") {
    origin.uid = print;
  }
  if (Flag(extra, "is_ignored")) origin.state = "risk_accepted";
  if (extra.Get("sca_info").IsMap())
    SetDependency(finding, extra.Get("sca_info"), extra.Get("metadata"));
  if (IsSecret(result, finding)) {
    finding.finding_class = model::FindingClass::kSecret;
    const std::string secret = SecretOf(result);
    if (has_lines || secret != lines) origin.snippet_hash = SecretHash(secret);
    finding.message = WithoutSecret(finding.message, secret);
    finding.remediation = WithoutSecret(finding.remediation, secret);
    AddUnique(origin.tags, LowerAscii(Text(extra, "validation_state")));
  } else if (has_lines) {
    origin.snippet_hash = CodeHash(lines);
    if (!IsAboutSecrets(rule, origin.cwes)) {
      origin.description = fmt::format("{}\n\nSource: {}", finding.message, TrimSpace(lines));
    }
  }
  return finding;
}

// What the scan could not examine: the report says so, and so must we.
void AddErrors(const std::vector<io::NodeView>& errors, Sink& sink) {
  for (const io::NodeView& error : errors) {
    const std::vector<io::NodeView> spans = Items(error, "spans");
    model::Problem problem =
        ScannerProblem(ErrorCode::kRemote, ReportPath(Text(error, "path")),
                       spans.empty() ? 0 : Integer(spans.front(), "start.line"),
                       fmt::format("semgrep could not examine this: {}",
                                   FirstLine(FirstText(error, {"message", "long_msg", "type"}))));
    problem.warning = Text(error, "level") == "warn";
    sink.AddProblem(std::move(problem));
  }
}

Status ReadCommandLine(io::NodeView json, Sink& sink) {
  OURO_TRY(const std::vector<io::NodeView> results, ListOf(json, "results"));
  sink.Begin({std::string(kTool), Text(json, "version"), "", ""});
  AddErrors(Items(json, "errors"), sink);
  FindingFolder folder;
  for (const io::NodeView& result : results) {
    model::Finding finding = ReadResult(result);
    finding.origin->tool_version = Text(json, "version");
    const std::string key =
        fmt::format("{}\n{}\n{}:{}\n{}\n{}", finding.check, finding.location.file,
                    finding.location.line, finding.location.end_line, finding.location.column,
                    finding.package ? finding.package->purl : finding.origin->uid);
    folder.Add(key, std::move(finding));
  }
  folder.Flush(sink);
  return {};
}

// Words of the platform for what people decided.
std::string StateOf(std::string_view status, std::string_view reason) {
  if (EqualsIgnoreCase(status, "fixed") || EqualsIgnoreCase(status, "closed")) return "fixed";
  if (EqualsIgnoreCase(reason, "false_positive")) return "false_positive";
  if (EqualsIgnoreCase(reason, "acceptable_risk") || EqualsIgnoreCase(reason, "no_time")) {
    return "risk_accepted";
  }
  if (EqualsIgnoreCase(status, "ignored") || EqualsIgnoreCase(status, "dismissed") ||
      EqualsIgnoreCase(status, "muted")) {
    return "risk_accepted";
  }
  return {};
}

model::Finding ReadAdvisory(io::NodeView item) {
  const io::NodeView advisory = item.Get("advisory");
  const io::NodeView place = item.Get("dependencyFileLocation");
  model::Finding finding = ScannerFinding(model::FindingClass::kVuln, kTool,
                                          Text(advisory, "ruleId"), Text(item, "title"));
  SetSeverity(finding, kTool, Text(advisory, "severity"));
  finding.message = Text(advisory, "description");
  finding.location.file = ReportPath(Text(place, "path"));
  finding.location.line = Integer(place, "startLine");
  finding.references = Texts(advisory, "references.urls");
  const std::string name = Text(item, "matchedDependency.name");
  // The rule names the ecosystem of its first package, the lock file that of the one that was
  // found.
  std::string ecosystem = Text(advisory, "ecosystem");
  if (const std::string_view file = finding.location.file;
      file.find("requirements") != std::string_view::npos || EndsWith(file, "poetry.lock")) {
    ecosystem = "pypi";
  }
  SetPackage(finding, ecosystem, name, Text(item, "matchedDependency.versionSpecifier"));
  model::Vuln& vuln = finding.vuln.Make();
  std::vector<std::string> ids = Texts(advisory, "references.cveIds");
  for (const std::string& id : IdsOf(finding.references)) AddUnique(ids, id);
  SetVulnIds(vuln, std::move(ids));
  vuln.fixed_in = Text(item, "closestSafeDependency.versionSpecifier");
  vuln.published = Text(advisory, "announcedAt");
  if (!vuln.fixed_in.empty()) {
    finding.remediation = fmt::format("Upgrade {} to {}", name, vuln.fixed_in);
  }
  model::Origin& origin = *finding.origin;
  AddCwes(finding, Texts(advisory, "references.cweIds"));
  origin.description = Text(advisory, "reachableIf");
  AddUnique(origin.tags, LowerAscii(Text(item, "exposureType")));
  AddUnique(origin.tags, LowerAscii(Text(item, "transitivity")));
  origin.uid = Text(item, "groupKey");
  origin.state = StateOf(Text(item, "triage.status"), Text(item, "triage.dismissReason"));
  finding.asset.Make().repository = Text(item, "repositoryName");
  return finding;
}

Status ReadAdvisories(io::NodeView json, Sink& sink) {
  OURO_TRY(const std::vector<io::NodeView> items, ListOf(json, "vulns"));
  sink.Begin({std::string(kTool), "", "", ""});
  for (const io::NodeView& item : items) sink.Add(ReadAdvisory(item));
  if (Flag(json, "hasMore")) {
    sink.AddProblem(ScannerWarning(ErrorCode::kLimit, "",
                                   "the report is one page of several (hasMore); import the other "
                                   "pages as well"));
  }
  return {};
}

void SetPlatformDependency(model::Finding& finding, io::NodeView item) {
  finding.finding_class = model::FindingClass::kVuln;
  const io::NodeView found = item.Get("found_dependency");
  const std::string name = Text(found, "package");
  SetPackage(finding, Text(found, "ecosystem"), name, Text(found, "version"));
  model::Vuln& vuln = finding.vuln.Make();
  SetVulnIds(vuln, Texts(item, "vulnerability_identifier"));
  vuln.fixed_in = SafeVersions(Items(item, "fix_recommendations"), name);
  vuln.epss = Number(item, "epss_score.score").value_or(-1);
  vuln.epss_percentile = Number(item, "epss_score.percentile").value_or(-1);
  AddUnique(finding.origin->tags, LowerAscii(Text(item, "reachability")));
}

model::Finding ReadPlatformFinding(io::NodeView item) {
  const std::string rule = FirstText(item, {"rule_name", "rule.name"});
  model::Finding finding = ScannerFinding(model::FindingClass::kLint, kTool, rule, rule);
  finding.message = FirstText(item, {"rule_message", "rule.message"});
  SetSeverity(finding, kTool, Text(item, "severity"));
  finding.location.file = ReportPath(Text(item, "location.file_path"));
  finding.location.line = Integer(item, "location.line");
  finding.location.column = Integer(item, "location.column");
  finding.location.end_line = Integer(item, "location.end_line");
  finding.location.end_column = Integer(item, "location.end_column");
  SetMetadata(finding, item.Get("rule"));
  model::Origin& origin = *finding.origin;
  origin.uid = FirstText(item, {"match_based_id", "id"});
  if (const std::string confidence = Text(item, "confidence"); !confidence.empty()) {
    origin.confidence = confidence;
  }
  const std::string status = FirstText(item, {"status", "state"});
  origin.state = StateOf(status == "unresolved" ? "" : status, Text(item, "triage_reason"));
  origin.description = Text(item, "triage_comment");
  finding.remediation =
      FirstText(item, {"assistant.guidance.instructions", "assistant.guidance.summary"});
  AddUnique(finding.references, Text(item, "line_of_code_url"));
  model::Asset& asset = finding.asset.Make();
  asset.repository = FirstText(item, {"repository.name", "repository"});
  asset.branch = Text(item, "ref");
  if (item.Get("found_dependency").IsMap()) SetPlatformDependency(finding, item);
  if (HasKeys(item, {"validation_state"})) finding.finding_class = model::FindingClass::kSecret;
  return finding;
}

Status ReadPlatform(io::NodeView json, Sink& sink) {
  OURO_TRY(const std::vector<io::NodeView> items, ListOf(json, "findings"));
  sink.Begin({std::string(kTool), "", "", ""});
  for (const io::NodeView& item : items) sink.Add(ReadPlatformFinding(item));
  return {};
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView json, JsonOf(input));
  if (json.Get("vulns")) return ReadAdvisories(json, sink);
  if (json.Get("findings")) return ReadPlatform(json, sink);
  return ReadCommandLine(json, sink);
}

}  // namespace

const Importer kSemgrep = {
    "semgrep",
    "Semgrep",
    "semgrep scan --json; findings and dependency findings of the platform's API",
    "one match of one rule at one place, or one vulnerable dependency of one lock file",
    Detect,
    Read};

}  // namespace ouro::ingest
