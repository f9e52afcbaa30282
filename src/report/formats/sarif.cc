// SARIF 2.1.0 (OASIS Standard, 27 March 2020). What code scanning of GitHub makes of it decides the
// details: severity comes from the rule's security-severity, results beyond its limits are rejected
// or not shown ("SARIF support for code scanning" and "SARIF results exceed limit" of its
// documentation).
#include <algorithm>
#include <map>
#include <tuple>

#include "base/limits.h"
#include "fmt/format.h"
#include "report/formats/formats.h"
#include "report/json_text.h"
#include "report/words.h"

namespace ouro::report {
namespace {

constexpr std::string_view kSchemaUri =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
// GitHub keeps this many results of a run.
constexpr size_t kShownResultCount = 5'000;

std::string_view LevelOf(model::Severity severity) {
  if (severity >= model::Severity::kHigh) return "error";
  return severity == model::Severity::kMedium ? "warning" : "note";
}

// GitHub's bands: above 9.0 critical, 7.0 to 8.9 high, 4.0 to 6.9 medium, 0.1 to 3.9 low.
std::string_view SecuritySeverity(model::Severity severity) {
  switch (severity) {
    case model::Severity::kCritical:
      return "9.5";
    case model::Severity::kHigh:
      return "8.0";
    case model::Severity::kMedium:
      return "5.5";
    case model::Severity::kLow:
      return "2.0";
    case model::Severity::kInfo:
      return {};
  }
  return {};
}

// A path as a URI reference: everything but RFC 3986's unreserved characters and '/' is escaped,
// ':' too, because in a first segment it would read as a scheme.
std::string PercentEncoded(std::string_view path) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(path.size());
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~' || c == '/';
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

void AppendArtifact(std::string& out, std::string_view file) {
  JsonScope scope(out, '{');
  if (StartsWith(file, "/")) {
    scope.Text("uri", "file://" + PercentEncoded(file));
  } else {
    while (StartsWith(file, "./")) file.remove_prefix(2);
    scope.Text("uri", PercentEncoded(file));
    scope.Text("uriBaseId", "%SRCROOT%");
  }
  scope.End();
}

void AppendMessage(JsonScope& scope, std::string& out, std::string_view name,
                   std::string_view text) {
  scope.Next(name);
  JsonScope message(out, '{');
  message.Text("text", text);
  message.End();
}

// GitHub needs a line to show a result at, so what is about a whole file stands at its first line.
void AppendRegion(std::string& out, const model::Location& place) {
  JsonScope region(out, '{');
  region.Int("startLine", std::max<int64_t>(place.line, 1));
  if (place.column > 0) region.Int("startColumn", place.column);
  const bool ordered = place.end_line > place.line ||
                       (place.end_line == place.line && place.end_column >= place.column);
  if (place.column > 0 && place.end_column > 0 && ordered) {
    region.Int("endLine", place.end_line);
    region.Int("endColumn", place.end_column);
  }
  region.End();
}

void AppendPhysical(JsonScope& scope, std::string& out, const model::Location& place) {
  if (place.file.empty()) return;
  scope.Next("physicalLocation");
  JsonScope physical(out, '{');
  physical.Next("artifactLocation");
  AppendArtifact(out, place.file);
  physical.Next("region");
  AppendRegion(out, place);
  physical.End();
}

// One rule as the tool component describes it: what the library knows, or what a finding tells of a
// check that the library does not have.
struct RuleEntry {
  const model::RuleInfo* info = nullptr;
  const model::Finding* example = nullptr;
  model::Severity severity = model::Severity::kInfo;
  int64_t index = 0;
};

class SarifWriter {
 public:
  SarifWriter(const model::Report& report, std::string& out) : report_(report), out_(out) {
    ChooseResults();
    ChooseRules();
  }

