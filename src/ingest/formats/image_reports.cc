// Twistlock (Prisma Cloud Compute) JSON of twistcli, NeuVector scan and compliance reports of its
// API, and Sysdig's CSV reports. Sources: the products' documentation of these exports.
#include <array>
#include <cstdlib>
#include <utility>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/csv.h"
#include "ingest/field.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/scanner_shared.h"
#include "ingest/words.h"
#include "model/purl.h"

namespace ouro::ingest {
namespace {

int DetectTwistlock(const ReportInput& input) {
  const std::vector<io::NodeView> items = Items(input.json(), "results");
  if (items.empty()) return kNo;
  return items.front().Get("vulnerabilityDistribution") ||
                 items.front().Get("complianceDistribution")
             ? kNamed
             : kNo;
}

model::Finding ReadTwistlockVulnerability(io::NodeView item, io::NodeView image) {
  static constexpr std::string_view kTool = "twistlock";
  const std::string id = Text(item, "id");
  const std::string name = Text(item, "packageName");
  const std::string version = Text(item, "packageVersion");
  model::Finding finding = ScannerFinding(model::FindingClass::kVuln, kTool, id,
                                          fmt::format("{}: {} - {}", id, name, version));
  SetSeverity(finding, kTool, Text(item, "severity"));
  model::Package& package = finding.package.Make();
  package.name = name;
  package.version = version;
  package.type = Text(item, "packageType");
  package.path = Text(item, "packagePath");
  const std::string distribution = LowerAscii(Text(image, "distro"));
  // Only OS packages take the distribution; without a type nothing can be said.
  if (package.type == "os" && StartsWith(distribution, "debian")) package.type = "deb";
  if (package.type == "os" && StartsWith(distribution, "alpine")) package.type = "apk";
  if (!package.type.empty() && package.type != "os") {
    package.purl = model::MakePurl(package.type, name, version,
                                   distribution.substr(0, distribution.find(' ')));
  }
  SetVulnIds(finding.vuln.Make(), {id});
  AddCvss(finding, Text(item, "vector"), Number(item, "cvss").value_or(-1));
  const std::string status = Text(item, "status");
  if (StartsWith(status, "fixed in ")) {
    finding.vuln->fixed_in = status.substr(9);
    finding.vuln->fix_state = "fixed";
  }
  finding.vuln->published = Text(item, "publishedDate");
  finding.message = Text(item, "description");
  finding.remediation = status;
  AddUnique(finding.references, Text(item, "link"));
  for (const auto& [factor, value] : item.Get("riskFactors").Members()) {
    static_cast<void>(value);
    AddUnique(finding.origin->tags, factor);
  }
  return finding;
}

model::Finding ReadTwistlockCompliance(io::NodeView item) {
  static constexpr std::string_view kTool = "twistlock";
  model::Finding finding =
      ScannerFinding(model::FindingClass::kMisconfig, kTool, Text(item, "id"), Text(item, "title"));
  SetSeverity(finding, kTool, Text(item, "severity"));
  finding.message = Text(item, "description");
  finding.origin->category = Text(item, "category");
  finding.origin->impact = Text(item, "cause");
  return finding;
}

Status ReadTwistlock(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView json, JsonOf(input));
  OURO_TRY(const std::vector<io::NodeView> images, ListOf(json, "results"));
  sink.Begin({"twistlock", "", images.empty() ? "" : Text(images.front(), "name"), ""});
  for (const io::NodeView& image : images) {
    std::vector<model::Finding> findings;
    for (const io::NodeView& item : Items(image, "vulnerabilities")) {
      findings.push_back(ReadTwistlockVulnerability(item, image));
    }
    for (const io::NodeView& item : Items(image, "compliances")) {
      findings.push_back(ReadTwistlockCompliance(item));
    }
    const std::string name = FirstText(image, {"name", "repository"});
    for (model::Finding& finding : findings) {
      finding.image.Make().reference = name;
      finding.image->digest = Text(image, "digest");
      sink.Add(std::move(finding));
    }
  }
  return {};
}

int DetectNeuvector(const ReportInput& input) {
  const io::NodeView json = input.json();
  if (HasKeys(json, {"items", "kubernetes_cis_version"})) return kNamed;
  const io::NodeView report = json.Get("report");
  if (!report.IsMap() || !report.Get("vulnerabilities")) return kNo;
  return report.Get("setid_perms") || report.Get("modules") || report.Get("checks") ? kNamed
                                                                                    : kSure;
}

model::Finding ReadNeuvectorVulnerability(io::NodeView item, io::NodeView report) {
  static constexpr std::string_view kTool = "neuvector";
  const std::string id = Text(item, "name");
  const std::string name = Text(item, "package_name");
  const std::string version = Text(item, "package_version");
  model::Finding finding = ScannerFinding(model::FindingClass::kVuln, kTool, id,
                                          fmt::format("{}: {} - {}", id, name, version));
  SetSeverity(finding, kTool, Text(item, "severity"));
  model::Package& package = finding.package.Make();
  package.name = name;
  package.version = version;
  package.path = Text(item, "file_name");
  const std::string base = Text(report, "base_os");
  const std::string system = base.substr(0, base.find(':'));
  if (!system.empty()) package.purl = model::MakePurl(system, name, version, system);
  SetVulnIds(finding.vuln.Make(), {id});
  finding.vuln->fixed_in = Text(item, "fixed_version");
  const double score = Number(item, "score_v3").value_or(0);
  AddCvss(finding, Text(item, "vectors_v3"), score > 0 ? score : -1);
  const double old_score = Number(item, "score").value_or(0);
  AddCvss(finding, Text(item, "vectors"), old_score > 0 ? old_score : -1);
  finding.message = Text(item, "description");
  if (!finding.vuln->fixed_in.empty()) {
    finding.remediation = fmt::format("Upgrade {} to {}", name, finding.vuln->fixed_in);
  }
  AddUnique(finding.references, Text(item, "link"));
  if (Flag(item, "in_base_image")) finding.origin->tags.emplace_back("base-image");
  return finding;
}

model::Finding ReadNeuvectorCheck(io::NodeView item) {
  static constexpr std::string_view kTool = "neuvector";
  const std::string number = FirstText(item, {"name", "test_number"});
  model::Finding finding =
      ScannerFinding(model::FindingClass::kBench, kTool, number,
                     fmt::format("{} - {}", number, Text(item, "description")));
  const std::string level = Text(item, "level");
  SetSeverity(finding, kTool, level);
  finding.message = JoinText(Texts(item, "message"), "\n");
  if (finding.message.empty()) finding.message = finding.title;
  finding.remediation = Text(item, "remediation");
  finding.origin->category = FirstText(item, {"category", "catalog"});
  AddUnique(finding.origin->tags, Text(item, "profile"));
  finding.asset.Make().host = Text(item, "group");
  finding.stage = "runtime";
  return finding;
}

Status ReadNeuvector(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView json, JsonOf(input));
  const bool is_compliance = static_cast<bool>(json.Get("items"));
  const io::NodeView report = json.Get("report");
  if (!is_compliance && !report.IsMap()) {
    return Fail(ErrorCode::kInvalid, "neither `report` nor `items` is there", PlaceOf(json));
  }
  sink.Begin(
      {"neuvector", "", FirstText(report, {"repository", "image_id"}), Text(json, "run_at")});
  for (const io::NodeView& item : Items(report, "vulnerabilities")) {
    model::Finding finding = ReadNeuvectorVulnerability(item, report);
    if (const std::string image = Text(report, "repository"); !image.empty()) {
      finding.image.Make().reference = fmt::format("{}:{}", image, Text(report, "tag"));
    }
    sink.Add(std::move(finding));
  }
  for (const io::NodeView& item : Items(json, "items")) {
    const std::string level = Text(item, "level");
    if (level == "PASS" || level == "INFO" || level == "NOTE") {
      sink.AddPassed(level == "PASS" ? 1 : 0);
      continue;
    }
    sink.Add(ReadNeuvectorCheck(item));
  }
  return {};
}

