// Checkov: `checkov -o json` of every runner. One runner writes an object, several write a list of
// them; a run that examined nothing writes only the summary. Fields: checkov's Record (docs "Output
// formats").
#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"
#include "model/kinds.h"
#include "model/workload.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "checkov";

bool IsSummary(io::NodeView node) {
  return HasKeys(node, {"passed", "failed", "skipped", "parsing_errors"});
}

bool IsRunnerReport(io::NodeView node) {
  return HasKeys(node, {"check_type", "results"}) || Text(node, "summary.checkov_version") != "";
}

std::vector<io::NodeView> RunnerReports(const ReportInput& input) {
  std::vector<io::NodeView> reports;
  for (const io::NodeView& value : input.values()) {
    if (value.IsList()) {
      for (const io::NodeView& item : value.Children()) reports.push_back(item);
    } else {
      reports.push_back(value);
    }
  }
  return reports;
}

int Detect(const ReportInput& input) {
  const std::vector<io::NodeView> reports = RunnerReports(input);
  if (reports.empty()) return kNo;
  const io::NodeView first = reports.front();
  if (!Text(first, "summary.checkov_version").empty()) return kNamed;
  if (IsSummary(first) && !Text(first, "checkov_version").empty()) return kNamed;
  if (HasKeys(first, {"check_type", "results"}) && At(first, "results.failed_checks")) return kSure;
  return IsRunnerReport(first) ? kGuess : kNo;
}

bool IsKubernetes(std::string_view check_type) {
  return check_type == "kubernetes" || check_type == "helm" || check_type == "kustomize";
}

// "Kind.namespace.name", where the name may hold dots. Checkov writes namespace "default" where
// none is written, for cluster-scoped kinds too.
struct ObjectName {
  std::string kind;
  std::string namespace_name;
  std::string name;
};

ObjectName SplitObject(std::string_view text) {
  ObjectName object;
  const size_t first = text.find('.');
  object.kind = std::string(text.substr(0, first));
  if (first == std::string_view::npos) return object;
  text.remove_prefix(first + 1);
  const size_t second = text.find('.');
  if (second == std::string_view::npos) {
    object.name = std::string(text);
    return object;
  }
  object.namespace_name = std::string(text.substr(0, second));
  object.name = std::string(text.substr(second + 1));
  if (model::IsClusterScoped(object.kind)) object.namespace_name.clear();
  return object;
}

// The workloads that the checks of single objects name: graph checks (CKV2_…) call a pod template
// "Pod.<namespace>.<workload>.<labels>", which is not an object of its own.
class Workloads {
 public:
  void Note(io::NodeView check) {
    if (StartsWith(Text(check, "check_id"), "CKV2_")) return;
    const ObjectName object = SplitObject(Text(check, "resource"));
    if (model::FindWorkload(model::ApiVersionOfKind(object.kind), object.kind).empty()) return;
    kinds_.emplace(Key(check, object.namespace_name, object.name), object.kind);
  }
  ObjectName Resolve(io::NodeView check, ObjectName object) const {
    if (object.kind != "Pod") return object;
    for (std::string name = object.name; !name.empty();) {
      const auto owner = kinds_.find(Key(check, object.namespace_name, name));
      if (owner != kinds_.end()) return {owner->second, object.namespace_name, name};
      const size_t dot = name.rfind('.');
      name.resize(dot == std::string::npos ? 0 : dot);
    }
    return object;
  }

 private:
  using KeyType = std::array<std::string, 3>;
  static KeyType Key(io::NodeView check, std::string namespace_name, std::string name) {
    return {Text(check, "file_path"), std::move(namespace_name), std::move(name)};
  }
  std::map<KeyType, std::string> kinds_;
};

// The manifest that a check quotes, when it quotes one: list of [line number, text].
std::string QuotedManifest(io::NodeView check) {
  std::string text;
  for (const io::NodeView& line : Items(check, "code_block")) {
    const std::vector<io::NodeView> parts = line.Children();
    if (parts.size() != 2) return {};
    text += ScalarText(parts[1]);
    if (text.empty() || text.back() != '\n') text += '\n';
  }
  return text;
}

// Name of the container that the path means, read from the quoted manifest.
std::string ContainerOfCheck(io::NodeView check, std::string_view path) {
  const std::string manifest = QuotedManifest(check);
  if (manifest.empty() || path.find("ontainers") == std::string_view::npos) return {};
  io::KeyTable keys;
  io::Tree tree;
  io::ReadOptions options;
  options.keep_comments = false;
  if (!io::ReadYaml(manifest, options, keys, tree) || tree.roots().empty()) return {};
  return ContainerOfPath({tree, keys, tree.roots().front().node}, path);
}

