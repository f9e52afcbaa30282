// SPDX 2.2 and 2.3 as JSON and as tag-value, and SPDX 3.0 as JSON-LD. Packages are components; a
// security reference of type advisory that names a vulnerability is a finding of that package, and
// so is a security assessment of SPDX 3.0. References of type fix and url add to such a finding
// only.
#include <map>
#include <set>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/vuln_shared.h"
#include "model/vex.h"

namespace ouro::ingest {
namespace {

struct Reference {
  std::string category;  // "SECURITY", "PACKAGE-MANAGER"
  std::string type;      // "advisory", "purl", …
  std::string locator;
  std::string comment;
};

struct SpdxPackage {
  std::string id;  // SPDXID
  std::string name;
  std::string version;
  std::string licence;
  std::string source_info;
  std::vector<Reference> references;
};

struct Document {
  std::string name;
  std::string created;
  std::string creator;  // "syft-1.50.0"
  std::vector<SpdxPackage> packages;
};

constexpr std::string_view kTool = "spdx";

bool HasValue(const std::string& text) {
  return !text.empty() && text != "NOASSERTION" && text != "NONE";
}

std::string ToolOf(const std::string& creator) {
  return StartsWith(creator, "Tool: ") ? creator.substr(6) : std::string();
}

Document ReadJsonDocument(io::NodeView root) {
  Document document;
  document.name = Text(root, "name");
  document.created = Text(root, "creationInfo.created");
  for (const std::string& creator : Texts(root, "creationInfo.creators")) {
    if (document.creator.empty()) document.creator = ToolOf(creator);
  }
  for (const io::NodeView& node : Items(root, "packages")) {
    SpdxPackage package;
    package.id = Text(node, "SPDXID");
    package.name = Text(node, "name");
    package.version = Text(node, "versionInfo");
    package.licence = Text(node, "licenseConcluded");
    if (!HasValue(package.licence)) package.licence = Text(node, "licenseDeclared");
    package.source_info = Text(node, "sourceInfo");
    for (const io::NodeView& reference : Items(node, "externalRefs")) {
      package.references.push_back(
          {Text(reference, "referenceCategory"), Text(reference, "referenceType"),
           Text(reference, "referenceLocator"), Text(reference, "comment")});
    }
    document.packages.push_back(std::move(package));
  }
  return document;
}

void ReadTag(const std::string& tag, const std::string& value, Document& document) {
  if (tag == "DocumentName") document.name = value;
  if (tag == "Created") document.created = value;
  if (tag == "Creator" && document.creator.empty()) document.creator = ToolOf(value);
  if (tag == "PackageName") {
    document.packages.emplace_back();
    document.packages.back().name = value;
    return;
  }
  if (document.packages.empty()) return;
  SpdxPackage& package = document.packages.back();
  if (tag == "SPDXID" && package.id.empty()) package.id = value;
  if (tag == "PackageVersion") package.version = value;
  if (tag == "PackageLicenseConcluded" && HasValue(value)) package.licence = value;
  if (tag == "PackageLicenseDeclared" && !HasValue(package.licence)) package.licence = value;
  if (tag == "ExternalRefComment" && !package.references.empty()) {
    package.references.back().comment = value;
  }
  if (tag != "ExternalRef") return;
  const size_t first = value.find(' ');
  const size_t second = first == std::string::npos ? first : value.find(' ', first + 1);
  if (second == std::string::npos) return;
  package.references.push_back({value.substr(0, first),
                                value.substr(first + 1, second - first - 1),
                                std::string(TrimSpace(value.substr(second + 1))),
                                {}});
}

// Lines "Tag: value"; a value in <text>…</text> may have several lines (SPDX 2.3, annex).
Result<Document> ReadTagValue(const ReportInput& input) {
  Document document;
  bool in_file = false;  // tags of files and snippets are not those of the package before them
  const std::vector<std::string_view> lines = input.Lines();
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = TrimSpace(lines[i]);
    if (line.empty() || line.front() == '#') continue;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      return Fail(ErrorCode::kParse, "a line without \"Tag:\"", fmt::format("{}:1", i + 1));
    }
    const std::string tag(line.substr(0, colon));
    std::string value(TrimSpace(line.substr(colon + 1)));
    if (StartsWith(value, "<text>")) {
      const size_t begin = i;
      while (value.find("</text>") == std::string::npos) {
        if (++i >= lines.size()) {
          return Fail(ErrorCode::kParse, "a <text> that never ends",
                      fmt::format("{}:1", begin + 1));
        }
        value += "\n" + std::string(lines[i]);
      }
      value = value.substr(6, value.find("</text>") - 6);
    }
    if (tag == "FileName" || tag == "SnippetSPDXID") in_file = true;
    if (tag == "PackageName") in_file = false;
    if (!in_file) ReadTag(tag, value, document);
  }
  return document;
}

