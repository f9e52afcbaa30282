// The writers behind report.h, one a file. Private to this folder.
#pragma once

#include <cstddef>
#include <string>

#include "report/report.h"

namespace ouro::report {

// Bytes that the JSON of one finding takes, with some room: enough that a report seldom has to be
// copied while it grows. Memory that is reserved and never written costs nothing.
inline constexpr size_t kFindingJsonSize = 2'048;

void WriteJson(const model::Report& report, const ReportOptions& options, std::string& out);
void WriteJunit(const model::Report& report, const ReportOptions& options, std::string& out);
void WriteMarkdown(const model::Report& report, const ReportOptions& options, std::string& out);
void WriteNdjson(const model::Report& report, const ReportOptions& options, std::string& out);
void WriteSarif(const model::Report& report, const ReportOptions& options, std::string& out);
void WriteTable(const model::Report& report, const ReportOptions& options, std::string& out);

}  // namespace ouro::report
