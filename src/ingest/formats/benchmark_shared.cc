#include "ingest/formats/benchmark_shared.h"

#include "base/text.h"
#include "fmt/format.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kManualReason = "Test marked as a manual test";

// A result with what stands above it.
struct Entry {
  std::string_view tool;
  io::NodeView controls;
  io::NodeView group;
  io::NodeView result;
};

bool IsManual(io::NodeView result) {
  return Text(result, "type") == "manual" || Text(result, "reason") == kManualReason;
}

// "stat: cannot stat …" of a command that failed: why the value is not known.
std::string MessageOf(io::NodeView result) {
  std::string reason = Text(result, "reason");
  if (!reason.empty()) return reason;
  const std::string expected = Text(result, "expected_result");
  const std::string actual = Text(result, "actual_value");
  if (expected.empty()) return Text(result, "test_desc");
  if (actual.empty()) return fmt::format("expected {}", expected);
  return fmt::format("expected {}, found {}", expected, FirstLine(actual));
}

model::Finding ReadResult(const Entry& entry, std::string_view status) {
  const std::string number = Text(entry.result, "test_number");
  model::Finding finding =
      NewFinding(model::FindingClass::kBench, entry.tool, {}, number.empty() ? "unknown" : number);
  finding.title = fmt::format("{} - {}", number, Text(entry.result, "test_desc"));
  SetSeverityAs(finding, entry.tool, status,
                status == "FAIL" ? model::Severity::kMedium : model::Severity::kInfo);
  finding.stage = kStageRuntime;
  finding.message = MessageOf(entry.result);
  finding.remediation = Text(entry.result, "remediation");
  model::Origin& origin = *finding.origin;
  origin.category = Text(entry.group, "desc");
  const std::string version = FirstText(entry.controls, {"detected_version", "version"});
  if (!version.empty()) AddTag(finding, "benchmark " + version);
  AddLine(origin.description,
          fmt::format("{} {}", Text(entry.controls, "id"), Text(entry.controls, "text")));
  AddLine(origin.description,
          fmt::format("{} {}", FirstText(entry.group, {"section", "id"}), origin.category));
  AddFact(origin.description, "Audit", Text(entry.result, "audit"));
  AddFact(origin.description, "Expected result", Text(entry.result, "expected_result"));
  AddFact(origin.description, "Actual value", FirstLine(Text(entry.result, "actual_value")));
  AddFact(origin.description, "Reason", Text(entry.result, "reason"));
  const std::string role = Text(entry.controls, "node_type");
  if (!role.empty()) finding.asset.Make().node_role = role;
  return finding;
}

class Reader {
 public:
  Reader(std::string_view tool, Sink& sink) : tool_(tool), sink_(sink) {}

  void ReadControls(io::NodeView controls) {
    for (const std::string_view list : {"tests", "groups"}) {
      for (const io::NodeView& group : Items(controls, list)) {
        for (const std::string_view results : {"results", "checks"}) {
          for (const io::NodeView& result : Items(group, results)) {
            Take({tool_, controls, group, result});
          }
        }
      }
    }
  }
  const std::vector<std::string>& manual() const { return manual_; }

 private:
  void Take(const Entry& entry) {
    const std::string status = FirstText(entry.result, {"status", "state"});
    if (status == "PASS") {
      sink_.AddPassed(1);
    } else if (status == "WARN" && IsManual(entry.result)) {
      manual_.push_back(Text(entry.result, "test_number"));
    } else if (status == "FAIL" || status == "WARN") {
      sink_.Add(ReadResult(entry, status));
    }
  }

  std::string_view tool_;
  Sink& sink_;
  std::vector<std::string> manual_;
};

}  // namespace

std::vector<io::NodeView> BenchmarkControls(io::NodeView root) {
  if (root.IsList()) return root.Children();
  for (const std::string_view list : {"Controls", "controls"}) {
    if (root.Get(list).IsList()) return Items(root, list);
  }
  return root.IsMap() ? std::vector<io::NodeView>{root} : std::vector<io::NodeView>{};
}

bool IsBenchmarkControls(io::NodeView node) {
  if (!HasKeys(node, {"id", "text"})) return false;
  const io::NodeView groups = node.Get("tests") ? node.Get("tests") : node.Get("groups");
  if (!groups.IsList()) return false;
  const std::vector<io::NodeView> all = groups.Children();
  return all.empty() || all.front().Get("results") || all.front().Get("checks");
}

Status ReadBenchmark(const ReportInput& input, std::string_view tool, Sink& sink) {
  OURO_TRY(const std::vector<io::NodeView> values, JsonValues(input));
  std::vector<io::NodeView> all;
  for (const io::NodeView& value : values) {
    for (const io::NodeView& controls : BenchmarkControls(value)) all.push_back(controls);
  }
  for (const io::NodeView& controls : all) {
    if (!IsBenchmarkControls(controls)) return MissingPart(controls, "tests");
  }
  ReportFacts facts;
  facts.tool = tool;
  if (!all.empty()) facts.target = FirstText(all.front(), {"detected_version", "version"});
  sink.Begin(facts);
  Reader reader(tool, sink);
  for (const io::NodeView& controls : all) reader.ReadControls(controls);
  if (!reader.manual().empty()) {
    AddNotExamined(sink, input, {},
                   fmt::format("controls that must be checked by hand were not examined ({}): {}",
                               reader.manual().size(), JoinText(reader.manual(), ", ")),
                   true);
  }
  return {};
}

}  // namespace ouro::ingest
