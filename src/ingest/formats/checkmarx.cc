// Checkmarx CxSAST: XML results; and the JSON report of the reporting service with the parts
// `sast`, `sca` and `kics`. Source: the product's documentation ("Scan results in XML", "Generating
// reports").
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

constexpr std::string_view kTool = "checkmarx";

int Detect(const ReportInput& input) {
  if (input.LooksLikeXml()) return input.xml().name() == "CxXMLResults" ? kNamed : kNo;
  const io::NodeView json = input.json();
  if (!HasKeys(json, {"reportHeader", "scanResults"})) return kNo;
  const io::NodeView results = json.Get("scanResults");
  return results.Get("sast") || results.Get("sca") || results.Get("kics") ? kNamed : kNo;
}

// "Not exploitable" and the like, of all products and versions.
std::string StateOf(std::string_view state) {
  const std::string word = ReplaceAll(LowerAscii(state), "_", " ");
  return word == "not exploitable" ? "false_positive" : "";
}

std::string TitleOf(std::string_view query) {
  return ReplaceAll(query, "_", " ");
}

struct Query {
  std::string id;
  std::string name;
  std::string group;
  std::string language;
  std::string cwe;
  std::string categories;
};

// The sink is the place: that is where the fix goes.
model::Finding ReadResult(const Query& query, const XmlNode& result) {
  model::Finding finding =
      ScannerFinding(model::FindingClass::kLint, kTool, query.name, TitleOf(query.name));
  SetSeverity(finding, kTool, result.Attribute("Severity"));
  AddCwe(finding, query.cwe);
  model::Origin& origin = *finding.origin;
  const XmlNode path = result.Child("Path");
  const std::vector<XmlNode> nodes = path.Children("PathNode");
  finding.location.file = ReportPath(result.Attribute("FileName"));
  finding.location.line = ParseInt64(result.Attribute("Line")).value_or(0);
  finding.location.column = ParseInt64(result.Attribute("Column")).value_or(0);
  if (!nodes.empty()) {
    const XmlNode sink = nodes.back();
    AppendFact(origin.description, "Source",
               fmt::format("{}:{} {}", ReportPath(nodes.front().ChildText("FileName")),
                           nodes.front().ChildText("Line"), nodes.front().ChildText("Name")));
    finding.location.file = ReportPath(sink.ChildText("FileName"));
    finding.location.line = ParseInt64(sink.ChildText("Line")).value_or(0);
    finding.location.column = ParseInt64(sink.ChildText("Column")).value_or(0);
  }
  finding.message = fmt::format("{} in {}: data flows over {} steps", finding.title,
                                finding.location.file, nodes.size());
  origin.uid = path.Attribute("PathId");
  // The similarity id is Checkmarx' hash of source and sink, the same in every scan.
  if (const std::string_view similar = path.Attribute("SimilarityId"); !similar.empty()) {
    origin.snippet_hash = SecretHash(similar);
  }
  origin.category = query.group;
  AddUnique(origin.tags, query.language);
  for (const std::string_view category : SplitText(query.categories, ',')) {
    AddUnique(origin.tags, category.substr(0, category.find(';')));
  }
  // States: 0 to verify, 1 not exploitable, 2 confirmed, 3 urgent, 4 proposed not exploitable.
  if (EqualsIgnoreCase(result.Attribute("FalsePositive"), "true") ||
      result.Attribute("state") == "1") {
    origin.state = "false_positive";
  }
  AddUnique(finding.references, result.Attribute("DeepLink"));
  return finding;
}

Status ReadXml(const ReportInput& input, Sink& sink) {
  OURO_TRY(const XmlNode root, XmlOf(input, "CxXMLResults"));
  const std::string version(root.Attribute("CheckmarxVersion"));
  sink.Begin({std::string(kTool), version, std::string(root.Attribute("ProjectName")),
              std::string(root.Attribute("ScanStart"))});
  for (const XmlNode& item : root.Children("Query")) {
    const Query query = {
        std::string(item.Attribute("id")),    std::string(item.Attribute("name")),
        std::string(item.Attribute("group")), std::string(item.Attribute("Language")),
        std::string(item.Attribute("cweId")), std::string(item.Attribute("categories"))};
    for (const XmlNode& result : item.Children("Result")) {
      model::Finding finding = ReadResult(query, result);
      finding.origin->tool_version = version;
      sink.Add(std::move(finding));
    }
  }
  return {};
}

