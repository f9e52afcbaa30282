// OCSF 1.x findings (schema.ocsf.io): Vulnerability 2002, Compliance 2003, Detection 2004,
// Application Security Posture 2007, and the older Security Finding 2001. One object, a list, or
// one a line.
#include <array>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/sarif_tools.h"
#include "ingest/formats/vuln_shared.h"

namespace ouro::ingest {
namespace {

using model::Finding;
using model::FindingClass;

constexpr int64_t kSecurityFinding = 2001;
constexpr int64_t kVulnerabilityFinding = 2002;
constexpr int64_t kComplianceFinding = 2003;
constexpr int64_t kDetectionFinding = 2004;
constexpr int64_t kPostureFinding = 2007;

bool IsFindingClass(int64_t uid) {
  return uid == kSecurityFinding || uid == kVulnerabilityFinding || uid == kComplianceFinding ||
         uid == kDetectionFinding || uid == kPostureFinding;
}

bool IsEvent(io::NodeView node) {
  return IsFindingClass(Integer(node, "class_uid")) && node.Get("metadata").IsMap();
}

std::vector<io::NodeView> EventsOf(const std::vector<io::NodeView>& values) {
  std::vector<io::NodeView> events;
  for (const io::NodeView& value : values) {
    if (value.IsMap()) events.push_back(value);
    for (const io::NodeView& node : value.IsList() ? value.Children() : std::vector<io::NodeView>())
      events.push_back(node);
  }
  return events;
}

int Detect(const ReportInput& input) {
  const std::vector<io::NodeView> events = EventsOf({input.json()});
  return !events.empty() && IsEvent(events.front()) ? kSure : kNo;
}

// severity_id of the base event (dictionary: 1 informational … 5 critical, 6 fatal).
std::string SeverityWord(io::NodeView event) {
  std::string word = Text(event, "severity");
  if (!word.empty() && word != "Unknown" && word != "Other") return word;
  static constexpr std::array<std::string_view, 7> kWords = {
      "unknown", "informational", "low", "medium", "high", "critical", "critical"};
  const int64_t id = Integer(event, "severity_id");
  return std::string(id >= 0 && id < 7 ? kWords[static_cast<size_t>(id)] : kWords[0]);
}

// status_id of findings: 3 suppressed, 4 resolved; verdict_id 1 false positive, 3 disregard, 10
// duplicate.
void SetStatus(Finding& finding, io::NodeView event) {
  const int64_t status = Integer(event, "status_id");
  const int64_t verdict = Integer(event, "verdict_id");
  const std::string comment = Text(event, "comment");
  if (verdict == 1) {
    SetState(finding, "false_positive", comment);
  } else if (verdict == 10) {
    SetState(finding, "duplicate", comment);
  } else if (status == 4) {
    SetState(finding, "fixed", comment);
  } else if (status == 3 || verdict == 3) {
    SetState(finding, "risk_accepted", comment);
  }
}

void SetResourceOf(Finding& finding, io::NodeView event) {
  std::vector<io::NodeView> resources = Items(event, "resources");
  if (resources.empty() && event.Get("resource")) resources.push_back(event.Get("resource"));
  for (const io::NodeView& resource : resources) {
    const std::string_view kind = KubernetesKind(Text(resource, "type"));
    const std::string name = FirstText(resource, {"name", "uid"});
    if (!kind.empty()) {
      const Owner owner = OwnerOf(kind, name);
      SetResource(finding, owner.kind, Text(resource, "namespace"), owner.name);
    } else if (finding.origin->service.empty()) {
      finding.origin->service = name;
    }
    break;
  }
  const std::string cluster = FirstText(event, {"container_cluster.name", "cluster.name"});
  const std::string host = FirstText(event, {"device.hostname", "device.ip"});
  if (cluster.empty() && host.empty()) return;
  finding.asset.Make().cluster = cluster;
  finding.asset->host = host;
}

void SetCommon(Finding& finding, io::NodeView event, const std::string& tool) {
  io::NodeView info = event.Get("finding_info");
  if (!info) info = event.Get("finding");
  model::Origin& origin = *finding.origin;
  if (finding.title.empty()) finding.title = OneLine(Text(info, "title"));
  origin.uid = Text(info, "uid");
  if (origin.description.empty()) origin.description = Text(info, "desc");
  if (finding.message.empty()) finding.message = FirstText(event, {"status_detail", "message"});
  if (finding.message.empty()) finding.message = OneLine(origin.description, 500);
  if (finding.title.empty()) finding.title = OneLine(finding.message);
  if (finding.remediation.empty()) finding.remediation = Text(event, "remediation.desc");
  AddReferences(finding, Texts(event, "remediation.references"));
  AddReference(finding, Text(info, "src_url"));
  for (const std::string& type : Texts(info, "types")) AddTag(finding, type);
  origin.confidence = Text(event, "confidence");
  origin.impact = FirstText(event, {"impact", "risk_details"});
  SetSeverity(finding, tool, SeverityWord(event));
  SetResourceOf(finding, event);
  SetStatus(finding, event);
}

void SetPackageOf(Finding& finding, io::NodeView vulnerability) {
  for (const std::string_view list : {"affected_packages", "packages"}) {
    for (const io::NodeView& package : Items(vulnerability, list)) {
      SetPackagePurl(finding, Text(package, "purl"));
      SetPackage(finding, FirstText(package, {"package_manager", "type"}), Text(package, "name"),
                 Text(package, "version"));
      if (finding.package) finding.package->path = LocationPath(Text(package, "path"));
      SetFixedIn(finding, {Text(package, "fixed_in_version")});
      if (const std::string text = Text(package, "remediation.desc"); !text.empty())
        finding.remediation = text;
      return;
    }
  }
}

// One vulnerability of the list, in the words of its CVE or advisory object.
Finding ReadVulnerability(io::NodeView event, io::NodeView node, const std::string& tool,
                          const std::string& version) {
  std::vector<std::string> ids = {FirstText(node, {"cve.uid", "advisory.uid", "uid"})};
  if (const std::string advisory = Text(node, "advisory.uid"); !VulnIdsIn(advisory).empty())
    ids.push_back(advisory);
  Finding finding = NewVulnFinding(tool, version, ids);
  SetPackageOf(finding, node);
  finding.origin->description = FirstText(node, {"desc", "cve.desc"});
  finding.message = OneLine(finding.origin->description, 500);
  const std::string name = finding.package ? finding.package->name : "";
  finding.title = FirstText(node, {"title", "cve.title"});
  if (finding.title.empty())
    finding.title =
        VulnTitle(finding.vuln->id, name, finding.package ? finding.package->version : "");
  for (const io::NodeView& rating : Items(node, "cve.cvss")) {
    AddCvss(*finding.vuln, Text(rating, "vector_string"), Number(rating, "base_score").value_or(-1),
            FirstText(rating, {"src_url"}), Text(rating, "version"));
  }
  finding.vuln->epss = Number(node, "cve.epss.score").value_or(-1);
  finding.vuln->epss_percentile = Number(node, "cve.epss.percentile").value_or(-1);
  finding.vuln->kev = Flag(node, "is_exploit_available") && Flag(node, "cve.is_kev");
  for (const std::string_view path : {"cwe.uid", "cve.cwe.uid", "cve.cwe_uid"})
    AddCwes(finding, Text(node, path));
  AddReferences(finding, Texts(node, "references"));
  finding.remediation = Text(node, "remediation.desc");
  for (const io::NodeView& code : Items(node, "affected_code")) {
    finding.location.file = LocationPath(Text(code, "file.path"));
    finding.location.line = Integer(code, "start_line");
    finding.location.end_line = Integer(code, "end_line");
    break;
  }
  SetCommon(finding, event, tool);
  if (const std::string word = Text(node, "severity"); !word.empty())
    SetSeverity(finding, tool, word);
  return finding;
}

void AddCompliance(io::NodeView event, const std::string& tool, const std::string& version,
                   Sink& sink) {
  const io::NodeView compliance = event.Get("compliance");
  const std::string status = LowerAscii(FirstText(compliance, {"status"}));
  const std::string code = LowerAscii(Text(event, "status_code"));
  if (status == "pass" || Integer(compliance, "status_id") == 1 ||
      (status.empty() && code == "pass")) {
    return sink.AddPassed(1);
  }
  const std::string rule = FirstText(compliance, {"control", "checks", "requirements"});
  const std::vector<std::string> standards = Texts(compliance, "standards");
  std::string id = FirstText(
      event, {"metadata.event_code", "finding_info.analytic.uid", "finding_info.product_uid"});
  if (id.empty()) id = rule.empty() ? Text(event, "finding_info.uid") : rule;
  Finding finding = NewFinding(FindingClass::kBench, tool, version, id);
  finding.origin->category = JoinText(standards, ", ");
  for (const std::string& requirement : Texts(compliance, "requirements"))
    AddTag(finding, requirement);
  SetCommon(finding, event, tool);
  sink.Add(std::move(finding));
}

void AddDetection(io::NodeView event, const std::string& tool, const std::string& version,
                  Sink& sink) {
  std::string rule = FirstText(
      event, {"finding_info.analytic.uid", "finding_info.analytic.name", "rule.uid", "rule.name"});
  if (rule.empty()) rule = FirstText(event, {"finding_info.title", "finding.title"});
  Finding finding = NewFinding(FindingClass::kRuntime, tool, version, OneLine(rule, 120));
  finding.stage = "runtime";
  finding.origin->category = FirstText(event, {"finding_info.analytic.category"});
  finding.origin->occurrences = std::max<int64_t>(1, Integer(event, "count", 1));
  SetCommon(finding, event, tool);
  sink.Add(std::move(finding));
}

// A weakness of an application that is no vulnerability of a package.
void AddPosture(io::NodeView event, const std::string& tool, const std::string& version,
                Sink& sink) {
  const std::string rule = FirstText(
      event, {"finding_info.analytic.uid", "finding_info.analytic.name", "finding_info.title"});
  Finding finding = NewFinding(FindingClass::kLint, tool, version, OneLine(rule, 120));
  finding.origin->service = FirstText(event, {"application.name"});
  SetCommon(finding, event, tool);
  sink.Add(std::move(finding));
}

void AddEvent(io::NodeView event, Sink& sink) {
  const SarifDriver driver = DriverOf(Text(event, "metadata.product.name"));
  const std::string version = Text(event, "metadata.product.version");
  const int64_t uid = Integer(event, "class_uid");
  const std::vector<io::NodeView> vulnerabilities = Items(event, "vulnerabilities");
  for (const io::NodeView& node : vulnerabilities)
    sink.Add(ReadVulnerability(event, node, driver.prefix, version));
  if (!vulnerabilities.empty()) return;
  if (uid == kComplianceFinding) return AddCompliance(event, driver.prefix, version, sink);
  if (uid == kPostureFinding || uid == kVulnerabilityFinding)
    return AddPosture(event, driver.prefix, version, sink);
  AddDetection(event, driver.prefix, version, sink);
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const std::vector<io::NodeView> values, JsonValues(input));
  const std::vector<io::NodeView> events = EventsOf(values);
  if (!events.empty() && !IsEvent(events.front()))
    return MissingPart(events.front(), "\"class_uid\" of a finding");
  const io::NodeView first = events.empty() ? io::NodeView() : events.front();
  sink.Begin({events.empty() ? "ocsf" : DriverOf(Text(first, "metadata.product.name")).prefix,
              Text(first, "metadata.product.version"),
              {},
              Text(first, "time_dt")});
  for (const io::NodeView& event : events) {
    if (IsEvent(event)) {
      AddEvent(event, sink);
      continue;
    }
    model::Problem problem;
    problem.kind = "unsupported";
    problem.message = fmt::format("an event of class {} is no finding and was left out",
                                  Text(event, "class_uid"));
    sink.AddProblem(std::move(problem));
  }
  return {};
}

}  // namespace

const Importer kOcsf = {"ocsf",
                        "OCSF",
                        "OCSF findings: vulnerability, compliance, detection, application security",
                        "one finding, or one vulnerability of it",
                        Detect,
                        Read};

}  // namespace ouro::ingest