void SetKubernetesObject(model::Finding& finding, io::NodeView check, const Workloads& workloads) {
  const ObjectName object = workloads.Resolve(check, SplitObject(Text(check, "resource")));
  const std::vector<std::string> paths = Texts(check, "check_result.evaluated_keys");
  const std::string path = paths.empty() ? std::string() : paths.front();
  SetResource(finding, object.kind, object.namespace_name, object.name,
              ContainerOfCheck(check, path));
  if (path.find('/') != std::string::npos) finding.location.json_path = JsonPathOf(path);
}

// "aws_s3_bucket.logs", "module.net.aws_vpc.main", "AWS::S3::Bucket.Logs": type and name.
void SetCloudResource(model::Finding& finding, std::string_view resource) {
  const size_t dot = resource.rfind('.');
  if (dot == std::string_view::npos) {
    SetResource(finding, {}, {}, resource);
    return;
  }
  const std::string_view before = resource.substr(0, dot);
  const size_t start = before.rfind('.');
  if (start == std::string_view::npos) {
    SetResource(finding, before, {}, resource.substr(dot + 1));
    return;
  }
  SetResource(finding, before.substr(start + 1), {},
              fmt::format("{}.{}", before.substr(0, start), resource.substr(dot + 1)));
}

void SetVulnerability(model::Finding& finding, io::NodeView details) {
  std::string id = FirstText(details, {"id", "cveId", "cve"});
  if (id.empty()) return;
  finding.check = fmt::format("{}:{}", kTool, id);
  SetVulnIds(finding.vuln.Make(), {id});
  SetPackage(finding, FirstText(details, {"package_type", "packageType"}),
             FirstText(details, {"package_name", "packageName"}),
             FirstText(details, {"package_version", "packageVersion"}));
  AddCvss(*finding.vuln, Text(details, "vector"), Number(details, "cvss").value_or(-1), "");
  std::vector<std::string> fixed = Texts(details, "fixed_versions");
  if (const std::string lowest = Text(details, "lowest_fixed_version"); !lowest.empty()) {
    fixed.assign(1, lowest);
  }
  SetFixedIn(finding, fixed);
  finding.vuln->published = FirstText(details, {"published_date", "publishedDate"});
  finding.origin->description = Text(details, "description");
  AddReference(finding, Text(details, "link"));
  if (finding.package) {
    finding.title = VulnTitle(id, finding.package->name, finding.package->version);
  }
}

model::FindingClass ClassOf(std::string_view check_type, io::NodeView check) {
  using model::FindingClass;
  if (check_type == "secrets") return FindingClass::kSecret;
  if (check_type == "sast" || StartsWith(check_type, "sast_")) return FindingClass::kLint;
  if (StartsWith(Text(check, "check_id"), "BC_LIC")) return FindingClass::kLicence;
  if (check.Get("vulnerability_details").IsMap() && StartsWith(check_type, "sca_")) {
    return FindingClass::kVuln;
  }
  return FindingClass::kMisconfig;
}

// Checkov names files relative to the folder that it scanned, with a '/' before them.
std::string FileOf(io::NodeView check) {
  std::string file = LocationPath(Text(check, "file_path"));
  const std::string whole = LocationPath(Text(check, "file_abs_path"));
  if (StartsWith(file, "/") && file != whole && EndsWith(whole, file)) file.erase(0, 1);
  return file;
}

void SetPlace(model::Finding& finding, io::NodeView check) {
  finding.location.file = FileOf(check);
  const std::vector<io::NodeView> lines = Items(check, "file_line_range");
  if (lines.size() != 2) return;
  finding.location.line = ParseInt64(ScalarText(lines[0])).value_or(0);
  finding.location.end_line = ParseInt64(ScalarText(lines[1])).value_or(0);
}

