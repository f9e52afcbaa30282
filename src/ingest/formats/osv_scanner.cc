// OSV-Scanner's JSON (--format json), versions 1 and 2; the records in it are OSV's
// (ossf.github.io/ osv-schema).
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/vuln_shared.h"

namespace ouro::ingest {
namespace {

using model::Finding;

constexpr std::string_view kTool = "osv-scanner";

int Detect(const ReportInput& input) {
  const io::NodeView root = input.json();
  if (!root.Get("results")) return kNo;
  if (root.Get("experimental_config")) return kNamed;
  const std::vector<io::NodeView> results = Items(root, "results");
  const bool shape = !results.empty() && HasKeys(results.front(), {"source", "packages"});
  return shape ? kNamed : kNo;
}

// Versions that fix it in the packages of that name, from the events of the ranges.
std::vector<std::string> FixedVersions(io::NodeView record, const std::string& name) {
  std::vector<std::string> versions;
  for (const io::NodeView& affected : Items(record, "affected")) {
    if (Text(affected, "package.name") != name) continue;
    for (const io::NodeView& range : Items(affected, "ranges")) {
      if (Text(range, "type") == "GIT") continue;
      for (const io::NodeView& event : Items(range, "events"))
        versions.push_back(Text(event, "fixed"));
    }
  }
  return versions;
}

void SetRatings(Finding& finding, io::NodeView record) {
  for (const io::NodeView& rating : Items(record, "severity")) {
    AddCvss(*finding.vuln, Text(rating, "score"), -1, "osv");
  }
}

void SetWeaknesses(Finding& finding, io::NodeView record) {
  for (const std::string& cwe : Texts(record, "database_specific.cwe_ids")) AddCwes(finding, cwe);
  for (const io::NodeView& affected : Items(record, "affected")) {
    for (const io::NodeView& cwe : Items(affected, "database_specific.cwes")) {
      AddCwes(finding, Text(cwe, "cweId"));
    }
  }
}

// The group's highest score, where OSV-Scanner computed one.
double GroupScore(io::NodeView package, const std::string& id) {
  for (const io::NodeView& group : Items(package, "groups")) {
    for (const std::string& member : Texts(group, "ids")) {
      if (member == id) return Number(group, "max_severity").value_or(-1);
    }
  }
  return -1;
}

Finding ReadRecord(io::NodeView source, io::NodeView package, io::NodeView record) {
  const std::string id = Text(record, "id");
  std::vector<std::string> ids = {id};
  for (std::string& alias : Texts(record, "aliases")) ids.push_back(std::move(alias));
  Finding finding = NewVulnFinding(kTool, {}, ids);
  if (StartsWith(id, "MAL-")) finding.finding_class = model::FindingClass::kMalware;
  const std::string name = Text(package, "package.name");
  const std::string version = Text(package, "package.version");
  const std::string ecosystem = Text(package, "package.ecosystem");
  const std::string family = ecosystem.substr(0, ecosystem.find(':'));
  SetPackage(finding, family, name, version, LowerAscii(family));
  finding.title = fmt::format("{}_{}", id, name);
  finding.message = Text(record, "summary");
  finding.origin->description = Text(record, "details");
  if (finding.message.empty()) finding.message = OneLine(finding.origin->description, 500);
  finding.location.file = LocationPath(Text(source, "path"));
  if (finding.package) {
    finding.package->path = finding.location.file;
    const std::string upstream = Text(package, "package.os_package_name");
    if (!upstream.empty() && upstream != name) finding.package->source = name;
  }
  for (const io::NodeView& reference : Items(record, "references"))
    AddReference(finding, Text(reference, "url"));
  SetRatings(finding, record);
  SetWeaknesses(finding, record);
  std::string word = Text(record, "database_specific.severity");
  const double score = GroupScore(package, id);
  if (!word.empty() || score >= 0) {
    SetSeverityWordOrScore(finding, kTool, word, score);
  } else {
    SetSeverity(finding, kTool, "", model::Severity::kLow);
  }
  finding.vuln->published = Text(record, "published");
  SetFixedIn(finding, FixedVersions(record, name));
  for (const std::string& group : Texts(package, "dependency_groups")) AddTag(finding, group);
  return finding;
}

// Licences that --licenses does not allow.
void AddLicences(io::NodeView source, io::NodeView package, Sink& sink) {
  for (const std::string& licence : Texts(package, "license_violations")) {
    Finding finding = NewFinding(model::FindingClass::kLicence, kTool, {}, licence);
    SetPackage(finding, Text(package, "package.ecosystem"), Text(package, "package.name"),
               Text(package, "package.version"));
    finding.title = fmt::format("{} in {}", licence, Text(package, "package.name"));
    finding.message = fmt::format("The licence {} is not allowed", licence);
    finding.location.file = LocationPath(Text(source, "path"));
    SetSeverity(finding, kTool, "medium");
    sink.Add(std::move(finding));
  }
}

// Is the vulnerability called by the code (call analysis)? Only where the report says so.
void SetCalled(Finding& finding, io::NodeView package) {
  for (const io::NodeView& group : Items(package, "groups")) {
    for (const auto& [id, analysis] : group.Get("experimentalAnalysis").Members()) {
      const bool mine = finding.vuln->id == id || finding.check == fmt::format("{}:{}", kTool, id);
      if (mine) AddTag(finding, Flag(analysis, "called") ? "called" : "not-called");
    }
  }
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  const io::NodeView results = root.Get("results");
  if (!results.IsList() && results.type() != io::NodeType::kNull)
    return MissingPart(root, "list \"results\"");
  const std::vector<io::NodeView> sources = Items(root, "results");
  sink.Begin({std::string(kTool),
              {},
              sources.size() == 1 ? Text(sources.front(), "source.path") : "",
              {}});
  for (const io::NodeView& result : sources) {
    const io::NodeView source = result.Get("source");
    for (const io::NodeView& package : Items(result, "packages")) {
      for (const io::NodeView& record : Items(package, "vulnerabilities")) {
        Finding finding = ReadRecord(source, package, record);
        SetCalled(finding, package);
        sink.Add(std::move(finding));
      }
      AddLicences(source, package, sink);
    }
  }
  return {};
}

}  // namespace

const Importer kOsvScanner = {"osv-scanner",
                              "OSV-Scanner",
                              "osv-scanner --format json",
                              "one vulnerability of one package in one lock file",
                              Detect,
                              Read};

}  // namespace ouro::ingest