model::Package PackageOf(const SpdxPackage& from) {
  model::Package package;
  for (const Reference& reference : from.references) {
    if (reference.type != "purl" && !EndsWith(reference.type, "/purl")) continue;
    if (std::optional<model::Package> read = PackageOfPurl(reference.locator)) {
      package = std::move(*read);
      break;
    }
  }
  package.name = from.name;
  if (HasValue(from.version)) package.version = from.version;
  return package;
}

model::Finding AdvisoryFinding(const Document& document, const SpdxPackage& from,
                               const model::Package& package, const std::vector<std::string>& ids) {
  model::Finding finding = NewVulnFinding(kTool, {}, ids);
  finding.origin->tool_version = document.creator;
  finding.package = package;
  finding.title = package.version.empty()
                      ? fmt::format("{} | {}", package.name, ids.front())
                      : fmt::format("{}:{} | {}", package.name, package.version, ids.front());
  finding.severity = model::Severity::kMedium;
  finding.severity_source = "spdx (no severity given)";
  finding.message = fmt::format("The document names {} as an advisory for {} {}", ids.front(),
                                package.name, package.version);
  finding.remediation = fmt::format(
      "Read the advisory and upgrade {} to a version that it names as fixed", package.name);
  finding.origin->uid = fmt::format("{}|{}", from.id, ids.front());
  std::string& description = finding.origin->description;
  description =
      fmt::format("{} in {}", ids.front(), package.purl.empty() ? package.name : package.purl);
  if (HasValue(from.licence)) description += "\n\nLicence: " + from.licence;
  for (const Reference& reference : from.references) {
    if (StartsWith(reference.type, "cpe")) description += "\n\nCPE: " + reference.locator;
  }
  finding.location.file = LocationPath(package.path);
  return finding;
}

// References of category SECURITY that name the same vulnerability are one finding.
void AddPackage(const Document& document, const SpdxPackage& from, Sink& sink) {
  model::Package package = PackageOf(from);
  std::vector<model::Finding> findings;
  for (const Reference& reference : from.references) {
    if (reference.category != "SECURITY") continue;
    const bool advisory = reference.type == "advisory" || EndsWith(reference.type, "/advisory");
    const bool other = reference.type == "fix" || reference.type == "url";
    std::vector<std::string> ids = VulnIdsIn(reference.locator);
    if (ids.empty()) ids = VulnIdsIn(reference.comment);
    if (ids.empty() || (!advisory && !other)) continue;
    model::Finding* same = nullptr;
    for (model::Finding& finding : findings) {
      if (EndsWith(finding.check, ":" + ids.front())) same = &finding;
    }
    if (same == nullptr && !advisory) continue;
    if (same == nullptr) {
      findings.push_back(AdvisoryFinding(document, from, package, ids));
      same = &findings.back();
    }
    AddReference(*same, reference.locator);
    if (reference.type == "fix") same->vuln->fix_state = "fixed";
  }
  for (model::Finding& finding : findings) sink.Add(std::move(finding));
  if (findings.empty() && !package.name.empty()) sink.AddComponent(std::move(package));
}

// ---- SPDX 3.0
// --------------------------------------------------------------------------------------

// Elements of the graph by spdxId.
using Graph = std::map<std::string, io::NodeView>;

std::string TypeOf(io::NodeView node) {
  std::string type = FirstText(node, {"type", "@type"});
  const size_t at = type.find_last_of("/_");
  return at == std::string::npos ? type : type.substr(at + 1);
}

std::string IdOf(io::NodeView node) {
  return FirstText(node, {"spdxId", "@id"});
}

model::Package GraphPackage(io::NodeView node) {
  model::Package package;
  std::string purl = FirstText(node, {"software_packageUrl", "packageUrl"});
  for (const std::string_view key : {"externalIdentifier", "externalIdentifiers"}) {
    for (const io::NodeView& identifier : Items(node, key)) {
      const std::string type = Text(identifier, "externalIdentifierType");
      if (purl.empty() && (type == "packageUrl" || type == "purl"))
        purl = Text(identifier, "identifier");
    }
  }
  if (std::optional<model::Package> read = PackageOfPurl(purl)) package = std::move(*read);
  package.name = Text(node, "name");
  const std::string version = FirstText(node, {"software_packageVersion", "packageVersion"});
  if (!version.empty()) package.version = version;
  return package;
}

