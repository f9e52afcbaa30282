// Checkmarx One: results of the command line and of the API ({"results": […]}), the improved scan
// report
// ({"scanResults": {"resultsList": […]}, …}), and the form for GitLab.
// Source: Checkmarx One's documentation ("Results API", "Improved scan reports", `cx results
// show`).
#include <utility>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/field.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/scanner_shared.h"
#include "ingest/words.h"
#include "model/purl.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "checkmarx-one";
// More than the importer of GitLab's reports says of the same file.
constexpr int kOwnGitlab = kNamed + 10;

bool IsResult(io::NodeView item) {
  return HasKeys(item, {"similarityId", "state", "status"}) &&
         (item.Get("data") || item.Get("vulnerabilityDetails"));
}

int Detect(const ReportInput& input) {
  const io::NodeView json = input.json();
  if (!json.IsMap()) return kNo;
  if (StartsWith(Text(json, "scan.scanner.id"), "CxOne")) return kOwnGitlab;
  if (json.Get("results").IsList()) {
    const std::vector<io::NodeView> items = Items(json, "results");
    if (items.empty()) return HasKeys(json, {"totalCount", "scanID"}) ? kNamed : kNo;
    return IsResult(items.front()) ? kNamed : kNo;
  }
  return At(json, "scanResults.resultsList").IsList() ? kNamed : kNo;
}

std::string StateOf(std::string_view state, std::string_view status) {
  const std::string word = ReplaceAll(LowerAscii(state), "_", " ");
  if (word == "not exploitable") return "false_positive";
  return EqualsIgnoreCase(status, "fixed") ? "fixed" : "";
}

std::string TitleOf(std::string_view query) {
  return ReplaceAll(query, "_", " ");
}

// A rule about credentials quotes them: "uses the hard-coded password "hunter2" for …".
std::string WithoutQuotes(std::string_view text) {
  std::string clean;
  bool inside = false;
  for (const char c : text) {
    if (c == '"') {
      if (!inside) clean += "\"[secret]\"";
      inside = !inside;
    } else if (!inside) {
      clean += c;
    }
  }
  return clean;
}

// SAST rules about secrets are about a secret in the code.
void SetSastClass(model::Finding& finding, std::string_view rule) {
  if (StartsWith(rule, "TruffleHog") || IsAboutSecrets(rule, {})) {
    finding.message = WithoutQuotes(finding.message);
    finding.origin->description = WithoutQuotes(finding.origin->description);
  }
}

void SetSimilarity(model::Finding& finding, io::NodeView item) {
  const std::string similar = FirstText(item, {"similarityId", "similarityID"});
  if (!similar.empty()) finding.origin->snippet_hash = SecretHash(similar);
}

void SetNodes(model::Finding& finding, const std::vector<io::NodeView>& nodes) {
  if (nodes.empty()) return;
  finding.location.file = ReportPath(Text(nodes.front(), "fileName"));
  finding.location.line = Integer(nodes.front(), "line");
  finding.location.column = Integer(nodes.front(), "column");
  AppendFact(finding.origin->description, "Sink",
             fmt::format("{}:{} {}", ReportPath(Text(nodes.back(), "fileName")),
                         Text(nodes.back(), "line"), Text(nodes.back(), "name")));
}

void SetSast(model::Finding& finding, io::NodeView data) {
  finding.origin->category = Text(data, "group");
  AddUnique(finding.origin->tags, Text(data, "languageName"));
  SetNodes(finding, Items(data, "nodes"));
}

void SetKics(model::Finding& finding, io::NodeView data) {
  finding.finding_class = model::FindingClass::kMisconfig;
  finding.location.file = ReportPath(FirstText(data, {"fileName", "filename"}));
  finding.location.line = Integer(data, "line");
  finding.origin->category = Text(data, "group");
  finding.origin->description = finding.message;
  if (const std::string actual = Text(data, "value"); !actual.empty()) finding.message = actual;
  finding.remediation = Text(data, "expectedValue");
  AddUnique(finding.origin->tags, Text(data, "platform"));
}

// "Npm-postcss-7.0.39" of an application, name and version of a container.
void SetPackage(model::Finding& finding, io::NodeView data) {
  model::Package& package = finding.package.Make();
  const std::string identifier = Text(data, "packageIdentifier");
  if (identifier.empty()) {
    package.name = Text(data, "packageName");
    package.version = Text(data, "packageVersion");
    return;
  }
  const size_t first = identifier.find('-');
  const size_t last = identifier.rfind('-');
  if (first == std::string::npos || first == last) {
    package.name = identifier;
    return;
  }
  package.type = model::PurlType(identifier.substr(0, first));
  package.name = identifier.substr(first + 1, last - first - 1);
  package.version = identifier.substr(last + 1);
  package.purl = model::MakePurl(package.type, package.name, package.version);
}