void SetSubject(model::Finding& finding, std::string_view check_type, io::NodeView check,
                const Workloads& workloads) {
  const std::string resource = Text(check, "resource");
  if (finding.finding_class == model::FindingClass::kSecret) {
    // The resource of a secret is a hash of its value without a key.
    finding.origin->snippet_hash = SecretHash(resource);
  } else if (IsKubernetes(check_type)) {
    SetKubernetesObject(finding, check, workloads);
  } else if (check_type == "dockerfile" || StartsWith(check_type, "sca_")) {
    finding.origin->service = resource;
  } else if (StartsWith(check_type, "terraform") || check_type == "cloudformation" ||
             check_type == "arm" || check_type == "bicep" || check_type == "serverless") {
    SetCloudResource(finding, resource);
  } else {
    finding.origin->service = resource;
  }
}

model::Finding ReadCheck(std::string_view check_type, std::string_view version, io::NodeView check,
                         const Workloads& workloads) {
  model::Finding finding =
      NewFinding(ClassOf(check_type, check), kTool, version, Text(check, "check_id"));
  finding.title = FirstText(check, {"check_name", "check_id"});
  const std::string severity = Text(check, "severity");
  if (severity.empty()) {
    SetSeverityAs(finding, kTool, {}, model::Severity::kMedium);
  } else {
    SetSeverity(finding, kTool, severity);
  }
  finding.message = FirstText(check, {"short_description", "check_name"});
  for (const std::string& detail : Texts(check, "details")) AddLine(finding.message, detail);
  AddReference(finding, Text(check, "guideline"));
  finding.origin->category = Text(check, "bc_category");
  AddTag(finding, check_type);
  AddTag(finding, Text(check, "bc_check_id"));
  std::string& description = finding.origin->description;
  AddLine(description, Text(check, "description"));
  AddFact(description, "Check Type", check_type);
  AddFact(description, "Check Id", Text(check, "check_id"));
  AddFact(description, "Resource",
          finding.finding_class == model::FindingClass::kSecret ? "" : Text(check, "resource"));
  SetPlace(finding, check);
  SetSubject(finding, check_type, check, workloads);
  if (finding.finding_class == model::FindingClass::kVuln) {
    SetVulnerability(finding, check.Get("vulnerability_details"));
  }
  return finding;
}

void ReadRunner(const ReportInput& input, io::NodeView report, Sink& sink) {
  const std::string check_type = Text(report, "check_type");
  const std::string version = Text(report, "summary.checkov_version");
  const io::NodeView results = report.Get("results");
  Workloads workloads;
  if (IsKubernetes(check_type)) {
    for (const std::string_view list : {"failed_checks", "passed_checks", "skipped_checks"}) {
      for (const io::NodeView& check : Items(results, list)) workloads.Note(check);
    }
  }
  for (const io::NodeView& check : Items(results, "failed_checks")) {
    if (Text(check, "check_id").empty()) {
      AddEntryProblem(sink, input, check, "a failed check without check_id is left out");
      continue;
    }
    sink.Add(ReadCheck(check_type, version, check, workloads));
  }
  for (const io::NodeView& check : Items(results, "skipped_checks")) {
    model::Finding finding = ReadCheck(check_type, version, check, workloads);
    finding.origin->state = "risk_accepted";
    AddFact(finding.origin->description, "Suppressed",
            Text(check, "check_result.suppress_comment"));
    sink.Add(std::move(finding));
  }
  const int64_t listed = static_cast<int64_t>(Items(results, "passed_checks").size());
  sink.AddPassed(std::max(listed, Integer(report, "summary.passed")));
  for (const std::string& file : Texts(results, "parsing_errors")) {
    AddNotExamined(sink, input, results.Get("parsing_errors"),
                   fmt::format("checkov could not parse {}, so it was not examined", file));
  }
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY_STATUS(JsonValues(input));
  const std::vector<io::NodeView> reports = RunnerReports(input);
  for (const io::NodeView& report : reports) {
    if (!report.IsMap()) return MissingPart(report, "check_type");
    const io::NodeView results = report.Get("results");
    if (results && !results.IsMap()) return MissingPart(report, "results");
    if (!results && !IsSummary(report)) return MissingPart(report, "results");
  }
  ReportFacts facts;
  facts.tool = kTool;
  if (!reports.empty()) {
    facts.tool_version = FirstText(reports.front(), {"summary.checkov_version", "checkov_version"});
  }
  sink.Begin(facts);
  for (const io::NodeView& report : reports) {
    if (report.Get("results")) ReadRunner(input, report, sink);
  }
  return {};
}

}  // namespace

const Importer kCheckov = {"checkov",
                           "Checkov",
                           "checkov --output json, of one runner or several",
                           "one failed check of one resource",
                           Detect,
                           Read};

}  // namespace ouro::ingest