std::vector<std::string> IdsOfVulnerability(io::NodeView node) {
  std::vector<std::string> ids;
  for (const io::NodeView& identifier : Items(node, "externalIdentifier")) {
    const std::string type = Text(identifier, "externalIdentifierType");
    if (type == "cve" || type == "securityOther") ids.push_back(Text(identifier, "identifier"));
  }
  for (std::string& id : VulnIdsIn(Text(node, "name"))) ids.push_back(std::move(id));
  for (std::string& id : VulnIdsIn(IdOf(node))) ids.push_back(std::move(id));
  std::erase(ids, "");
  return ids;
}

struct Pair {
  std::string vulnerability;  // spdxId
  std::string package;
  bool operator<(const Pair& other) const {
    return vulnerability != other.vulnerability ? vulnerability < other.vulnerability
                                                : package < other.package;
  }
};

// What the assessments of a graph say, in its order.
struct Assessments {
  std::vector<Pair> pairs;                            // each once
  std::map<Pair, std::vector<io::NodeView>> of_pair;  // ratings
  std::vector<io::NodeView> vex;
};

void AddPair(Assessments& all, const Pair& pair, io::NodeView node) {
  if (all.of_pair.count(pair) == 0) all.pairs.push_back(pair);
  all.of_pair[pair].push_back(node);
}

Assessments ReadAssessments(const std::vector<io::NodeView>& elements) {
  Assessments all;
  for (const io::NodeView& node : elements) {
    const std::string type = TypeOf(node);
    if (type == "Relationship" && Text(node, "relationshipType") == "hasAssociatedVulnerability") {
      for (const std::string& to : Texts(node, "to")) AddPair(all, {to, Text(node, "from")}, node);
    }
    if (!EndsWith(type, "VulnAssessmentRelationship")) continue;
    if (StartsWith(type, "Vex")) {
      all.vex.push_back(node);
    } else {
      for (const std::string& to : Texts(node, "to")) AddPair(all, {Text(node, "from"), to}, node);
    }
  }
  return all;
}

void AddGraphFinding(const Graph& graph, const Pair& pair, const std::vector<io::NodeView>& ratings,
                     Sink& sink) {
  const auto vulnerability = graph.find(pair.vulnerability);
  const auto package = graph.find(pair.package);
  if (vulnerability == graph.end() || package == graph.end()) return;
  const std::vector<std::string> ids = IdsOfVulnerability(vulnerability->second);
  if (ids.empty()) return;
  model::Finding finding = NewVulnFinding(kTool, {}, ids);
  finding.package = GraphPackage(package->second);
  finding.title = VulnTitle(ids.front(), finding.package->name, finding.package->version);
  finding.origin->description = FirstText(vulnerability->second, {"description", "summary"});
  finding.message = FirstLine(finding.origin->description, 500);
  finding.origin->uid = IdOf(vulnerability->second) + "|" + pair.package;
  finding.vuln->published = Text(vulnerability->second, "security_publishedTime");
  std::string word;
  for (const io::NodeView& rating : ratings) {
    const std::optional<double> score = Number(rating, "security_score");
    AddCvss(*finding.vuln, Text(rating, "security_vectorString"), score.value_or(-1),
            Text(rating, "suppliedBy"));
    if (word.empty()) word = Text(rating, "security_severity");
    if (ContainsIgnoreCase(TypeOf(rating), "epss")) {
      finding.vuln->epss = Number(rating, "security_probability").value_or(-1);
      finding.vuln->epss_percentile = Number(rating, "security_percentile").value_or(-1);
    }
  }
  for (const io::NodeView& reference : Items(vulnerability->second, "externalRef")) {
    AddReferences(finding, Texts(reference, "locator"));
  }
  SetSeverityWordOrScore(finding, kTool, word, BestScore(*finding.vuln));
  if (word.empty() && BestScore(*finding.vuln) < 0) finding.severity = model::Severity::kMedium;
  sink.Add(std::move(finding));
}

