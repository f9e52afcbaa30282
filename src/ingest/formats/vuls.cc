// Vuls: results/<time>/<server>.json (`vuls report -format-json`), JSON version 4: vulnerabilities
// by CVE, each with the packages, libraries or CPEs that it concerns
// (github.com/future-architect/vuls/models).
#include <array>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"
#include "model/purl.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "vuls";

std::vector<io::NodeView> Servers(const ReportInput& input) {
  std::vector<io::NodeView> servers;
  for (const io::NodeView& value : input.values()) {
    if (value.IsMap()) servers.push_back(value);
    if (!value.IsList()) continue;
    for (const io::NodeView& server : value.Children()) servers.push_back(server);
  }
  return servers;
}

int Detect(const ReportInput& input) {
  const std::vector<io::NodeView> servers = Servers(input);
  if (servers.empty() || !servers.front().Get("scannedCves")) return kNo;
  return HasKeys(servers.front(), {"jsonVersion", "serverName"}) ? kNamed : kSure;
}

// The purl type of an operating system's packages.
std::string_view PackageType(std::string_view family) {
  if (family == "debian" || family == "ubuntu" || family == "raspbian") return "deb";
  return family == "alpine" ? "apk" : "rpm";
}

// One content of a source: an object in old versions, a list since.
std::vector<io::NodeView> ContentsOf(io::NodeView node) {
  if (node.IsList()) return node.Children();
  return node.IsMap() ? std::vector<io::NodeView>{node} : std::vector<io::NodeView>{};
}

void ReadContent(model::Finding& finding, std::string_view source, io::NodeView content) {
  model::Vuln& vuln = *finding.vuln;
  AddCvss(vuln, Text(content, "cvss40Vector"), Number(content, "cvss40Score").value_or(-1), source);
  AddCvss(vuln, Text(content, "cvss3Vector"), Number(content, "cvss3Score").value_or(-1), source);
  AddCvss(vuln, Text(content, "cvss2Vector"), Number(content, "cvss2Score").value_or(-1), source);
  for (const std::string& cwe : Texts(content, "cweIDs")) AddCwes(finding, cwe);
  AddReference(finding, Text(content, "sourceLink"));
  for (const io::NodeView& reference : Items(content, "references")) {
    AddReference(finding, Text(reference, "link"));
  }
  if (finding.origin->description.empty()) {
    finding.origin->description = FirstText(content, {"summary", "title"});
  }
  if (vuln.published.empty()) vuln.published = Text(content, "published");
}

// A score of 0 without a vector means "not rated".
void DropUnrated(model::Vuln& vuln) {
  std::erase_if(vuln.cvss,
                [](const model::Cvss& cvss) { return cvss.vector.empty() && cvss.score <= 0; });
}

std::string WordOf(io::NodeView contents) {
  for (const auto& [source, list] : contents.Members()) {
    for (const io::NodeView& content : ContentsOf(list)) {
      std::string word = FirstText(content, {"cvss40Severity", "cvss3Severity", "cvss2Severity"});
      if (!word.empty()) return word;
    }
  }
  return {};
}

model::Finding NewCve(io::NodeView server, std::string_view version, io::NodeView cve,
                      std::string_view key) {
  std::string id = Text(cve, "cveID");
  if (id.empty()) id = std::string(key);
  model::Finding finding = NewVulnFinding(kTool, version, {id});
  const io::NodeView contents = cve.Get("cveContents");
  for (const auto& [source, list] : contents.Members()) {
    for (const io::NodeView& content : ContentsOf(list)) ReadContent(finding, source, content);
  }
  DropUnrated(*finding.vuln);
  SetSeverityWordOrScore(finding, kTool, WordOf(contents), BestScore(*finding.vuln));
  finding.vuln->kev = !Items(cve, "kevs").empty() || !Items(cve, "alertDict.cisa").empty();
  const std::vector<io::NodeView> confidences = Items(cve, "confidences");
  if (!confidences.empty()) {
    finding.origin->confidence = Text(confidences.front(), "detectionMethod");
  }
  finding.message = FirstLine(finding.origin->description);
  finding.stage = kStageRuntime;
  finding.asset.Make().host = Text(server, "serverName");
  const std::string image = Text(server, "container.image");
  if (!image.empty()) finding.image.Make().reference = image;
  const std::string container = Text(server, "container.name");
  if (!container.empty()) SetResource(finding, "Container", {}, container, container);
  for (const io::NodeView& advisory : Items(cve, "distroAdvisories")) {
    AddTag(finding, Text(advisory, "advisoryID"));
  }
  return finding;
}

