// OpenReports and the policy reports of the Kubernetes working group, of any source: one report, a
// list, or several documents, as JSON or YAML.
#include "ingest/formats/formats.h"
#include "ingest/formats/policy_report.h"

namespace ouro::ingest {
namespace {

int Detect(const ReportInput& input) {
  return HoldsPolicyReport(input) ? kSure + 20 : kNo;
}

Status Read(const ReportInput& input, Sink& sink) {
  return ReadPolicyReports(input, "openreports", sink);
}

}  // namespace

const Importer kOpenreports = {
    "openreports",
    "PolicyReport and OpenReports",
    "PolicyReport, ClusterPolicyReport, Report, ClusterReport (JSON, YAML)",
    "one result of one rule about one object",
    Detect,
    Read};

}  // namespace ouro::ingest
