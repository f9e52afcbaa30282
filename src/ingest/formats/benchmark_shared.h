// Host and node benchmarks that share one shape: controls, groups ("tests") and their results, as
// kube-bench and all programs on aquasecurity/bench-common write them. Private to ingest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ingest/formats/cluster_shared.h"

namespace ouro::ingest {

// The controls of a report: a list of them, {"Controls": […]}, or one.
std::vector<io::NodeView> BenchmarkControls(io::NodeView root);
// Does it look like one set of controls?
bool IsBenchmarkControls(io::NodeView node);

// Findings of FAIL (medium) and WARN (info) results; PASS is counted. Controls that the program
// leaves to people (type "manual") were not examined: they become one problem that names them.
// `tool` is the prefix of the checks.
Status ReadBenchmark(const ReportInput& input, std::string_view tool, Sink& sink);

}  // namespace ouro::ingest
