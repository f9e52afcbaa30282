// CycloneDX 1.0 to 1.6, JSON and XML (ECMA-424), with the vulnerability extension 1.0 of the years
// before 1.4. Both forms are read into one bill of materials first. One finding is one
// vulnerability of one affected component; other components are handed over as such. An analysis is
// a VEX statement and the state of the finding. A document that is only VEX (nothing of `affects`
// is in it) has no findings.
#include <map>
#include <set>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/sarif_tools.h"
#include "ingest/formats/vuln_shared.h"
#include "model/vex.h"

namespace ouro::ingest {
namespace {

struct Component {
  std::string reference;  // bom-ref
  std::string type;       // "library", "container", …
  std::string group;
  model::Package package;
  std::string layer;
};

struct Rating {
  std::string source;
  std::string severity;
  std::string method;
  std::string vector;
  std::string score;
};

struct Affected {
  std::string reference;
  std::vector<std::string> ranges;  // "vers:…" of those that are affected
};

struct Vulnerability {
  std::string reference;  // bom-ref
  std::vector<std::string> ids;
  std::string source;
  std::vector<Rating> ratings;
  std::vector<std::string> cwes;
  std::string description;
  std::string detail;
  std::string recommendation;
  std::string workaround;
  std::vector<std::string> urls;
  std::string published;
  std::string updated;
  std::string state;
  std::string justification;
  std::vector<std::string> responses;
  std::string analysis_detail;
  std::vector<Affected> affected;
  std::vector<std::string> fixed_versions;
};

struct Bom {
  std::string tool;  // as an importer names it; "cyclonedx" when nobody knows it
  std::string tool_version;
  std::string serial;
  std::string version;
  std::string created;
  Component subject;  // metadata.component
  std::vector<Component> components;
  std::vector<Vulnerability> vulnerabilities;
};

void SetTool(Bom& bom, const std::string& name, const std::string& version) {
  const SarifDriver driver = DriverOf(name);
  if (!driver.known || bom.tool != "cyclonedx") return;
  bom.tool = driver.prefix;
  bom.tool_version = version;
}

// The name as its ecosystem writes it; of Maven the artifact alone, the group stands in the purl.
void FinishComponent(Component& component, const std::string& purl) {
  model::Package& package = component.package;
  if (const std::optional<model::Package> read = PackageOfPurl(purl)) {
    package.purl = read->purl;
    package.type = read->type;
    if (package.version.empty()) package.version = read->version;
  }
  const bool joined = !component.group.empty() && package.type != "maven" &&
                      package.type != "deb" && package.type != "rpm" && package.type != "apk";
  if (joined && !StartsWith(package.name, component.group + "/")) {
    package.name = component.group + "/" + package.name;
  }
}

// Facts that Trivy and Syft keep in properties.
void ReadProperty(Component& component, const std::string& name, const std::string& value) {
  if (EndsWith(name, ":FilePath") || EndsWith(name, "location:0:path"))
    component.package.path = value;
  if (EndsWith(name, ":SrcName")) component.package.source = value;
  if (EndsWith(name, ":LayerDigest") || EndsWith(name, "location:0:layerID"))
    component.layer = value;
}

// ---- JSON
// ------------------------------------------------------------------------------------------

Component ReadComponent(io::NodeView node) {
  Component component;
  component.reference = Text(node, "bom-ref");
  component.type = Text(node, "type");
  component.group = Text(node, "group");
  component.package.name = Text(node, "name");
  component.package.version = Text(node, "version");
  for (const io::NodeView& occurrence : Items(node, "evidence.occurrences")) {
    if (component.package.path.empty()) component.package.path = Text(occurrence, "location");
  }
  for (const io::NodeView& property : Items(node, "properties")) {
    ReadProperty(component, Text(property, "name"), Text(property, "value"));
  }
  FinishComponent(component, Text(node, "purl"));
  return component;
}

void ReadComponents(io::NodeView parent, Bom& bom) {
  for (const io::NodeView& node : Items(parent, "components")) {
    bom.components.push_back(ReadComponent(node));
    ReadComponents(node, bom);
  }
}

Vulnerability ReadVulnerability(io::NodeView node) {
  Vulnerability found;
  found.reference = Text(node, "bom-ref");
  found.ids.push_back(Text(node, "id"));
  for (const io::NodeView& other : Items(node, "references"))
    found.ids.push_back(Text(other, "id"));
  found.source = Text(node, "source.name");
  found.urls.push_back(Text(node, "source.url"));
  for (const io::NodeView& rating : Items(node, "ratings")) {
    found.ratings.push_back({Text(rating, "source.name"), Text(rating, "severity"),
                             Text(rating, "method"), Text(rating, "vector"),
                             Text(rating, "score")});
  }
  found.cwes = Texts(node, "cwes");
  found.description = Text(node, "description");
  found.detail = Text(node, "detail");
  found.recommendation = Text(node, "recommendation");
  found.workaround = Text(node, "workaround");
  for (const io::NodeView& advisory : Items(node, "advisories"))
    found.urls.push_back(Text(advisory, "url"));
  found.published = Text(node, "published");
  found.updated = FirstText(node, {"analysis.lastUpdated", "updated"});
  found.state = Text(node, "analysis.state");
  found.justification = Text(node, "analysis.justification");
  found.responses = Texts(node, "analysis.response");
  found.analysis_detail = Text(node, "analysis.detail");
  for (const io::NodeView& target : Items(node, "affects")) {
    Affected affected{Text(target, "ref"), {}};
    for (const io::NodeView& version : Items(target, "versions")) {
      const std::string range = Text(version, "range");
      if (!range.empty()) affected.ranges.push_back(range);
      if (Text(version, "status") == "unaffected" && range.empty())
        found.fixed_versions.push_back(Text(version, "version"));
    }
    found.affected.push_back(std::move(affected));
  }
  for (const io::NodeView& property : Items(node, "properties")) {
    if (EndsWith(Text(property, "name"), "fixed_versions"))
      found.fixed_versions.push_back(Text(property, "value"));
  }
  return found;
}

Bom ReadJsonBom(io::NodeView root) {
  Bom bom;
  bom.tool = "cyclonedx";
  bom.serial = Text(root, "serialNumber");
  bom.version = Text(root, "version");
  bom.created = Text(root, "metadata.timestamp");
  for (const std::string_view list : {"metadata.tools", "metadata.tools.components"}) {
    for (const io::NodeView& tool : Items(root, list))
      SetTool(bom, Text(tool, "name"), Text(tool, "version"));
  }
  bom.subject = ReadComponent(At(root, "metadata.component"));
  ReadComponents(At(root, "metadata.component"), bom);
  ReadComponents(root, bom);
  for (const io::NodeView& node : Items(root, "vulnerabilities")) {
    bom.vulnerabilities.push_back(ReadVulnerability(node));
  }
  return bom;
}

// ---- XML
// -------------------------------------------------------------------------------------------

Component ReadComponent(XmlNode node) {
  Component component;
  component.reference = node.Attribute("bom-ref");
  component.type = node.Attribute("type");
  component.group = node.ChildText("group");
  component.package.name = node.ChildText("name");
  component.package.version = node.ChildText("version");
  for (const XmlNode& property : node.Child("properties").Children("property")) {
    ReadProperty(component, std::string(property.Attribute("name")), property.Text());
  }
  FinishComponent(component, node.ChildText("purl"));
  return component;
}

Rating ReadRating(XmlNode rating) {
  const XmlNode score = rating.Child("score");
  const std::string base = score.ChildText("base");  // of the extension
  return {rating.Child("source").ChildText("name"), rating.ChildText("severity"),
          rating.ChildText("method"), rating.ChildText("vector"),
          base.empty() ? score.Text() : base};
}

void ReadAnalysis(XmlNode node, Vulnerability& found) {
  const XmlNode analysis = node.Child("analysis");
  found.state = analysis.ChildText("state");
  found.justification = analysis.ChildText("justification");
  for (const XmlNode& word : analysis.Child("responses").Children("response")) {
    found.responses.push_back(word.Text());
  }
  found.analysis_detail = analysis.ChildText("detail");
  for (const XmlNode& target : node.Child("affects").Children("target")) {
    Affected affected{target.ChildText("ref"), {}};
    for (const XmlNode& version : target.Child("versions").Children("version")) {
      const std::string range = version.ChildText("range");
      if (!range.empty()) affected.ranges.push_back(range);
    }
    found.affected.push_back(std::move(affected));
  }
}

// `owner`: bom-ref of the component that holds the element, in the extension.
Vulnerability ReadVulnerability(XmlNode node, const std::string& owner) {
  Vulnerability found;
  found.reference = node.Attribute("bom-ref");
  found.ids.push_back(node.ChildText("id"));
  for (const XmlNode& other : node.Child("references").Children("reference")) {
    found.ids.push_back(other.ChildText("id"));
  }
  const XmlNode source = node.Child("source");
  found.source = source.HasAttribute("name") ? std::string(source.Attribute("name"))
                                             : source.ChildText("name");
  found.urls.push_back(source.ChildText("url"));
  for (const XmlNode& rating : node.Child("ratings").Children("rating")) {
    found.ratings.push_back(ReadRating(rating));
  }
  for (const XmlNode& cwe : node.Child("cwes").Children("cwe")) found.cwes.push_back(cwe.Text());
  found.description = node.ChildText("description");
  found.detail = node.ChildText("detail");
  found.recommendation = node.ChildText("recommendation");
  if (found.recommendation.empty()) {
    found.recommendation = node.Child("recommendations").ChildText("recommendation");
  }
  found.workaround = node.ChildText("workaround");
  for (const XmlNode& advisory : node.Child("advisories").Children("advisory")) {
    found.urls.push_back(advisory.Child("url") ? advisory.ChildText("url") : advisory.Text());
  }
  found.published = node.ChildText("published");
  found.updated = node.ChildText("updated");
  for (const XmlNode& property : node.Child("properties").Children("property")) {
    if (EndsWith(property.Attribute("name"), "fixed_versions"))
      found.fixed_versions.push_back(property.Text());
  }
  ReadAnalysis(node, found);
  const std::string reference =
      node.HasAttribute("ref") ? std::string(node.Attribute("ref")) : owner;
  if (found.affected.empty() && !reference.empty()) found.affected.push_back({reference, {}});
  return found;
}

void ReadComponents(XmlNode parent, Bom& bom) {
  for (const XmlNode& node : parent.Child("components").Children("component")) {
    Component component = ReadComponent(node);
    if (component.reference.empty()) component.reference = component.package.purl;
    const std::string reference = component.reference;
    bom.components.push_back(std::move(component));
    for (const XmlNode& item : node.Child("vulnerabilities").Children("vulnerability")) {
      bom.vulnerabilities.push_back(ReadVulnerability(item, reference));
    }
    ReadComponents(node, bom);
  }
}

Bom ReadXmlBom(XmlNode root) {
  Bom bom;
  bom.tool = "cyclonedx";
  bom.serial = root.Attribute("serialNumber");
  bom.version = root.Attribute("version");
  const XmlNode metadata = root.Child("metadata");
  bom.created = metadata.ChildText("timestamp");
  const XmlNode tools = metadata.Child("tools");
  for (const XmlNode& tool : tools.Children("tool"))
    SetTool(bom, tool.ChildText("name"), tool.ChildText("version"));
  for (const XmlNode& tool : tools.Child("components").Children("component")) {
    SetTool(bom, tool.ChildText("name"), tool.ChildText("version"));
  }
  bom.subject = ReadComponent(metadata.Child("component"));
  ReadComponents(metadata.Child("component"), bom);
  ReadComponents(root, bom);
  for (const XmlNode& node : root.Child("vulnerabilities").Children("vulnerability")) {
    bom.vulnerabilities.push_back(ReadVulnerability(node, {}));
  }
  return bom;
}

// ---- findings
// --------------------------------------------------------------------------------------

// Severity of the rating by the vulnerability's own source, else of the first that has one.
std::string SeverityWord(const Vulnerability& from) {
  std::string word;
  for (const Rating& rating : from.ratings) {
    if (rating.severity.empty() || EqualsIgnoreCase(rating.severity, "unknown")) continue;
    if (word.empty()) word = rating.severity;
    if (!from.source.empty() && EqualsIgnoreCase(rating.source, from.source))
      return rating.severity;
  }
  return word;
}

std::string StateOf(const Vulnerability& from) {
  if (from.state == "not_affected") return "not_affected";
  if (from.state == "false_positive") return "false_positive";
  if (StartsWith(from.state, "resolved")) return "fixed";
  return {};
}

void SetRatings(model::Finding& finding, const Vulnerability& from) {
  for (const Rating& rating : from.ratings) {
    const bool is_cvss = rating.method.empty() || StartsWith(LowerAscii(rating.method), "cvss");
    if (!is_cvss) continue;
    double score = -1;
    if (!rating.score.empty()) score = std::strtod(rating.score.c_str(), nullptr);
    if (rating.method.empty() && rating.vector.empty()) continue;
    AddCvss(*finding.vuln, rating.vector, score, rating.source);
  }
}

model::Finding FindingOf(const Bom& bom, const Vulnerability& from, const Component& component) {
  model::Finding finding = NewVulnFinding(bom.tool, bom.tool_version, from.ids);
  finding.package = component.package;
  const model::Package& package = *finding.package;
  finding.title = package.version.empty()
                      ? fmt::format("{} | {}", package.name, from.ids.front())
                      : fmt::format("{}:{} | {}", package.name, package.version, from.ids.front());
  finding.message = FirstLine(from.description, 500);
  finding.remediation = from.recommendation.empty() ? from.workaround : from.recommendation;
  model::Origin& origin = *finding.origin;
  origin.uid = from.reference;
  origin.description = from.description;
  if (!from.detail.empty())
    origin.description += (origin.description.empty() ? "" : "\n\n") + from.detail;
  AddReferences(finding, from.urls);
  for (const std::string& cwe : from.cwes) AddCwes(finding, cwe);
  SetRatings(finding, from);
  SetSeverityWordOrScore(finding, bom.tool, SeverityWord(from), BestScore(*finding.vuln));
  finding.vuln->published = from.published;
  std::vector<std::string> fixed = from.fixed_versions;
  const size_t to = from.recommendation.find(" to version ");
  if (StartsWith(from.recommendation, "Upgrade ") && to != std::string::npos && fixed.empty()) {
    fixed.push_back(
        from.recommendation.substr(to + 12, from.recommendation.find(';', to) - to - 12));
  }
  SetFixedIn(finding, fixed);
  finding.location.file = LocationPath(package.path);
  if (bom.subject.type == "container") {
    finding.image = model::Image{bom.subject.package.name, {}, component.layer};
    const std::string& version = bom.subject.package.version;
    if (StartsWith(version, "sha256:")) finding.image->digest = version;
  }
  SetState(finding, StateOf(from), from.analysis_detail);
  return finding;
}

// A component of another document: "urn:cdx:<serial>/<version>#<bom-ref>".
std::string LocalReference(const std::string& reference) {
  const size_t hash = reference.rfind('#');
  return StartsWith(reference, "urn:cdx:") && hash != std::string::npos ? reference.substr(hash + 1)
                                                                        : reference;
}

model::VexStatement StatementOf(const Bom& bom, const Vulnerability& from,
                                const std::map<std::string, const Component*>& by_reference) {
  model::VexStatement statement;
  statement.vulnerability = from.ids.front();
  for (size_t i = 1; i < from.ids.size(); ++i) {
    if (!from.ids[i].empty()) statement.aliases.push_back(from.ids[i]);
  }
  statement.status =
      model::ParseVexStatus(from.state).value_or(model::VexStatus::kUnderInvestigation);
  statement.justification =
      model::ParseVexJustification(from.justification).value_or(model::VexJustification::kNone);
  statement.justification_word = from.justification;
  statement.impact = from.analysis_detail;
  statement.action = from.recommendation;
  statement.response = JoinText(from.responses, ", ");
  statement.timestamp = from.updated.empty() ? bom.created : from.updated;
  statement.document = bom.serial;
  statement.document_version = bom.version;
  for (const Affected& affected : from.affected) {
    model::VexProduct product;
    const auto found = by_reference.find(affected.reference);
    const bool has_purl = found != by_reference.end() && !found->second->package.purl.empty();
    product.id = has_purl ? found->second->package.purl : LocalReference(affected.reference);
    if (affected.ranges.size() == 1) product.version_range = affected.ranges.front();
    if (product.id != affected.reference) product.identifiers.push_back(affected.reference);
    statement.products.push_back(std::move(product));
  }
  return statement;
}

bool IsPackage(const Component& component) {
  return !component.package.name.empty() && component.type != "operating-system" &&
         component.type != "file" && component.type != "device" && component.type != "data";
}

// A component that the document affects but does not list: a purl says enough. A document without
// components is only VEX.
void AddUnknown(const Bom& bom, const Vulnerability& from, const Affected& affected, Sink& sink) {
  if (bom.components.empty()) return;
  if (std::optional<model::Package> package = PackageOfPurl(affected.reference)) {
    Component component;
    component.package = std::move(*package);
    sink.Add(FindingOf(bom, from, component));
    return;
  }
  model::Problem problem;
  problem.kind = "not_found";
  problem.message = fmt::format("{} affects the component \"{}\", which the document does not list",
                                from.ids.front(), affected.reference);
  sink.AddProblem(std::move(problem));
}

void AddAll(const Bom& bom, Sink& sink) {
  std::map<std::string, const Component*> by_reference;
  for (const Component& component : bom.components)
    by_reference.emplace(component.reference, &component);
  if (!bom.subject.package.name.empty()) by_reference.emplace(bom.subject.reference, &bom.subject);
  std::set<const Component*> with_finding;
  for (const Vulnerability& from : bom.vulnerabilities) {
    if (from.ids.front().empty()) {
      model::Problem problem;
      problem.kind = "invalid";
      problem.message = "a vulnerability without id was left out";
      sink.AddProblem(std::move(problem));
      continue;
    }
    for (const Affected& affected : from.affected) {
      const auto found = by_reference.find(affected.reference);
      if (found != by_reference.end()) {
        with_finding.insert(found->second);
        sink.Add(FindingOf(bom, from, *found->second));
      } else {
        AddUnknown(bom, from, affected, sink);
      }
    }
    if (!from.state.empty() && from.state != "in_triage")
      sink.AddVex(StatementOf(bom, from, by_reference));
  }
  for (const Component& component : bom.components) {
    if (!IsPackage(component) || with_finding.count(&component) != 0) continue;
    model::Package package = component.package;
    sink.AddComponent(std::move(package));
  }
}

int Detect(const ReportInput& input) {
  if (input.LooksLikeXml()) {
    const XmlNode root = input.xml();
    const bool named = root.namespace_uri().find("cyclonedx.org") != std::string_view::npos;
    return root.name() == "bom" && named ? kNamed : kNo;
  }
  const io::NodeView root = input.json();
  if (Text(root, "bomFormat") == "CycloneDX") return kNamed;
  return ContainsIgnoreCase(Text(root, "$schema"), "cyclonedx.org/schema/bom") ? kNamed : kNo;
}

Status Read(const ReportInput& input, Sink& sink) {
  Bom bom;
  if (input.LooksLikeXml()) {
    OURO_TRY(const XmlNode root, XmlRoot(input));
    bom = ReadXmlBom(root);
  } else {
    OURO_TRY(const io::NodeView root, JsonRoot(input));
    if (!root.IsMap()) return MissingPart(root, "object at its top");
    bom = ReadJsonBom(root);
  }
  const std::string& subject = bom.subject.package.name;
  sink.Begin({bom.tool, bom.tool_version, subject.empty() ? bom.serial : subject, bom.created});
  AddAll(bom, sink);
  return {};
}

}  // namespace

const Importer kCyclonedx = {"cyclonedx",
                             "CycloneDX",
                             "CycloneDX 1.0 to 1.6, JSON and XML, with vulnerabilities and VEX",
                             "one vulnerability of one affected component",
                             Detect,
                             Read};

}  // namespace ouro::ingest
