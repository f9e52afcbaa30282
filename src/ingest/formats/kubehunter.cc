// kube-hunter: `kube-hunter --report json`, versions with and without ids (vid). Evidence of
// hunters for tokens and secrets is such a token or secret: it is hashed, never kept.
#include <array>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "kubehunter";
constexpr size_t kEvidenceSizeMax = 200;

int Detect(const ReportInput& input) {
  const io::NodeView json = input.json();
  if (HasKeys(json, {"nodes", "services", "vulnerabilities"})) return kSure;
  const std::vector<io::NodeView> found = Items(json, "vulnerabilities");
  return !found.empty() && HasKeys(found.front(), {"location", "vulnerability", "hunter"}) ? kSure
                                                                                           : kNo;
}

// May the evidence be a credential?
bool IsSensitive(io::NodeView entry) {
  const std::string evidence = Text(entry, "evidence");
  if (evidence.size() > kEvidenceSizeMax || evidence.find("eyJ") != std::string::npos) return true;
  static constexpr std::array<std::string_view, 4> kWords = {"token", "secret", "credential",
                                                             "private key"};
  for (const std::string_view field : {"vulnerability", "category", "description"}) {
    for (const std::string_view word : kWords) {
      if (ContainsIgnoreCase(Text(entry, field), word)) return true;
    }
  }
  return false;
}

bool HasEvidence(std::string_view evidence) {
  return !evidence.empty() && evidence != "none" && evidence != "None";
}

std::string KeyOf(io::NodeView entry) {
  std::string key;
  for (const std::string_view field :
       {"vid", "vulnerability", "hunter", "category", "location", "description", "evidence"}) {
    key += Text(entry, field) + "\n";
  }
  return key;
}

// "pod: kube-proxy, container: kube-proxy, count: 1": the value behind a word.
std::string ValueAfter(std::string_view evidence, std::string_view word) {
  const size_t at = evidence.find(word);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = evidence.substr(at + word.size());
  return std::string(TrimSpace(rest.substr(0, rest.find(','))));
}

void SetSubject(model::Finding& finding, io::NodeView entry) {
  const std::string location = Text(entry, "location");
  finding.origin->endpoint = location;
  if (!StartsWith(location, "Local to")) finding.asset.Make().host = HostOfEndpoint(location);
  const std::string evidence = Text(entry, "evidence");
  const std::string pod = ValueAfter(evidence, "pod: ");
  if (pod.empty()) return;
  const Owner owner = OwnerOfPod(pod);
  SetResource(finding, owner.kind, {}, owner.name, ValueAfter(evidence, "container: "));
}

model::Finding ReadEntry(io::NodeView entry) {
  const std::string title = Text(entry, "vulnerability");
  std::string id = Text(entry, "vid");
  const bool numbered = !id.empty() && id != "None";
  if (!numbered) id = RuleOfTitle(title);
  model::Finding finding = NewFinding(model::FindingClass::kProbe, kTool, {}, id);
  finding.title = title;
  SetSeverity(finding, kTool, Text(entry, "severity"), model::Severity::kInfo);
  finding.stage = kStageRuntime;
  finding.message = Text(entry, "description");
  finding.origin->category = Text(entry, "category");
  AddTag(finding, Text(entry, "hunter"));
  if (numbered) AddReference(finding, Text(entry, "avd_reference"));
  SetSubject(finding, entry);
  const std::vector<std::string> ids = VulnIdsIn(title + " " + finding.message);
  if (!ids.empty() && StartsWith(ids.front(), "CVE-")) SetVulnIds(finding.vuln.Make(), ids);
  std::string& description = finding.origin->description;
  AddFact(description, "Hunter", Text(entry, "hunter"));
  AddFact(description, "Category", finding.origin->category);
  AddFact(description, "Location", finding.origin->endpoint);
  AddFact(description, "Description", finding.message);
  const std::string evidence = Text(entry, "evidence");
  if (!HasEvidence(evidence)) return finding;
  if (IsSensitive(entry)) {
    finding.origin->snippet_hash = SecretHash(evidence);
  } else {
    AddFact(description, "Evidence", evidence);
  }
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  const io::NodeView list = root.Get("vulnerabilities");
  if (!list) return MissingPart(root, "vulnerabilities");
  ReportFacts facts;
  facts.tool = kTool;
  const std::vector<io::NodeView> nodes = Items(root, "nodes");
  if (!nodes.empty()) facts.target = Text(nodes.front(), "location");
  sink.Begin(facts);
  Repeats repeats;
  for (const io::NodeView& entry : list.Children()) repeats.Count(KeyOf(entry));
  for (const io::NodeView& entry : list.Children()) {
    const int64_t occurrences = repeats.Take(KeyOf(entry));
    if (occurrences == 0) continue;
    if (Text(entry, "vulnerability").empty()) {
      AddEntryProblem(sink, input, entry, "an entry without vulnerability is left out");
      continue;
    }
    model::Finding finding = ReadEntry(entry);
    finding.origin->occurrences = occurrences;
    sink.Add(std::move(finding));
  }
  return {};
}

}  // namespace

const Importer kKubehunter = {
    "kubehunter", "kube-hunter", "kube-hunter --report json", "one weakness at one location",
    Detect,       Read};

}  // namespace ouro::ingest
