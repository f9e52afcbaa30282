// Report formats: a report in, bytes out. One file a format under report/formats/, all listed in
// report/formats/all.cc.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/report.h"

namespace ouro::report {

struct ReportOptions {
  bool color = false;
  int width = 0;         // columns of the terminal; 0: no limit (piped)
  bool quiet = false;    // table: the summary only
  bool verbose = false;  // table: remediation of every finding, suppressed findings too
  bool show_passed = false;
};

struct Reporter {
  std::string_view name;  // "table", "json", "ndjson", "sarif", "junit", "markdown"
  std::string_view doc;   // one line for --help
  void (*write)(const model::Report& report, const ReportOptions& options, std::string& out);
};

// Sorted by name.
std::span<const Reporter> AllReporters();
const Reporter* FindReporter(std::string_view name);

// JSON of one finding, as in json and ndjson.
void AppendFindingJson(std::string& out, const model::Finding& finding);

}  // namespace ouro::report
