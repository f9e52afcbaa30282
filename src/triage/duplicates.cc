#include <algorithm>
#include <tuple>
#include <utility>

#include "triage/triage.h"

namespace ouro::triage {
namespace {

auto PlaceKey(const model::Location& place) {
  return std::tie(place.file, place.line, place.column, place.document, place.start_offset,
                  place.end_offset, place.json_path);
}

// Suppressions order by their text; none comes first.
auto SuppressionKey(const model::Finding& finding) {
  static const model::Suppression kNone;
  const model::Suppression& s = finding.suppressed ? *finding.suppressed : kNone;
  return std::tie(s.by, s.reason, s.until);
}

bool ReportOrder(const model::Finding& a, const model::Finding& b) {
  const auto key = [](const model::Finding& f) {
    return std::tie(f.location.file, f.location.line, f.location.column, f.check, f.id,
                    f.location.document, f.resource.container, f.field_path,
                    f.location.start_offset);
  };
  if (key(a) != key(b)) return key(a) < key(b);
  if (a.severity != b.severity) return a.severity > b.severity;
  if (a.status != b.status) return a.status < b.status;
  return std::tie(a.message, a.title, a.location.json_path) <
             std::tie(b.message, b.title, b.location.json_path) ||
         (std::tie(a.message, a.title, a.location.json_path) ==
              std::tie(b.message, b.title, b.location.json_path) &&
          SuppressionKey(a) < SuppressionKey(b));
}

bool IsSuppressed(const model::Finding& finding) {
  return finding.status == model::FindingStatus::kSuppressed;
}

// Puts all of [first, last), which have one id and stand in report order, into one finding.
model::Finding Fold(model::Finding* first, model::Finding* last) {
  model::Finding* kept = std::find_if_not(first, last, IsSuppressed);
  if (kept == last) kept = first;
  std::vector<model::Location> places;
  int64_t count = 0;
  model::Severity severity = kept->severity;
  for (model::Finding* f = first; f != last; ++f) {
    count += f->count;
    if (!IsSuppressed(*f) || IsSuppressed(*kept)) severity = std::max(severity, f->severity);
    if (f != kept) places.push_back(std::move(f->location));
    std::move(f->other_locations.begin(), f->other_locations.end(), std::back_inserter(places));
  }
  const auto less = [](const auto& a, const auto& b) { return PlaceKey(a) < PlaceKey(b); };
  const auto same = [](const auto& a, const auto& b) { return PlaceKey(a) == PlaceKey(b); };
  std::erase_if(places, [&](const auto& place) { return same(place, kept->location); });
  std::sort(places.begin(), places.end(), less);
  places.erase(std::unique(places.begin(), places.end(), same), places.end());
  if (places.size() > kOtherLocationCountMax) places.resize(kOtherLocationCountMax);
  model::Finding result = std::move(*kept);
  result.count = count;
  result.severity = severity;
  result.other_locations = std::move(places);
  return result;
}

}  // namespace

void SortFindings(std::vector<model::Finding>& findings) {
  if (std::is_sorted(findings.begin(), findings.end(), ReportOrder)) return;
  std::sort(findings.begin(), findings.end(), ReportOrder);
}

void FoldDuplicates(std::vector<model::Finding>& findings) {
  SortFindings(findings);
  // Group by id and keep the report order inside each group. Only pointers are moved.
  std::vector<model::Finding*> order(findings.size());
  for (size_t i = 0; i < findings.size(); ++i) order[i] = &findings[i];
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    const int by_id = a->id.compare(b->id);
    return by_id != 0 ? by_id < 0 : a < b;  // both point into `findings`
  });
  bool folded = false;
  std::vector<model::Finding> group;
  std::vector<bool> gone(findings.size(), false);
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin + 1;
    while (end < order.size() && order[end]->id == order[begin]->id) ++end;
    if (end - begin > 1 && !order[begin]->id.empty()) {
      group.clear();
      for (size_t i = begin; i < end; ++i) group.push_back(std::move(*order[i]));
      for (size_t i = begin + 1; i < end; ++i) {
        gone[static_cast<size_t>(order[i] - findings.data())] = true;
      }
      *order[begin] = Fold(group.data(), group.data() + group.size());
      folded = true;
    }
    begin = end;
  }
  if (!folded) return;
  size_t kept = 0;
  for (size_t i = 0; i < findings.size(); ++i) {
    if (gone[i]) continue;
    if (kept != i) findings[kept] = std::move(findings[i]);
    ++kept;
  }
  findings.erase(findings.begin() + static_cast<std::ptrdiff_t>(kept), findings.end());
  SortFindings(findings);
}

void CountFindings(const std::vector<model::Finding>& findings,
                   const std::vector<model::Problem>& problems, model::Counts& counts) {
  counts.open.fill(0);
  counts.suppressed = counts.baseline = counts.not_examined = 0;
  for (const model::Finding& finding : findings) {
    if (!IsSuppressed(finding)) {
      ++counts.open[static_cast<size_t>(finding.severity)];
    } else if (finding.suppressed && finding.suppressed->by == "baseline") {
      ++counts.baseline;
    } else {
      ++counts.suppressed;
    }
  }
  counts.not_examined = std::count_if(problems.begin(), problems.end(),
                                      [](const model::Problem& p) { return !p.warning; });
}

}  // namespace ouro::triage