model::Finding ReadSast(io::NodeView language, io::NodeView query, io::NodeView item) {
  const std::string name = Text(query, "queryName");
  model::Finding finding = ScannerFinding(model::FindingClass::kLint, kTool, name, TitleOf(name));
  SetSeverity(finding, kTool, Text(item, "severity"));
  finding.message = Text(query, "description");
  AddCwe(finding, Text(item, "cweId"));
  model::Origin& origin = *finding.origin;
  origin.uid = Text(item, "id");
  origin.state = StateOf(Text(item, "state"));
  origin.category = Text(item, "groupName");
  origin.tags = Texts(item, "compliance");
  AddUnique(origin.tags, Text(language, "languageName"));
  const std::string similar = Text(item, "similarityId");
  if (!similar.empty()) origin.snippet_hash = SecretHash(similar);
  const std::vector<io::NodeView> nodes = Items(item, "nodes");
  if (!nodes.empty()) {
    finding.location.file = ReportPath(Text(nodes.back(), "fileName"));
    finding.location.line = Integer(nodes.back(), "line");
    finding.location.column = Integer(nodes.back(), "column");
    AppendFact(origin.description, "Source",
               fmt::format("{}:{} {}", ReportPath(Text(nodes.front(), "fileName")),
                           Text(nodes.front(), "line"), Text(nodes.front(), "name")));
  }
  if (finding.message.empty()) {
    finding.message = fmt::format("{} in {}", finding.title, finding.location.file);
  }
  return finding;
}

void AddSast(io::NodeView sast, Sink& sink) {
  for (const io::NodeView& language : Items(sast, "languages")) {
    for (const io::NodeView& query : Items(language, "queries")) {
      for (const io::NodeView& item : Items(query, "vulnerabilities")) {
        sink.Add(ReadSast(language, query, item));
      }
    }
  }
}

// "Npm-underscore-1.10.2", "Maven-org.a:b-1.0": type, name, version.
void SetPackage(model::Finding& finding, std::string_view identifier, const std::string& version) {
  model::Package& package = finding.package.Make();
  const size_t dash = identifier.find('-');
  package.type = model::PurlType(identifier.substr(0, dash));
  std::string_view name = dash == std::string_view::npos ? identifier : identifier.substr(dash + 1);
  if (!version.empty() && EndsWith(name, "-" + version)) name.remove_suffix(version.size() + 1);
  package.name = name;
  package.version = version;
  package.purl = model::MakePurl(package.type, name, version);
}

void AddSca(io::NodeView sca, Sink& sink) {
  for (const io::NodeView& package : Items(sca, "packages")) {
    for (const io::NodeView& item : Items(package, "vulnerabilities")) {
      const std::string id = FirstText(item, {"cveId", "cveName", "id"});
      model::Finding finding = ScannerFinding(model::FindingClass::kVuln, kTool, id,
                                              fmt::format("{} in {}", id, Text(package, "name")));
      SetSeverity(finding, kTool, Text(item, "severity"));
      SetPackage(finding, Text(package, "name"), Text(item, "version"));
      SetVulnIds(finding.vuln.Make(), {id});
      finding.message = Text(item, "description");
      AddCwe(finding, Text(item, "cwe"));
      finding.origin->uid = Text(item, "id");
      finding.origin->state = StateOf(Text(item, "state"));
      sink.Add(std::move(finding));
    }
  }
}

void AddKics(io::NodeView kics, Sink& sink) {
  for (const io::NodeView& group : Items(kics, "results")) {
    for (const io::NodeView& item : Items(group, "vulnerabilities")) {
      const std::string name = Text(item, "queryName");
      model::Finding finding = ScannerFinding(model::FindingClass::kMisconfig, kTool, name, name);
      SetSeverity(finding, kTool, Text(item, "severity"));
      finding.location.file = ReportPath(Text(item, "fileName"));
      finding.location.line = Integer(item, "line");
      finding.message = FirstText(item, {"actualValue", "description"});
      finding.remediation = Text(item, "expectedValue");
      model::Origin& origin = *finding.origin;
      origin.uid = Text(item, "id");
      origin.state = StateOf(Text(item, "state"));
      origin.description = Text(item, "description");
      origin.category = Text(item, "category");
      const std::string similar = Text(item, "similarityId");
      if (!similar.empty()) origin.snippet_hash = SecretHash(similar);
      sink.Add(std::move(finding));
    }
  }
}

Status ReadJson(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView json, JsonOf(input));
  const io::NodeView results = json.Get("scanResults");
  if (!results.IsMap()) {
    return Fail(ErrorCode::kInvalid, "`scanResults` is missing: the report is not whole",
                PlaceOf(json));
  }
  sink.Begin({std::string(kTool), "", Text(json, "reportHeader.projectName"),
              Text(json, "reportHeader.createdDate")});
  AddSast(results.Get("sast"), sink);
  AddSca(results.Get("sca"), sink);
  AddKics(results.Get("kics"), sink);
  return {};
}

Status Read(const ReportInput& input, Sink& sink) {
  return input.LooksLikeXml() ? ReadXml(input, sink) : ReadJson(input, sink);
}

}  // namespace

const Importer kCheckmarx = {
    "checkmarx",
    "Checkmarx",
    "Checkmarx CxSAST XML and the JSON report with sast, sca and kics",
    "one result (path) of one query, vulnerability of one package, or place",
    Detect,
    Read};

}  // namespace ouro::ingest
