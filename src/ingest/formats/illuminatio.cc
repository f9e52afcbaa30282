// illuminatio: `illuminatio run -o results.yaml` (or .json): cases by source, destination and port.
// A port that begins with '-' is expected to be blocked. Hosts are "namespace:label=value,…".
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "illuminatio";

int Detect(const ReportInput& input) {
  if (input.LooksLikeJson()) {
    return HasKeys(input.json(), {"cases", "runtimes"}) ? kSure : kNo;
  }
  if (input.LooksLikeXml()) return kNo;
  return HasYamlLine(input, "cases", {}) && HasYamlLine(input, "runtimes", {}) &&
                 HasYamlLine(input, "success", {})
             ? kSure
             : kNo;
}

void SetPeer(model::Finding& finding, std::string_view peer) {
  const size_t colon = peer.find(':');
  if (colon == std::string_view::npos) {
    SetResource(finding, "Pod", {}, peer);
    return;
  }
  SetResource(finding, "Pod", peer.substr(0, colon), peer.substr(colon + 1));
}

// One connection: from, to, port.
struct Case {
  std::string_view from;
  std::string_view to;
  std::string_view port;
};

model::Finding MakeFinding(const Case& test, io::NodeView result) {
  const bool open = StartsWith(test.port, "-");  // expected blocked, so it was open
  std::string_view port = test.port;
  if (open) port.remove_prefix(1);
  model::Finding finding = NewFinding(model::FindingClass::kNetpol, kTool, {},
                                      open ? "unexpected-connection" : "blocked-connection");
  finding.title = open ? "A connection that policies forbid is possible"
                       : "A connection that policies allow is blocked";
  SetSeverityAs(finding, kTool, "failure",
                open ? model::Severity::kHigh : model::Severity::kMedium);
  finding.stage = kStageRuntime;
  SetPeer(finding, test.to);
  finding.field_path = fmt::format("{} {}", test.from, port);
  finding.message = fmt::format("From {} to {} on {}: expected {}", test.from, test.to, port,
                                open ? "blocked" : "allowed");
  finding.origin->endpoint = fmt::format("{} {}", test.to, port);
  AddFact(finding.origin->description, "Result", FirstLine(Text(result, "string"), 1'000));
  AddFact(finding.origin->description, "Nmap state", Text(result, "nmap-state"));
  return finding;
}

void ReadCase(const ReportInput& input, const Case& test, io::NodeView result, Sink& sink) {
  const std::string error = Text(result, "error");
  if (!error.empty() || !result.Get("success")) {
    AddNotExamined(sink, input, result,
                   fmt::format("the connection from {} to {} was not tested: {}", test.from,
                               test.to, error.empty() ? "no result" : error));
  } else if (Flag(result, "success")) {
    sink.AddPassed(1);
  } else {
    sink.Add(MakeFinding(test, result));
  }
}

Status Read(const ReportInput& input, Sink& sink) {
  if (input.LooksLikeJson()) OURO_TRY_STATUS(JsonValues(input));
  OURO_TRY(const ReportDocuments report, ReportDocuments::Read(input));
  if (report.documents().empty()) return Fail(ErrorCode::kInvalid, "the report is empty", "1:1");
  const io::NodeView cases = report.documents().front().Get("cases");
  if (!cases.IsMap()) return MissingPart(report.documents().front(), "cases");
  ReportFacts facts;
  facts.tool = kTool;
  sink.Begin(facts);
  for (const auto& [from, targets] : cases.Members()) {
    for (const auto& [to, ports] : targets.Members()) {
      if (!Text(ports, "error").empty()) {
        ReadCase(input, {from, to, {}}, ports, sink);
        continue;
      }
      for (const auto& [port, result] : ports.Members()) {
        ReadCase(input, {from, to, port}, result, sink);
      }
    }
  }
  return {};
}

}  // namespace

const Importer kIlluminatio = {"illuminatio",
                               "illuminatio",
                               "illuminatio run --outfile (YAML or JSON)",
                               "one connection that is not as the policies say",
                               Detect,
                               Read};

}  // namespace ouro::ingest