void AddGraphVex(const Graph& graph, io::NodeView node, const std::string& document, Sink& sink) {
  static const std::map<std::string, model::VexStatus> kStatuses = {
      {"VexAffectedVulnAssessmentRelationship", model::VexStatus::kAffected},
      {"VexFixedVulnAssessmentRelationship", model::VexStatus::kFixed},
      {"VexNotAffectedVulnAssessmentRelationship", model::VexStatus::kNotAffected},
      {"VexUnderInvestigationVulnAssessmentRelationship", model::VexStatus::kUnderInvestigation}};
  const auto status = kStatuses.find(TypeOf(node));
  const auto vulnerability = graph.find(Text(node, "from"));
  if (status == kStatuses.end() || vulnerability == graph.end()) return;
  const std::vector<std::string> ids = IdsOfVulnerability(vulnerability->second);
  if (ids.empty()) return;
  model::VexStatement statement;
  statement.vulnerability = ids.front();
  statement.aliases.assign(ids.begin() + 1, ids.end());
  statement.status = status->second;
  // "vulnerableCodeNotPresent" is "vulnerable_code_not_present" in OpenVEX's words.
  for (const char c : Text(node, "security_justificationType")) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper) statement.justification_word += '_';
    statement.justification_word += upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  statement.justification = model::ParseVexJustification(statement.justification_word)
                                .value_or(model::VexJustification::kNone);
  statement.impact = FirstText(node, {"security_impactStatement", "security_statusNotes"});
  statement.action = Text(node, "security_actionStatement");
  statement.timestamp = Text(node, "security_publishedTime");
  statement.document = document;
  for (const std::string& to : Texts(node, "to")) {
    const auto package = graph.find(to);
    const model::Package read =
        package == graph.end() ? model::Package() : GraphPackage(package->second);
    statement.products.push_back({read.purl.empty() ? to : read.purl, {}, {}, {}});
  }
  sink.AddVex(std::move(statement));
}

Status ReadGraph(io::NodeView root, Sink& sink) {
  const std::vector<io::NodeView> elements = Items(root, "@graph");
  Graph graph;
  std::string document, created;
  for (const io::NodeView& node : elements) {
    graph.emplace(IdOf(node), node);
    if (TypeOf(node) == "SpdxDocument") document = FirstText(node, {"name", "spdxId"});
    if (TypeOf(node) == "CreationInfo") created = Text(node, "created");
  }
  sink.Begin({std::string(kTool), {}, document, created});
  const Assessments all = ReadAssessments(elements);
  std::set<std::string> with_finding;
  for (const Pair& pair : all.pairs) {
    with_finding.insert(pair.package);
    AddGraphFinding(graph, pair, all.of_pair.at(pair), sink);
  }
  for (const io::NodeView& node : all.vex) AddGraphVex(graph, node, document, sink);
  for (const io::NodeView& node : elements) {
    if (TypeOf(node) != "Package" || with_finding.count(IdOf(node)) != 0) continue;
    sink.AddComponent(GraphPackage(node));
  }
  return {};
}

int Detect(const ReportInput& input) {
  if (!input.LooksLikeJson()) {
    for (const std::string_view line : input.Lines(4'096)) {
      if (StartsWith(line, "SPDXVersion:")) return kNamed;
    }
    return kNo;
  }
  const io::NodeView root = input.json();
  if (!Text(root, "spdxVersion").empty()) return kNamed;
  const bool graph = root.Get("@graph").IsList();
  return graph && ContainsIgnoreCase(Text(root, "@context"), "spdx.org") ? kNamed : kNo;
}

Status Read(const ReportInput& input, Sink& sink) {
  Document document;
  if (input.LooksLikeJson()) {
    OURO_TRY(const io::NodeView root, JsonRoot(input));
    if (root.Get("@graph").IsList()) return ReadGraph(root, sink);
    const io::NodeView packages = root.Get("packages");
    if (packages && !packages.IsList() && packages.type() != io::NodeType::kNull) {
      return Fail(ErrorCode::kInvalid, "\"packages\" is no list", PlaceOf(packages));
    }
    document = ReadJsonDocument(root);
  } else {
    OURO_TRY(document, ReadTagValue(input));
  }
  sink.Begin({std::string(kTool), document.creator, document.name, document.created});
  for (const SpdxPackage& package : document.packages) AddPackage(document, package, sink);
  return {};
}

}  // namespace

const Importer kSpdx = {"spdx",
                        "SPDX",
                        "SPDX 2.2 and 2.3 (JSON, tag-value), 3.0 (JSON-LD)",
                        "one vulnerability that a package's security references name",
                        Detect,
                        Read};

}  // namespace ouro::ingest
