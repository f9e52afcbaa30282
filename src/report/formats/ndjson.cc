// One finding a line, nothing else: for tools that read streams. What was not examined is told by
// the exit code and on standard error.
#include "report/formats/formats.h"

namespace ouro::report {

void WriteNdjson(const model::Report& report, const ReportOptions&, std::string& out) {
  out.reserve(out.size() + report.findings.size() * kFindingJsonSize);
  for (const model::Finding& finding : report.findings) {
    AppendFindingJson(out, finding);
    out += '\n';
  }
}

}  // namespace ouro::report