// A fact and the columns that hold it, in the three forms of the report.
struct Column {
  std::string_view fact;
  std::array<std::string_view, 3> names;
};
constexpr std::array<Column, 20> kColumns = {
    {{"id", {"Vulnerability ID", "Vulnerability Name", "CVE ID"}},
     {"severity", {"Severity", "Vulnerability Severity", "CVE Severity"}},
     {"package", {"Package Name", "", ""}},
     {"version", {"Package Version", "", ""}},
     {"type", {"Package Type", "", ""}},
     {"path", {"Package Path", "", ""}},
     {"image", {"Image", "Image Name", ""}},
     {"os", {"OS Name", "", ""}},
     {"score", {"CVSS Score", "", ""}},
     {"vector", {"CVSS Vector", "", ""}},
     {"url", {"Vuln Link", "CVE URL", ""}},
     {"published", {"Vuln Publish Date", "Disclosure Date", "Vuln Disclosure Date"}},
     {"fixed", {"Fix Version", "Package Suggested Fix", ""}},
     {"cluster", {"K8S Cluster Name", "Kubernetes Cluster Name", ""}},
     {"namespace", {"K8S Namespace Name", "Kubernetes Namespace Name", ""}},
     {"kind", {"K8S Workload Type", "Kubernetes Workload Type", ""}},
     {"workload", {"K8S Workload Name", "Kubernetes Workload Name", ""}},
     {"container", {"K8S Container Name", "Kubernetes Container Name", ""}},
     {"epss", {"EPSS Score", "", ""}},
     {"kev", {"CISA KEV Publish Date", "", ""}}}};

std::string SysdigFact(const Csv& csv, size_t row, std::string_view fact) {
  for (const Column& column : kColumns) {
    if (column.fact != fact) continue;
    for (const std::string_view name : column.names) {
      const std::string_view text =
          name.empty() ? std::string_view() : TrimSpace(csv.Cell(row, name));
      if (!text.empty()) return std::string(text);
    }
  }
  return {};
}

double NumberOf(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  return text.empty() || *end != '\0' ? -1 : value;
}