void SetVulnerability(model::Finding& finding, io::NodeView item) {
  const io::NodeView data = item.Get("data");
  finding.finding_class = model::FindingClass::kVuln;
  SetPackage(finding, data);
  std::vector<std::string> ids = {FirstText(item, {"id", "similarityId"})};
  for (const std::string& id : VulnIdsIn(Text(item, "vulnerabilityDetails.cveName")))
    AddUnique(ids, id);
  model::Vuln& vuln = finding.vuln.Make();
  SetVulnIds(vuln, std::move(ids));
  vuln.fixed_in = Text(data, "recommendedVersion");
  vuln.published = Text(data, "publishedAt");
  const double score = Number(item, "vulnerabilityDetails.cvssScore").value_or(0);
  // 0 is what the report has where no score is known.
  AddCvss(finding, "", score > 0 ? score : -1, kTool);
  finding.title = fmt::format("{} in {}", vuln.id, finding.package->name);
  finding.remediation = Text(data, "recommendations");
  if (const std::string image = FirstText(data, {"imageName", "image"}); !image.empty()) {
    finding.image.Make().reference = image;
    if (const std::string tag = Text(data, "imageTag"); !tag.empty()) {
      finding.image->reference += ":" + tag;
    }
  }
  for (const io::NodeView& source : Items(data, "packageData")) {
    AddUnique(finding.references, Text(source, "url"));
  }
}

model::Finding ReadResult(io::NodeView item) {
  const io::NodeView data = item.Get("data");
  const std::string type = Text(item, "type");
  const std::string query = FirstText(data, {"queryName", "ruleName"});
  const std::string rule = query.empty() ? Text(item, "id") : query;
  model::Finding finding = ScannerFinding(model::FindingClass::kLint, kTool, rule, TitleOf(rule));
  SetSeverity(finding, kTool, Text(item, "severity"));
  finding.message = Text(item, "description");
  model::Origin& origin = *finding.origin;
  AddCwe(finding, Text(item, "vulnerabilityDetails.cweId"));
  for (const std::string& list : Texts(item, "vulnerabilityDetails.compliances")) {
    AddUnique(origin.tags, list);
  }
  if (StartsWith(type, "sca") || type == "containers") {
    SetVulnerability(finding, item);
  } else if (type == "kics") {
    SetKics(finding, data);
  } else {
    SetSast(finding, data);
    if (type == "sscs-secret-detection") finding.finding_class = model::FindingClass::kSecret;
  }
  if (!finding.vuln) SetSimilarity(finding, item);
  SetSastClass(finding, rule);
  origin.uid = FirstText(item, {"id", "similarityId"});
  origin.state = StateOf(Text(item, "state"), Text(item, "status"));
  if (finding.message.empty()) finding.message = finding.title;
  return finding;
}

Status ReadResults(io::NodeView json, Sink& sink) {
  OURO_TRY(const std::vector<io::NodeView> items, ListOf(json, "results"));
  sink.Begin({std::string(kTool), "", "", ""});
  for (const io::NodeView& item : items) sink.Add(ReadResult(item));
  const int64_t total = Integer(json, "totalCount");
  if (total > static_cast<int64_t>(items.size())) {
    sink.AddProblem(ScannerWarning(
        ErrorCode::kLimit, "",
        fmt::format("the report is one page: {} of {} results; import the other pages as well",
                    items.size(), total)));
  }
  return {};
}

// Recommendations stand apart, by the query's name.
std::string RecommendationFor(io::NodeView json, const std::string& query) {
  for (const io::NodeView& details : Items(json, "vulnerabilityDetails")) {
    if (Text(details, "vulnerabilityName") == query) return Text(details, "generalRecommendations");
  }
  return {};
}

model::Finding ReadScanResult(io::NodeView query, io::NodeView item, const std::string& advice) {
  const std::string name = Text(query, "queryName");
  const std::string path = Text(query, "queryPath");
  model::Finding finding =
      ScannerFinding(model::FindingClass::kLint, kTool, name, TitleOf(path.empty() ? name : path));
  SetSeverity(finding, kTool, Text(item, "severity"));
  finding.message = Text(query, "description");
  finding.remediation = advice;
  AddCwe(finding, Text(query, "cweId"));
  finding.location.file = ReportPath(FirstText(item, {"destinationFileName", "sourceFileName"}));
  finding.location.line = Integer(item, "destinationLine", Integer(item, "sourceLine"));
  model::Origin& origin = *finding.origin;
  AppendFact(
      origin.description, "Source",
      fmt::format("{}:{}", ReportPath(Text(item, "sourceFileName")), Text(item, "sourceLine")));
  for (const io::NodeView& category : Items(query, "categories")) {
    AddUnique(origin.tags, Text(category, "name"));
  }
  SetSimilarity(finding, item);
  SetSastClass(finding, name);
  origin.uid = Text(item, "resultHash");
  origin.state = StateOf(Text(item, "state"), Text(item, "status"));
  AddUnique(finding.references, Text(item, "resultViewerLink"));
  return finding;
}