  void Write() {
    out_.reserve(out_.size() + 4'096 + results_.size() * 1'000 + rules_.size() * 1'500);
    out_ += fmt::format("{{\"$schema\":\"{}\",\"version\":\"2.1.0\",\"runs\":[", kSchemaUri);
    JsonScope run(out_, '{');
    run.Next("tool");
    AppendTool();
    run.Next("invocations");
    AppendInvocation();
    run.Text("columnKind", "unicodeCodePoints");
    run.Next("originalUriBaseIds");
    out_ +=
        "{\"%SRCROOT%\":{\"description\":{\"text\":\"the folder in which ouro ran; in a pipeline "
        "the root "
        "of the repository\"}}}";
    run.Next("automationDetails");
    JsonScope automation(out_, '{');
    automation.Text("id", fmt::format("ouro/{}/{}/", report_.run.command, report_.run.profile));
    automation.End();
    run.Next("results");
    out_ += '[';
    for (size_t i = 0; i < results_.size(); ++i) {
      out_ += i == 0 ? "\n" : ",\n";
      AppendResult(*results_[i]);
    }
    out_ += ']';
    run.Next("properties");
    AppendRunProperties();
    run.End();
    out_ += "]}\n";
  }

 private:
  // Gravest first: what blocks, then by severity; suppressed findings last.
  static bool MoreImportant(const model::Finding* a, const model::Finding* b) {
    const auto rank = [](const model::Finding* f) {
      return std::make_tuple(IsSuppressed(*f), f->action != "block", -static_cast<int>(f->severity),
                             f);  // in report order among equals: all point into one vector
    };
    return rank(a) < rank(b);
  }

  void ChooseResults() {
    results_.reserve(report_.findings.size());
    for (const model::Finding& finding : report_.findings) {
      results_.push_back(&finding);
      has_baseline_ = has_baseline_ || IsBaseline(finding);
    }
    if (results_.size() <= kShownResultCount) return;
    std::sort(results_.begin(), results_.end(), MoreImportant);
    if (results_.size() > static_cast<size_t>(limits::kSarifResultCount)) {
      results_.resize(static_cast<size_t>(limits::kSarifResultCount));
    }
  }

  void ChooseRules() {
    for (const model::Finding* finding : results_) {
      RuleEntry& entry = rules_[finding->check];
      if (entry.example == nullptr) entry.example = finding;
      entry.severity = std::max(entry.severity, finding->severity);
    }
    for (const model::RuleInfo& info : report_.rules) {
      // Checks that found nothing are listed too, while there is room for them.
      const auto used = rules_.find(info.id);
      if (used == rules_.end() && rules_.size() >= static_cast<size_t>(limits::kSarifRuleCount))
        continue;
      RuleEntry& entry = used == rules_.end() ? rules_[info.id] : used->second;
      if (entry.example == nullptr) entry.severity = info.severity;
      entry.info = &info;
    }
    int64_t index = 0;
    for (auto& [id, entry] : rules_) entry.index = index++;
  }

  void AppendTool() {
    JsonScope tool(out_, '{');
    tool.Next("driver");
    JsonScope driver(out_, '{');
    driver.Text("name", "ouro");
    driver.Text("version", report_.run.ouro_version);
    driver.Next("rules");
    out_ += '[';
    for (const auto& [id, entry] : rules_) {
      out_ += entry.index == 0 ? "\n" : ",\n";
      AppendRule(id, entry);
    }
    out_ += ']';
    driver.End();
    tool.End();
  }

  void AppendRule(std::string_view id, const RuleEntry& entry) {
    const model::RuleInfo* info = entry.info;
    const model::Finding* example = entry.example;
    const std::string_view title =
        info != nullptr ? std::string_view(info->title) : TitleOf(*example);
    const std::string& remediation = info != nullptr ? info->remediation : example->remediation;
    const std::string& name = info != nullptr ? info->concept_name : example->concept_name;
    const auto& references = info != nullptr ? info->references : example->references;
    std::string_view description = info != nullptr ? std::string_view(info->description) : title;
    if (description.empty()) description = title;
    JsonScope rule(out_, '{');
    rule.Text("id", id);
    rule.TextIf("name", name);
    AppendMessage(rule, out_, "shortDescription", title.empty() ? id : title);
    AppendMessage(rule, out_, "fullDescription", description.empty() ? id : description);
    if (!references.empty() && StartsWith(references.front(), "http"))
      rule.Text("helpUri", references.front());
    AppendHelp(rule, description, remediation, references);
    rule.Next("defaultConfiguration");
    JsonScope configuration(out_, '{');
    configuration.Text("level", LevelOf(entry.severity));
    configuration.End();
    rule.Next("properties");
    AppendRuleProperties(entry);
    rule.End();
  }

  void AppendHelp(JsonScope& rule, std::string_view description, std::string_view remediation,
                  const std::vector<std::string>& references) {
    std::string text(description);
    std::string markdown(description);
    if (!remediation.empty()) {
      text += fmt::format("\n\nWhat to do: {}", remediation);
      markdown += fmt::format("\n\n**What to do:** {}", remediation);
    }
    for (size_t i = 0; i < references.size(); ++i) {
      text += fmt::format("{}{}", i == 0 ? "\n\nSee: " : "\n", references[i]);
      markdown += fmt::format("{}- <{}>", i == 0 ? "\n\n" : "\n", references[i]);
    }
    rule.Next("help");
    JsonScope help(out_, '{');
    help.Text("text", text);
    help.Text("markdown", markdown);
    help.End();
  }

  // GitHub takes the severity of an alert from the rule alone, so it is the gravest of its
  // findings.
  void AppendRuleProperties(const RuleEntry& entry) {
    std::vector<std::string> tags;
    const std::string_view score = SecuritySeverity(entry.severity);
    if (!score.empty()) tags.push_back("security");
    tags.push_back(std::string(entry.example != nullptr
                                   ? model::FindingClassName(entry.example->finding_class)
                                   : std::string_view("misconfig")));
    if (entry.info != nullptr) {
      for (const std::string& tag : entry.info->tags) {
        if (static_cast<int64_t>(tags.size()) >= limits::kSarifTagCount) break;
        const bool known = std::find(tags.begin(), tags.end(), tag) != tags.end();
        if (!tag.empty() && !known) tags.push_back(tag);
      }
    }
    JsonScope properties(out_, '{');
    properties.Texts("tags", tags);
    if (!score.empty()) properties.Text("security-severity", score);
    const std::string_view level = LevelOf(entry.severity);
    properties.Text("problem.severity", level == "note" ? "recommendation" : level);
    properties.Text("precision", "very-high");
    if (entry.info != nullptr && !entry.info->aliases.empty()) {
      properties.Texts("aliases", entry.info->aliases);
    }
    properties.End();
  }

  void AppendInvocation() {
    out_ += '[';
    JsonScope invocation(out_, '{');
    // A run that ended has succeeded as a run; what it could not examine is in the notifications.
    invocation.Bool("executionSuccessful", true);
    invocation.Int("exitCode", report_.decision.exit_code);
    invocation.TextIf("exitCodeDescription", report_.decision.sentence);
    invocation.TextIf("startTimeUtc", report_.run.started);
    invocation.Next("toolExecutionNotifications");
    JsonScope list(out_, '[');
    AppendLimitNotification(list);
    for (const model::Problem& problem : report_.problems) {
      list.Next();
      out_ += '\n';
      AppendNotification(problem);
    }
    list.End();
    invocation.End();
    out_ += ']';
  }

  void AppendLimitNotification(JsonScope& list) {
    const size_t all = report_.findings.size();
    if (all <= kShownResultCount) return;
    std::string text = fmt::format(
        "The run has {} findings, ordered here by importance. GitHub code scanning shows the first "
        "{}.",
        all, kShownResultCount);
    if (results_.size() < all) {
      text += fmt::format(
          " It rejects a file with more than {}, so the {} least important findings are left out "
          "of "
          "this file; --format json holds all.",
          limits::kSarifResultCount, all - results_.size());
    }
    list.Next();
    JsonScope notification(out_, '{');
    notification.Text("level", results_.size() < all ? "error" : "warning");
    AppendMessage(notification, out_, "message", text);
    AppendDescriptor(notification, "result-limit");
    notification.End();
  }

  void AppendDescriptor(JsonScope& notification, std::string_view id) {
    notification.Next("descriptor");
    JsonScope descriptor(out_, '{');
    descriptor.Text("id", id);
    descriptor.End();
  }

  void AppendNotification(const model::Problem& problem) {
    JsonScope notification(out_, '{');
    notification.Text("level", problem.warning ? "warning" : "error");
    std::string text = problem.warning ? "" : "not examined: ";
    if (!problem.object.empty()) text += problem.object + ": ";
    text += problem.message.empty() ? problem.kind : problem.message;
    AppendMessage(notification, out_, "message", text);
    AppendDescriptor(notification,
                     problem.kind.empty() ? "problem" : std::string_view(problem.kind));
    if (!problem.file.empty()) {
      model::Location place;
      place.file = problem.file;
      place.line = problem.line;
      place.column = problem.column;
      notification.Next("locations");
      out_ += '[';
      JsonScope location(out_, '{');
      AppendPhysical(location, out_, place);
      location.End();
      out_ += ']';
    }
    notification.End();
  }

  void AppendResult(const model::Finding& finding) {
    JsonScope result(out_, '{');
    result.Text("ruleId", finding.check);
    result.Int("ruleIndex", rules_.find(finding.check)->second.index);
    result.Text("level", LevelOf(finding.severity));
    AppendMessage(result, out_, "message",
                  finding.message.empty() ? TitleOf(finding) : std::string_view(finding.message));
    result.Next("locations");
    out_ += '[';
    AppendResultLocation(finding);
    out_ += ']';
    if (!finding.other_locations.empty()) AppendRelated(result, finding);
    result.Next("partialFingerprints");
    JsonScope fingerprints(out_, '{');
    fingerprints.Text("ouroFindingId/v1", finding.id);
    fingerprints.End();
    if (has_baseline_) result.Text("baselineState", IsBaseline(finding) ? "unchanged" : "new");
    if (finding.count > 1) result.Int("occurrenceCount", finding.count);
    if (IsSuppressed(finding)) AppendSuppression(result, finding);
    result.Next("properties");
    AppendResultProperties(finding);
    result.End();
  }

  void AppendResultLocation(const model::Finding& finding) {
    JsonScope location(out_, '{');
    AppendPhysical(location, out_, finding.location);
    std::string name = ObjectName(finding.resource);
    if (!name.empty()) {
      if (!finding.resource.container.empty()) name += "/" + finding.resource.container;
      location.Next("logicalLocations");
      out_ += '[';
      JsonScope logical(out_, '{');
      logical.Text("fullyQualifiedName", name);
      logical.Text("kind", "object");
      logical.End();
      out_ += ']';
    }
    location.End();
  }

  void AppendRelated(JsonScope& result, const model::Finding& finding) {
    result.Next("relatedLocations");
    JsonScope list(out_, '[');
    int64_t id = 0;
    for (const model::Location& place : finding.other_locations) {
      list.Next();
      JsonScope location(out_, '{');
      location.Int("id", ++id);
      AppendPhysical(location, out_, place);
      AppendMessage(location, out_, "message", "the same finding");
      location.End();
    }
    list.End();
  }

  void AppendSuppression(JsonScope& result, const model::Finding& finding) {
    const model::Suppression suppression = finding.suppressed.value_or(model::Suppression{});
    const bool external = suppression.by == "baseline" || StartsWith(suppression.by, "ouro.yaml");
    result.Next("suppressions");
    out_ += '[';
    JsonScope entry(out_, '{');
    entry.Text("kind", external ? "external" : "inSource");
    entry.Text("status", "accepted");
    entry.Text("justification", SuppressionText(finding));
    entry.End();
    out_ += ']';
  }

  void AppendResultProperties(const model::Finding& finding) {
    JsonScope properties(out_, '{');
    properties.Text("severity", model::SeverityName(finding.severity));
    properties.Text("status", model::FindingStatusName(finding.status));
    properties.TextIf("action", finding.action);
    properties.TextIf("jsonPath", finding.location.json_path);
    if (!finding.fix.empty()) properties.Text("fix", FixText(finding));
    properties.TextIf("firstSeen", finding.first_seen);
    properties.End();
  }

  void AppendRunProperties() {
    const model::Counts& counts = report_.counts;
    JsonScope properties(out_, '{');
    properties.Text("verdict", report_.decision.verdict);
    properties.Text("decision", report_.decision.sentence);
    properties.Int("files", counts.files);
    properties.Int("filesExamined", counts.files_examined);
    properties.Int("objects", counts.objects);
    properties.Int("objectsExamined", counts.objects_examined);
    properties.Int("notExamined", counts.not_examined);
    properties.End();
  }

  const model::Report& report_;
  std::string& out_;
  std::vector<const model::Finding*> results_;
  std::map<std::string_view, RuleEntry> rules_;  // by id; keys live in the report
  bool has_baseline_ = false;
};

}  // namespace

void WriteSarif(const model::Report& report, const ReportOptions&, std::string& out) {
  SarifWriter(report, out).Write();
}

}  // namespace ouro::report
