// StackHawk: the message that its webhook sends when a scan is complete.
// Source: StackHawk's documentation ("Generic webhook").
#include <algorithm>
#include <utility>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/field.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/scanner_shared.h"
#include "ingest/words.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "stackhawk";

int Detect(const ReportInput& input) {
  const io::NodeView json = input.json();
  if (!json.Get("scanCompleted").IsMap()) return kNo;
  return Text(json, "service") == "StackHawk" ? kNamed : kNo;
}

// What people decided of all paths of a finding: nothing unless they decided the same of each.
std::string StateOf(io::NodeView item) {
  std::string state;
  for (const io::NodeView& path : Items(item, "pathStats")) {
    const std::string status = Text(path, "status");
    if (status != "FALSE_POSITIVE" && status != "RISK_ACCEPTED") return {};
    const std::string word = status == "FALSE_POSITIVE" ? "false_positive" : "risk_accepted";
    if (!state.empty() && state != word) return {};
    state = word;
  }
  return state;
}

model::Finding ReadFinding(io::NodeView item, io::NodeView scan) {
  model::Finding finding = ScannerFinding(model::FindingClass::kProbe, kTool,
                                          Text(item, "pluginId"), Text(item, "pluginName"));
  SetSeverity(finding, kTool, Text(item, "severity"));
  const std::string host = Text(item, "host");
  const int64_t count = std::max<int64_t>(1, Integer(item, "totalCount", 1));
  finding.message =
      fmt::format("{} on {} path{} of {}", finding.title, count, count == 1 ? "" : "s", host);
  model::Origin& origin = *finding.origin;
  const std::string url = Text(item, "findingURL");
  AddUnique(finding.references, url);
  origin.description =
      fmt::format("View this finding in the StackHawk platform at:\n[{}]({})", url, url);
  origin.category = Text(item, "category");
  origin.service = Text(scan, "application");
  origin.endpoint = SiteOf(host);
  origin.state = StateOf(item);
  origin.occurrences = count;
  model::Asset& asset = finding.asset.Make();
  asset.host = HostOf(host);
  asset.environment = Text(scan, "env");
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView json, JsonOf(input));
  const io::NodeView completed = json.Get("scanCompleted");
  if (!completed.IsMap()) {
    return Fail(ErrorCode::kInvalid,
                "`scanCompleted` is missing: this is no message of a finished scan", PlaceOf(json));
  }
  OURO_TRY(const std::vector<io::NodeView> items, ListOf(completed, "findings"));
  const io::NodeView scan = completed.Get("scan");
  sink.Begin({std::string(kTool), Text(scan, "hawkscanVersion"), Text(scan, "application"),
              Text(scan, "startedTimestamp")});
  // The message may list a finding twice; the same list is no second occurrence.
  std::vector<std::string> seen;
  for (const io::NodeView& item : items) {
    const std::string key = fmt::format("{}\n{}\n{}", Text(item, "pluginId"), Text(item, "host"),
                                        Text(item, "findingURL"));
    if (std::ranges::find(seen, key) != seen.end()) continue;
    seen.push_back(key);
    sink.Add(ReadFinding(item, scan));
  }
  return {};
}

}  // namespace

const Importer kStackhawk = {"stackhawk",
                             "StackHawk",
                             "StackHawk's webhook message of a completed scan",
                             "one plugin's finding on one host, whatever number of paths have it",
                             Detect,
                             Read};

}  // namespace ouro::ingest
