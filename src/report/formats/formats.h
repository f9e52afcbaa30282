// The writers behind report.h, one a file. Private to this folder.
#pragma once

#include <string>

#include "report/report.h"

namespace ouro::report {

void WriteJson(const model::Report& report, const ReportOptions& options, std::string& out);
void WriteJunit(const model::Report& report, const ReportOptions& options, std::string& out);
void WriteMarkdown(const model::Report& report, const ReportOptions& options, std::string& out);
void WriteNdjson(const model::Report& report, const ReportOptions& options, std::string& out);
void WriteSarif(const model::Report& report, const ReportOptions& options, std::string& out);
void WriteTable(const model::Report& report, const ReportOptions& options, std::string& out);

}  // namespace ouro::report
