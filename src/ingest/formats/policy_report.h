// Policy reports of Kubernetes: PolicyReport and ClusterPolicyReport (wgpolicyk8s.io), Report and
// ClusterReport (openreports.io). Read for the importers of OpenReports and of Kyverno. Private to
// ingest.
#pragma once

#include <string>
#include <string_view>

#include "ingest/formats/cluster_shared.h"

namespace ouro::ingest {

// Is it one of the four kinds?
bool IsPolicyReport(io::NodeView document);
// Is there such a report in the input, as far as detection looks?
bool HoldsPolicyReport(const ReportInput& input);

// Results fail and warn become findings, one for each object; error becomes one with status error;
// pass is counted; skip is neither. The prefix of the checks is the result's source.
Status ReadPolicyReports(const ReportInput& input, std::string_view tool, Sink& sink);

}  // namespace ouro::ingest