int DetectSysdig(const ReportInput& input) {
  if (input.LooksLikeJson() || input.LooksLikeXml()) return kNo;
  const std::vector<std::string_view> lines = input.Lines(4'096);
  if (lines.empty()) return kNo;
  const std::string header = LowerAscii(ReplaceAll(lines.front(), "\"", ""));
  if (header.find("package name,package version,package") == std::string::npos) return kNo;
  for (const char* first : {"vulnerability id,severity,",
                            "vulnerability name,vulnerability severity,", "cve id,cve severity,"}) {
    if (StartsWith(header, first)) return kNamed;
  }
  return kNo;
}

std::string KindOf(std::string_view word) {
  const std::string lower = LowerAscii(word);
  for (const char* kind : {"Deployment", "DaemonSet", "StatefulSet", "Job", "CronJob", "Pod"}) {
    if (LowerAscii(kind) == lower) return kind;
  }
  return std::string(word);
}

model::Finding ReadSysdigRow(const Csv& csv, size_t row) {
  static constexpr std::string_view kTool = "sysdig";
  const auto fact = [&csv, row](std::string_view name) { return SysdigFact(csv, row, name); };
  const std::string id = fact("id");
  const std::string name = fact("package");
  model::Finding finding =
      ScannerFinding(model::FindingClass::kVuln, kTool, id, fmt::format("{} - {}", id, name));
  SetSeverity(finding, kTool, fact("severity"));
  // Negligible is Sysdig's lowest word.
  if (EqualsIgnoreCase(finding.origin->severity, "negligible"))
    finding.severity = model::Severity::kInfo;
  model::Package& package = finding.package.Make();
  package.name = name;
  package.version = fact("version");
  const std::string system = LowerAscii(fact("os"));
  const std::string distribution = system.substr(0, system.find(' '));
  std::string type = LowerAscii(fact("type"));
  if (type == "os") type = distribution;
  package.type = model::PurlType(type);
  package.path = fact("path");
  package.purl = model::MakePurl(type, name, package.version, distribution);
  model::Vuln& vuln = finding.vuln.Make();
  SetVulnIds(vuln, {id});
  AddCvss(finding, fact("vector"), NumberOf(fact("score")));
  vuln.fixed_in = fact("fixed");
  vuln.published = fact("published");
  vuln.epss = NumberOf(fact("epss"));
  vuln.kev = !fact("kev").empty();
  finding.message = fmt::format("{} {} has {}", name, package.version, id);
  if (!vuln.fixed_in.empty())
    finding.remediation = fmt::format("Upgrade {} to {}", name, vuln.fixed_in);
  AddUnique(finding.references, fact("url"));
  for (const auto& [label, value] : {std::pair<std::string_view, std::string>{"PackageName", name},
                                     {"PackageVersion", package.version},
                                     {"VulnId", id}}) {
    finding.origin->tags.push_back(fmt::format("{}:{}", label, value));
  }
  if (EqualsIgnoreCase(csv.Cell(row, "Risk Accepted"), "true"))
    finding.origin->state = "risk_accepted";
  if (const std::string image = fact("image"); !image.empty()) {
    finding.image.Make().reference = image;
    finding.image->digest = csv.Cell(row, "Image ID");
  }
  if (const std::string workload = fact("workload"); !workload.empty()) {
    SetResource(finding, KindOf(fact("kind")), fact("namespace"), workload, fact("container"));
    finding.asset.Make().cluster = fact("cluster");
    finding.stage = "runtime";
  }
  return finding;
}

Status ReadSysdig(const ReportInput& input, Sink& sink) {
  OURO_TRY(const Csv csv, Csv::Parse(input.bytes()));
  if (!csv.HasColumn("Package Name")) {
    return Fail(ErrorCode::kInvalid, "the header line lacks `Package Name`", "1:1");
  }
  sink.Begin({"sysdig", "", "", ""});
  for (size_t row = 0; row < csv.row_count(); ++row) {
    if (VulnIdsIn(SysdigFact(csv, row, "id")).empty()) {
      sink.AddProblem(ScannerProblem(ErrorCode::kInvalid, input.name(),
                                     static_cast<int64_t>(row) + 2,
                                     "the row has no vulnerability id and was left out"));
      continue;
    }
    sink.Add(ReadSysdigRow(csv, row));
  }
  return {};
}

}  // namespace

const Importer kTwistlock = {
    "twistlock",
    "Twistlock",
    "twistcli images scan with JSON output",
    "one vulnerability of one package, or one compliance issue of one image",
    DetectTwistlock,
    ReadTwistlock};
const Importer kNeuvector = {"neuvector",
                             "NeuVector",
                             "NeuVector's scan and compliance reports (JSON)",
                             "one vulnerability of one package, or one control that warns",
                             DetectNeuvector,
                             ReadNeuvector};
const Importer kSysdig = {"sysdig",
                          "Sysdig",
                          "Sysdig's vulnerability reports (CSV)",
                          "one vulnerability of one package in one image or container",
                          DetectSysdig,
                          ReadSysdig};

}  // namespace ouro::ingest
