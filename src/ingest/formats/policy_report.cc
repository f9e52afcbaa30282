#include "ingest/formats/policy_report.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "fmt/format.h"
#include "model/purl.h"

namespace ouro::ingest {
namespace {

struct SourceName {
  std::string_view source;
  std::string_view tool;
};

// Sources whose checks have a prefix of their own here.
constexpr auto kSources = std::to_array<SourceName>({
    {"kube-bench", "kubebench"},
    {"Trivy ConfigAudit", "trivy"},
    {"Trivy Vulnerability", "trivy"},
    {"Trivy RbacAssessment", "trivy"},
    {"Trivy ExposedSecrets", "trivy"},
    {"Trivy InfraAssessment", "trivy"},
    {"Trivy CIS Kube Bench", "trivy"},
    {"ValidatingAdmissionPolicy", "vap"},
});

std::string ToolOf(std::string_view source, std::string_view otherwise) {
  for (const SourceName& known : kSources) {
    if (EqualsIgnoreCase(known.source, source)) return std::string(known.tool);
  }
  std::string tool = RuleOfTitle(source);
  return tool.empty() ? std::string(otherwise) : tool;
}

// A result with what it stands in.
struct Entry {
  io::NodeView report;
  io::NodeView result;
  std::string tool;
  std::string status;  // fail, warn, error
  bool live = false;
};

bool IsVulnId(std::string_view policy) {
  return StartsWith(policy, "CVE-") || StartsWith(policy, "GHSA-");
}

model::FindingClass ClassOf(const Entry& entry, std::string_view policy) {
  using model::FindingClass;
  if (IsVulnId(policy)) return FindingClass::kVuln;
  if (entry.tool == "kubebench") return FindingClass::kBench;
  if (entry.tool == "falco") return FindingClass::kRuntime;
  const std::string source = Text(entry.result, "source");
  if (ContainsIgnoreCase(source, "secret")) return FindingClass::kSecret;
  return ContainsIgnoreCase(source, "rbac") ? FindingClass::kRbac : FindingClass::kMisconfig;
}

// Rules that Kyverno derives for controllers of pods are the rule of the pod.
std::string RuleOf(std::string rule) {
  for (const std::string_view prefix : {"autogen-cronjob-", "autogen-"}) {
    if (StartsWith(rule, prefix)) return rule.substr(prefix.size());
  }
  return rule;
}

// Tools that number their rules are known by the number, whatever policy groups them.
bool NumbersRules(std::string_view tool) {
  return tool == "kubebench" || tool == "trivy";
}

std::string CheckOf(std::string_view tool, std::string_view policy, const std::string& rule) {
  if (NumbersRules(tool) && !rule.empty()) return rule;
  if (rule.empty() || rule == policy) return std::string(policy);
  return policy.empty() ? rule : fmt::format("{}/{}", policy, rule);
}

// "… rule x failed at path /spec/containers/0/securityContext/": the path as
// "$.spec.containers[0]…".
std::string PathIn(std::string_view message) {
  static constexpr std::string_view kMark = "at path /";
  const size_t at = message.find(kMark);
  if (at == std::string_view::npos) return {};
  std::string_view text = message.substr(at + kMark.size());
  text = text.substr(0, text.find_first_of(" ,;"));
  std::string path = "$";
  for (const std::string_view part : SplitText(text, '/')) {
    if (part.empty()) continue;
    if (ParseInt64(part)) {
      path += fmt::format("[{}]", part);
    } else {
      path += fmt::format(".{}", part);
    }
  }
  return path == "$" ? std::string() : path;
}

void SetResultSeverity(model::Finding& finding, const Entry& entry) {
  const std::string word = Text(entry.result, "severity");
  if (!word.empty()) {
    SetSeverity(finding, entry.tool, word);
    return;
  }
  const bool warn = entry.status == "warn";
  SetSeverityAs(finding, entry.tool, entry.status,
                warn ? model::Severity::kLow : model::Severity::kMedium);
}

// Facts of a vulnerability in the properties, as image scanners write them.
void SetPackageOf(model::Finding& finding, io::NodeView properties) {
  const std::string name = FirstText(properties, {"pkgName", "resource", "package"});
  const std::string version = FirstText(properties, {"installedVersion", "pkgVersion"});
  const std::string purl = FirstText(properties, {"pkgPURL", "packagePURL", "purl"});
  if (!purl.empty() && SetPackagePurl(finding, purl)) {
    finding.package->name = name.empty() ? finding.package->name : name;
  } else if (!name.empty()) {
    model::Package package;
    package.name = name;
    package.version = version;
    package.type = model::PurlType(Text(properties, "pkgType"));
    if (!package.type.empty()) package.purl = model::MakePurl(package.type, name, version);
    finding.package = std::move(package);
  }
  const std::string fixed = Text(properties, "fixedVersion");
  if (!fixed.empty()) finding.remediation = "Upgrade to version: " + fixed;
  if (finding.vuln && !fixed.empty()) {
    finding.vuln->fixed_in = fixed;
    finding.vuln->fix_state = "fixed";
  }
  if (finding.vuln) {
    AddCvss(*finding.vuln, Text(properties, "cvss"), Number(properties, "score").value_or(-1), "");
  }
}

std::string TitleOf(const std::string& policy, const model::Finding& finding) {
  if (finding.vuln) {
    const std::string name = finding.package ? finding.package->name : std::string();
    return name.empty() ? policy : fmt::format("{} in {}", policy, name);
  }
  if (finding.message.empty()) return policy;
  return fmt::format("{}: {}", policy, FirstLine(finding.message));
}

void SetSubject(model::Finding& finding, const Entry& entry, io::NodeView object) {
  std::string namespace_name = Text(object, "namespace");
  if (namespace_name.empty() && Text(object, "kind") != "Namespace") {
    namespace_name = Text(entry.report, "metadata.namespace");
  }
  const std::string container =
      FirstText(entry.result, {"properties.container", "properties.containerName"});
  SetResource(finding, Text(object, "kind"), namespace_name, Text(object, "name"),
              container.empty() ? ContainerNamedIn(finding.message) : container,
              Text(object, "apiVersion"));
  finding.origin->service =
      fmt::format("{}{}{}/{}", namespace_name, namespace_name.empty() ? "" : "/",
                  finding.resource.kind, finding.resource.name);
  AddTag(finding, finding.resource.kind);
}

model::Finding ReadResult(const Entry& entry, io::NodeView object) {
  const io::NodeView result = entry.result;
  std::string policy = Text(result, "policy");
  const std::string rule = RuleOf(Text(result, "rule"));
  if (IsVulnId(rule)) policy = rule;
  model::Finding finding =
      NewFinding(ClassOf(entry, policy), entry.tool, {}, CheckOf(entry.tool, policy, rule));
  SetResultSeverity(finding, entry);
  finding.message = FirstText(result, {"message", "description"});
  if (entry.live) finding.stage = kStageRuntime;
  if (entry.status == "error") finding.status = model::FindingStatus::kError;
  if (IsVulnId(policy)) {
    SetVulnIds(finding.vuln.Make(), {policy});
  }
  const io::NodeView properties = result.Get("properties");
  SetPackageOf(finding, properties);
  finding.title = TitleOf(policy, finding);
  finding.location.json_path = PathIn(finding.message);
  AddTag(finding, Text(result, "category"));
  AddTag(finding, Text(result, "source"));
  SetSubject(finding, entry, object);
  finding.origin->category = Text(result, "category");
  AddReference(finding, FirstText(properties, {"primaryURL", "primaryLink", "url"}));
  std::string& description = finding.origin->description;
  AddLine(description, finding.message);
  AddFact(description, "Category", finding.origin->category);
  AddFact(description, "Policy", policy);
  AddFact(description, "Rule", rule);
  AddFact(description, "Result", entry.status);
  AddFact(description, "Source", Text(result, "source"));
  for (const auto& [key, value] : properties.Members()) {
    AddFact(description, key, ScalarText(value));
  }
  return finding;
}

// Objects of a result: its own, else what the whole report is about.
std::vector<io::NodeView> ObjectsOf(const Entry& entry) {
  for (const std::string_view list : {"resources", "subjects"}) {
    std::vector<io::NodeView> objects = Items(entry.result, list);
    if (!objects.empty()) return objects;
  }
  return {entry.report.Get("scope")};
}

void ReadReport(io::NodeView report, std::string_view tool, Sink& sink) {
  Entry entry;
  entry.report = report;
  entry.live = !Text(report, "metadata.uid").empty() || !Text(report, "scope.uid").empty();
  int64_t passed = 0;
  for (const io::NodeView& result : Items(report, "results")) {
    entry.result = result;
    entry.tool = ToolOf(FirstText(result, {"source"}), tool);
    if (Text(result, "source").empty()) entry.tool = ToolOf(Text(report, "source"), tool);
    entry.status = LowerAscii(FirstText(result, {"result", "status"}));
    if (entry.status == "pass") ++passed;
    if (entry.status != "fail" && entry.status != "warn" && entry.status != "error") continue;
    for (const io::NodeView& object : ObjectsOf(entry)) {
      const bool live = entry.live;
      entry.live = live || !Text(object, "uid").empty();
      sink.Add(ReadResult(entry, object));
      entry.live = live;
    }
  }
  sink.AddPassed(std::max(passed, Integer(report, "summary.pass")));
}

}  // namespace

bool IsPolicyReport(io::NodeView document) {
  const std::string api = Text(document, "apiVersion");
  const std::string kind = Text(document, "kind");
  if (StartsWith(api, "wgpolicyk8s.io/")) return EndsWith(kind, "PolicyReport");
  if (StartsWith(api, "openreports.io/")) return kind == "Report" || kind == "ClusterReport";
  // Reports of Kyverno's own before they are put together.
  return StartsWith(api, "reports.kyverno.io/") || StartsWith(api, "kyverno.io/v1alpha2")
             ? kind == "EphemeralReport" || kind == "ClusterEphemeralReport" ||
                   EndsWith(kind, "AdmissionReport") || EndsWith(kind, "BackgroundScanReport")
             : false;
}

bool HoldsPolicyReport(const ReportInput& input) {
  if (!input.LooksLikeJson()) {
    if (input.LooksLikeXml()) return false;
    return HasYamlLine(input, "apiVersion", "wgpolicyk8s.io/") ||
           HasYamlLine(input, "apiVersion", "openreports.io/") ||
           HasYamlLine(input, "apiVersion", "reports.kyverno.io/");
  }
  const io::NodeView root = input.json();
  if (IsPolicyReport(root)) return true;
  std::vector<io::NodeView> items = root.IsList() ? root.Children() : Items(root, "items");
  return !items.empty() && IsPolicyReport(items.front());
}

Status ReadPolicyReports(const ReportInput& input, std::string_view tool, Sink& sink) {
  if (input.LooksLikeJson()) OURO_TRY_STATUS(JsonValues(input));
  OURO_TRY(const ReportDocuments reports, ReportDocuments::Read(input));
  if (reports.documents().empty() && !HoldsPolicyReport(input) && !input.json()) {
    return Fail(ErrorCode::kInvalid, "the report holds no document", "1:1");
  }
  ReportFacts facts;
  facts.tool = tool;
  for (const io::NodeView& report : reports.documents()) {
    if (!report.IsMap()) return MissingPart(report, "kind");
    if (facts.created.empty()) facts.created = Text(report, "metadata.creationTimestamp");
  }
  sink.Begin(facts);
  for (const io::NodeView& report : reports.documents()) {
    // Embedded reports of Kyverno keep the results in their specification.
    if (!report.Get("results") && report.Get("spec").Get("results")) {
      ReadReport(report.Get("spec"), tool, sink);
    } else if (IsPolicyReport(report)) {
      ReadReport(report, tool, sink);
    } else {
      AddEntryProblem(sink, input, report,
                      fmt::format("{} is no policy report and is left out", Text(report, "kind")));
    }
  }
  return {};
}

}  // namespace ouro::ingest
