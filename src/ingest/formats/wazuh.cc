// Wazuh: vulnerabilities of its agents: the answer of GET /vulnerability/{agent} (4.3 to 4.7:
// data.affected_items), its items alone, and documents of the index wazuh-states-vulnerabilities
// (4.8 and later: hits).
#include <algorithm>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "wazuh";

bool IsItem(io::NodeView node) {
  return HasKeys(node, {"cve", "name", "version"}) &&
         (node.Get("condition") || node.Get("detection_time") || node.Get("agent_id") ||
          node.Get("architecture"));
}

bool IsState(io::NodeView node) {
  return HasKeys(node, {"agent", "package", "vulnerability"}) &&
         !Text(node, "vulnerability.id").empty();
}

// Entries of any of the shapes.
std::vector<io::NodeView> Entries(io::NodeView root) {
  std::vector<io::NodeView> entries;
  for (const io::NodeView& hit : Items(root, "hits.hits")) entries.push_back(hit.Get("_source"));
  if (!entries.empty()) return entries;
  entries = Items(root, "data.affected_items");
  if (!entries.empty()) return entries;
  if (root.IsList()) {
    for (const io::NodeView& item : root.Children()) {
      entries.push_back(item.Get("_source") ? item.Get("_source") : item);
    }
  }
  return entries;
}

int Detect(const ReportInput& input) {
  const std::vector<io::NodeView> entries = Entries(input.json());
  if (entries.empty()) {
    return At(input.json(), "data.total_affected_items") ? kSure : kNo;
  }
  return IsItem(entries.front()) || IsState(entries.front()) ? kSure : kNo;
}

std::string KeyOf(io::NodeView entry) {
  std::string key;
  for (const std::string_view field :
       {"cve", "name", "version", "agent_name", "agent_ip", "agent_id", "vulnerability.id",
        "package.name", "package.version", "package.path", "agent.id", "agent.name"}) {
    key += Text(entry, field) + "\n";
  }
  return key;
}

void Finish(model::Finding& finding, const std::string& title, double score) {
  const model::Package& package = *finding.package;
  finding.title =
      title.empty() ? VulnTitle(finding.vuln->id, package.name, package.version) : title;
  SetSeverityWordOrScore(finding, kTool, finding.origin->severity, score);
  finding.stage = kStageRuntime;
}

model::Finding ReadItem(io::NodeView entry) {
  model::Finding finding = NewVulnFinding(kTool, {}, {Text(entry, "cve")});
  finding.package.Make();
  SetPackage(finding, Text(entry, "format"), Text(entry, "name"), Text(entry, "version"));
  model::Vuln& vuln = *finding.vuln;
  vuln.published = Text(entry, "published");
  const double v3 = Number(entry, "cvss3_score").value_or(0);
  const double v2 = Number(entry, "cvss2_score").value_or(0);
  if (v3 > 0) AddCvss(vuln, {}, v3, "nvd");
  if (v2 > 0) AddCvss(vuln, {}, v2, "nvd");
  for (const std::string& reference : Texts(entry, "external_references")) {
    AddReference(finding, reference);
  }
  finding.message = Text(entry, "condition");
  finding.origin->severity = Text(entry, "severity");
  std::string& description = finding.origin->description;
  AddFact(description, "Condition", finding.message);
  AddFact(description, "Detected", Text(entry, "detection_time"));
  AddFact(description, "Architecture", Text(entry, "architecture"));
  if (Text(entry, "status") == "SOLVED") finding.origin->state = "fixed";
  finding.asset.Make().host = FirstText(entry, {"agent_name", "agent_ip", "agent_id"});
  finding.origin->endpoint = Text(entry, "agent_ip");
  Finish(finding, Text(entry, "title"), std::max(v3, v2));
  return finding;
}

model::Finding ReadState(io::NodeView entry) {
  const io::NodeView found = entry.Get("vulnerability");
  const io::NodeView package = entry.Get("package");
  model::Finding finding = NewVulnFinding(kTool, {}, {Text(found, "id")});
  finding.package.Make();
  SetPackage(finding, Text(package, "type"), Text(package, "name"), Text(package, "version"),
             Text(entry, "host.os.platform"));
  if (finding.package) finding.package->path = Text(package, "path");
  const double score = Number(found, "score.base").value_or(-1);
  if (score > 0) AddCvss(*finding.vuln, {}, score, Text(found, "classification"));
  finding.vuln->published = Text(found, "published_at");
  AddReference(finding, Text(found, "reference"));
  AddReference(finding, Text(found, "scanner.reference"));
  finding.origin->severity = Text(found, "severity");
  finding.origin->description = Text(found, "description");
  finding.origin->category = Text(found, "category");
  finding.message = FirstLine(finding.origin->description);
  finding.asset.Make().host = FirstText(entry, {"agent.name", "agent.id"});
  Finish(finding, {}, score);
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  const std::vector<io::NodeView> entries = Entries(root);
  for (const io::NodeView& entry : entries) {
    if (!IsState(entry) && Text(entry, "cve").empty()) return MissingPart(entry, "cve");
  }
  ReportFacts facts;
  facts.tool = kTool;
  sink.Begin(facts);
  Repeats repeats;
  for (const io::NodeView& entry : entries) repeats.Count(KeyOf(entry));
  for (const io::NodeView& entry : entries) {
    const int64_t occurrences = repeats.Take(KeyOf(entry));
    if (occurrences == 0) continue;
    model::Finding finding = IsState(entry) ? ReadState(entry) : ReadItem(entry);
    finding.origin->occurrences = occurrences;
    sink.Add(std::move(finding));
  }
  return {};
}

}  // namespace

const Importer kWazuh = {"wazuh",
                         "Wazuh",
                         "vulnerabilities of the API (4.3 to 4.7) and of the index (4.8 and later)",
                         "one vulnerability of one package on one agent",
                         Detect,
                         Read};

}  // namespace ouro::ingest