model::Finding ReadInfrastructureResult(io::NodeView query, io::NodeView item) {
  const std::string name = Text(query, "queryName");
  model::Finding finding =
      ScannerFinding(model::FindingClass::kMisconfig, kTool, name, TitleOf(name));
  SetSeverity(finding, kTool, Text(item, "severity"));
  finding.message = FirstText(item, {"actualValue", "issueType"});
  if (finding.message.empty()) finding.message = Text(query, "description");
  finding.remediation = Text(item, "expectedValue");
  finding.location.file = ReportPath(Text(item, "fileName"));
  finding.location.line = Integer(item, "line");
  finding.origin->description = Text(query, "description");
  finding.origin->category = Text(query, "category");
  SetSimilarity(finding, item);
  finding.origin->state = StateOf(Text(item, "state"), Text(item, "status"));
  AddUnique(finding.references, Text(item, "resultViewerLink"));
  return finding;
}

void AddPackages(io::NodeView part, Sink& sink) {
  for (const io::NodeView& package : Items(part, "packages")) {
    for (const char* list : {"packageVulnerabilities", "vulnerabilities"}) {
      for (const io::NodeView& item : Items(package, list)) {
        const std::string id = FirstText(item, {"cveId", "cveName", "vulnerabilityId", "id"});
        model::Finding finding = ScannerFinding(model::FindingClass::kVuln, kTool, id, "");
        SetSeverity(finding, kTool, Text(item, "severity"));
        finding.message = Text(item, "description");
        model::Package& found = finding.package.Make();
        found.name = FirstText(package, {"packageName", "name"});
        found.version = FirstText(package, {"packageVersion", "version"});
        found.type = model::PurlType(FirstText(package, {"packageRepository", "packageType"}));
        found.purl = model::MakePurl(found.type, found.name, found.version);
        SetVulnIds(finding.vuln.Make(), {id});
        finding.title = fmt::format("{} in {}", id, found.name);
        AddCwe(finding, FirstText(item, {"cwe", "cweId"}));
        finding.origin->state = StateOf(Text(item, "state"), Text(item, "status"));
        sink.Add(std::move(finding));
      }
    }
  }
}

Status ReadScanReport(io::NodeView json, Sink& sink) {
  const io::NodeView results = json.Get("scanResults");
  OURO_TRY(const std::vector<io::NodeView> queries, ListOf(results, "resultsList"));
  sink.Begin({std::string(kTool), "", Text(json, "reportHeader.projectName"),
              Text(json, "reportCreationDate")});
  for (const io::NodeView& query : queries) {
    const std::string advice = RecommendationFor(json, Text(query, "queryName"));
    for (const io::NodeView& item : Items(query, "vulnerabilities")) {
      sink.Add(ReadScanResult(query, item, advice));
    }
  }
  for (const io::NodeView& technology : Items(json, "iacScanResults.technology")) {
    for (const io::NodeView& query : Items(technology, "queries")) {
      for (const io::NodeView& item : Items(query, "resultsList")) {
        sink.Add(ReadInfrastructureResult(query, item));
      }
    }
  }
  AddPackages(json.Get("scaScanResults"), sink);
  AddPackages(json.Get("containerScanResults"), sink);
  return {};
}

model::Finding ReadGitlabItem(io::NodeView item) {
  const std::string name = Text(item, "name");
  model::Finding finding = ScannerFinding(model::FindingClass::kLint, kTool, name, TitleOf(name));
  SetSeverity(finding, kTool, Text(item, "severity"));
  finding.message = PlainText(Text(item, "description"));
  finding.remediation = Text(item, "solution");
  finding.location.file = ReportPath(Text(item, "location.file"));
  finding.location.line = Integer(item, "location.start_line");
  finding.location.end_line = Integer(item, "location.end_line");
  finding.origin->confidence = Text(item, "confidence");
  finding.origin->category = Text(item, "category");
  for (const io::NodeView& id : Items(item, "identifiers")) {
    const std::string value = Text(id, "value");
    if (Text(id, "type") == "cxOneScan" && !value.empty()) {
      finding.origin->uid = value;
      finding.origin->snippet_hash = SecretHash(value);
    }
    AddUnique(finding.references, Text(id, "url"));
  }
  SetSastClass(finding, name);
  return finding;
}

Status ReadGitlab(io::NodeView json, Sink& sink) {
  OURO_TRY(const std::vector<io::NodeView> items, ListOf(json, "vulnerabilities"));
  sink.Begin(
      {std::string(kTool), Text(json, "scan.scanner.version"), "", Text(json, "scan.end_time")});
  for (const io::NodeView& item : items) sink.Add(ReadGitlabItem(item));
  return {};
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView json, JsonOf(input));
  if (json.Get("vulnerabilities")) return ReadGitlab(json, sink);
  if (json.Get("scanResults")) return ReadScanReport(json, sink);
  return ReadResults(json, sink);
}

}  // namespace

const Importer kCheckmarxOne = {
    "checkmarx-one",
    "Checkmarx One",
    "Checkmarx One results, improved scan reports (JSON), and its report for GitLab",
    "one result of one query, place, or vulnerable package",
    Detect,
    Read};

}  // namespace ouro::ingest