void AddFinding(Sink& sink, model::Finding&& finding) {
  const model::Package empty;
  const model::Package& package = finding.package ? *finding.package : empty;
  finding.title = VulnTitle(finding.vuln->id, package.name, package.version);
  sink.Add(std::move(finding));
}

void ReadPackage(io::NodeView server, io::NodeView affected, model::Finding finding, Sink& sink) {
  const std::string name = Text(affected, "name");
  const std::string family = Text(server, "family");
  const io::NodeView installed = server.Get("packages").Get(name);
  std::string version = Text(installed, "version");
  const std::string release = Text(installed, "release");
  if (!release.empty()) version += "-" + release;
  SetPackage(finding, PackageType(family), name, version, family);
  const std::string fixed = FirstText(affected, {"fixedIn"});
  if (!fixed.empty()) SetFixedIn(finding, {fixed});
  if (Flag(affected, "notFixedYet")) finding.vuln->fix_state = "not-fixed";
  const std::string state = Text(affected, "fixState");
  if (!state.empty()) finding.vuln->fix_state = FixState(state);
  AddFinding(sink, std::move(finding));
}

std::string LibraryVersion(io::NodeView server, std::string_view path, std::string_view name) {
  for (const io::NodeView& library : Items(server, "libraries")) {
    if (FirstText(library, {"lockfilePath", "path", "LockfilePath"}) != path) continue;
    for (const std::string_view list : {"libs", "Libs"}) {
      for (const io::NodeView& lib : Items(library, list)) {
        if (FirstText(lib, {"name", "Name"}) == name) return FirstText(lib, {"version", "Version"});
      }
    }
  }
  return {};
}

void ReadLibrary(io::NodeView server, io::NodeView fix, model::Finding finding, Sink& sink) {
  const std::string name = Text(fix, "name");
  const std::string path = Text(fix, "path");
  SetPackage(finding, Text(fix, "key"), name, LibraryVersion(server, path, name));
  if (finding.package) finding.package->path = path;
  finding.location.file = LocationPath(path);
  if (const std::string fixed = Text(fix, "fixedIn"); !fixed.empty()) SetFixedIn(finding, {fixed});
  AddFinding(sink, std::move(finding));
}

void ReadCve(io::NodeView server, std::string_view version, std::string_view key, io::NodeView cve,
             Sink& sink) {
  const model::Finding finding = NewCve(server, version, cve, key);
  const std::vector<io::NodeView> packages = Items(cve, "affectedPackages");
  const std::vector<io::NodeView> libraries = Items(cve, "libraryFixedIns");
  for (const io::NodeView& affected : packages) ReadPackage(server, affected, finding, sink);
  for (const io::NodeView& fix : libraries) ReadLibrary(server, fix, finding, sink);
  if (!packages.empty() || !libraries.empty()) return;
  model::Finding whole = finding;
  for (const std::string& cpe : Texts(cve, "cpeURIs")) AddTag(whole, cpe);
  AddFinding(sink, std::move(whole));
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY_STATUS(JsonValues(input));
  const std::vector<io::NodeView> servers = Servers(input);
  for (const io::NodeView& server : servers) {
    if (!server.Get("scannedCves")) return MissingPart(server, "scannedCves");
  }
  ReportFacts facts;
  facts.tool = kTool;
  if (!servers.empty()) {
    facts.tool_version = FirstText(servers.front(), {"scannedVersion", "reportedVersion"});
    facts.target = Text(servers.front(), "serverName");
    facts.created = FirstText(servers.front(), {"reportedAt", "scannedAt"});
  }
  sink.Begin(facts);
  for (const io::NodeView& server : servers) {
    for (const auto& [key, cve] : server.Get("scannedCves").Members()) {
      ReadCve(server, facts.tool_version, key, cve, sink);
    }
    for (const std::string& error : Texts(server, "errors")) {
      AddNotExamined(sink, input, server.Get("errors"), "vuls: " + error);
    }
  }
  return {};
}

}  // namespace

const Importer kVuls = {
    "vuls", "Vuls", "vuls report -format-json", "one vulnerability of one package or library",
    Detect, Read};

}  // namespace ouro::ingest
