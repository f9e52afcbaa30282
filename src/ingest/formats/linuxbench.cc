// linux-bench: `linux-bench --json`. The shape is kube-bench's without node types.
#include "base/text.h"
#include "ingest/formats/benchmark_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "linuxbench";

int Detect(const ReportInput& input) {
  const std::vector<io::NodeView> controls = BenchmarkControls(input.json());
  if (controls.empty() || !IsBenchmarkControls(controls.front())) return kNo;
  if (!Text(controls.front(), "node_type").empty()) return kNo;
  return controls.front().Get("total_pass") ? kSure : kGuess;
}

Status Read(const ReportInput& input, Sink& sink) {
  return ReadBenchmark(input, kTool, sink);
}

}  // namespace

const Importer kLinuxbench = {"linuxbench",
                              "linux-bench",
                              "linux-bench --json and other programs on bench-common",
                              "one control that a host fails",
                              Detect,
                              Read};

}  // namespace ouro::ingest
