// Phrases that several formats share. Private to the report formats. None of them is made safe for
// a terminal or a markup: the format that prints it does that.
#pragma once

#include <string>
#include <string_view>

#include "model/finding.h"
#include "model/report.h"

namespace ouro::report {

std::string Plural(int64_t count, std::string_view noun);  // "1 file", "2 files"

// "Deployment shop/web"; the name alone or the kind alone where the other is missing; empty without
// both. The container is not part of it.
std::string ObjectName(const model::Resource& resource);

// "shop/web.yaml:14:23", as terminals and editors make links of; as much of it as is known.
std::string PlaceText(const model::Location& location);
std::string PlaceText(const model::Problem& problem);

// The title, or the check where there is none.
std::string_view TitleOf(const model::Finding& finding);
// The message where it says more than the title, else empty.
std::string_view DetailOf(const model::Finding& finding);

// "set securityContext.privileged: false; remove hostPID": the edits in words, paths relative to
// the place of the finding where they lie below it. Empty without edits.
std::string FixText(const model::Finding& finding);

// "suppressed by ouro.dev/ignore until 2026-12-31: reason"; empty when it is not suppressed.
std::string SuppressionText(const model::Finding& finding);

// "2 critical, 8 high": severities that occur, gravest first; empty when there are none.
std::string SeverityCounts(const model::Counts& counts);
int64_t OpenCount(const model::Counts& counts);

inline bool IsSuppressed(const model::Finding& finding) {
  return finding.status == model::FindingStatus::kSuppressed;
}
inline bool IsBaseline(const model::Finding& finding) {
  return IsSuppressed(finding) && finding.suppressed && finding.suppressed->by == "baseline";
}

}  // namespace ouro::report
