#include <algorithm>
#include <compare>
#include <cstring>
#include <iterator>
#include <span>
#include <string_view>
#include <tuple>
#include <unordered_map>
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

// What orders two findings of one check at one place. The id decides nearly always; what follows it
// makes the order total.
bool OrderedInOneCheck(const model::Finding& a, const model::Finding& b) {
  const auto key = [](const model::Finding& f) {
    return std::tie(f.id, f.location.document, f.resource.container, f.field_path,
                    f.location.start_offset);
  };
  if (const auto order = key(a) <=> key(b); order != 0) return order < 0;
  if (a.severity != b.severity) return a.severity > b.severity;
  if (a.status != b.status) return a.status < b.status;
  const auto texts = [](const model::Finding& f) {
    return std::tie(f.message, f.title, f.location.json_path);
  };
  if (const auto order = texts(a) <=> texts(b); order != 0) return order < 0;
  return SuppressionKey(a) < SuppressionKey(b);
}

bool InReportOrder(const model::Finding& a, const model::Finding& b) {
  const auto key = [](const model::Finding& f) {
    return std::tie(f.location.file, f.location.line, f.location.column, f.check);
  };
  const auto order = key(a) <=> key(b);
  return order != 0 ? order < 0 : OrderedInOneCheck(a, b);
}

// One finding on its way into report order. File and check are numbers here, because the names in
// one report begin alike, and findings are far too large to be moved while they are sorted.
struct Slot {
  size_t file;  // rank of the name among all the files of the report
  int64_t line;
  int64_t column;
  size_t check;  // rank among all the checks of the report
  size_t index;  // of the finding
};

// The rank of one text of each finding among all of these texts.
template <typename TextOf>
std::vector<size_t> RankTexts(const std::vector<model::Finding>& findings, TextOf text_of) {
  std::unordered_map<std::string_view, size_t> numbers;
  std::vector<std::pair<std::string_view, size_t>> texts;  // distinct, with their numbers
  std::vector<size_t> result(findings.size());
  for (size_t i = 0; i < findings.size(); ++i) {
    const std::string_view text = text_of(findings[i]);
    // Neighbours mostly share a file.
    if (i > 0 && text == texts[result[i - 1]].first) {
      result[i] = result[i - 1];
      continue;
    }
    const auto [at, is_new] = numbers.try_emplace(text, texts.size());
    if (is_new) texts.emplace_back(text, at->second);
    result[i] = at->second;
  }
  std::sort(texts.begin(), texts.end());
  std::vector<size_t> ranks(texts.size());
  for (size_t rank = 0; rank < texts.size(); ++rank) ranks[texts[rank].second] = rank;
  for (size_t& number : result) number = ranks[number];
  return result;
}

// The indices of all findings in the order of InReportOrder; equal ones stay as they stand.
std::vector<size_t> ReportOrder(const std::vector<model::Finding>& findings) {
  const auto files = RankTexts(
      findings, [](const model::Finding& f) { return std::string_view(f.location.file); });
  const auto checks =
      RankTexts(findings, [](const model::Finding& f) { return std::string_view(f.check); });
  std::vector<Slot> slots(findings.size());
  for (size_t i = 0; i < findings.size(); ++i) {
    slots[i] = {files[i], findings[i].location.line, findings[i].location.column, checks[i], i};
  }
  const auto less = [&](const Slot& a, const Slot& b) {
    if (a.file != b.file) return a.file < b.file;
    if (a.line != b.line) return a.line < b.line;
    if (a.column != b.column) return a.column < b.column;
    if (a.check != b.check) return a.check < b.check;
    if (OrderedInOneCheck(findings[a.index], findings[b.index])) return true;
    return a.index < b.index && !OrderedInOneCheck(findings[b.index], findings[a.index]);
  };
  std::sort(slots.begin(), slots.end(), less);
  std::vector<size_t> order(slots.size());
  for (size_t i = 0; i < slots.size(); ++i) order[i] = slots[i].index;
  return order;
}

// Puts findings[order[i]] at i for every i; each finding moves once. `order` is a permutation and
// is used up.
void Permute(std::vector<model::Finding>& findings, std::vector<size_t>& order) {
  for (size_t start = 0; start < order.size(); ++start) {
    if (order[start] == start) continue;
    model::Finding first = std::move(findings[start]);
    size_t to = start;
    while (order[to] != start) {
      const size_t from = std::exchange(order[to], to);
      findings[to] = std::move(findings[from]);
      to = from;
    }
    findings[to] = std::move(first);
    order[to] = to;
  }
}

bool IsSuppressed(const model::Finding& finding) {
  return finding.status == model::FindingStatus::kSuppressed;
}

// Folds all findings of `group`, which have one id and stand in report order, into one of them and
// returns which. The others lose their places to it.
model::Finding* Fold(std::span<model::Finding* const> group) {
  const auto open = std::find_if_not(group.begin(), group.end(),
                                     [](const model::Finding* f) { return IsSuppressed(*f); });
  model::Finding* kept = open == group.end() ? group.front() : *open;
  std::vector<model::Location> places;
  places.reserve(group.size());
  int64_t count = 0;
  model::Severity severity = kept->severity;
  for (model::Finding* f : group) {
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
  kept->count = count;
  kept->severity = severity;
  kept->other_locations = std::move(places);
  return kept;
}

// A finding in the search for equal ids: the beginning of the id as a number, which tells nearly
// all ids apart without looking at the text, and the place in the report order.
struct IdSlot {
  uint64_t head;
  size_t rank;
};

uint64_t HeadOf(const std::string& id) {
  uint64_t head = 0;
  std::memcpy(&head, id.data(), std::min(id.size(), sizeof(head)));
  return head;
}

// Folds each group of findings that share an id. True at i: the finding of rank i is gone, because
// it went into another one. Empty when nothing was folded.
std::vector<bool> FoldGroups(std::vector<model::Finding>& findings,
                             const std::vector<size_t>& order) {
  const auto id = [&](const IdSlot& slot) -> const std::string& {
    return findings[order[slot.rank]].id;
  };
  std::vector<IdSlot> slots;
  slots.reserve(order.size());
  for (size_t rank = 0; rank < order.size(); ++rank) {
    const std::string& text = findings[order[rank]].id;
    if (!text.empty()) slots.push_back({HeadOf(text), rank});
  }
  std::sort(slots.begin(), slots.end(), [&](const IdSlot& a, const IdSlot& b) {
    if (a.head != b.head) return a.head < b.head;
    const int by_id = id(a).compare(id(b));
    return by_id != 0 ? by_id < 0 : a.rank < b.rank;
  });
  std::vector<bool> gone;
  std::vector<model::Finding*> group;
  for (size_t begin = 0, end = 0; begin < slots.size(); begin = end) {
    for (end = begin + 1; end < slots.size(); ++end) {
      if (slots[end].head != slots[begin].head || id(slots[end]) != id(slots[begin])) break;
    }
    if (end - begin == 1) continue;
    group.clear();
    for (size_t i = begin; i < end; ++i) group.push_back(&findings[order[slots[i].rank]]);
    const model::Finding* kept = Fold(group);
    gone.resize(order.size(), false);
    for (size_t i = begin; i < end; ++i) gone[slots[i].rank] = group[i - begin] != kept;
  }
  return gone;
}

}  // namespace

void SortFindings(std::vector<model::Finding>& findings) {
  if (std::is_sorted(findings.begin(), findings.end(), InReportOrder)) return;
  std::vector<size_t> order = ReportOrder(findings);
  Permute(findings, order);
}

void FoldDuplicates(std::vector<model::Finding>& findings) {
  std::vector<size_t> order = ReportOrder(findings);
  size_t kept = order.size();
  if (const std::vector<bool> gone = FoldGroups(findings, order); !gone.empty()) {
    // What is kept needs no second sort: it keeps its place and check, and no other finding has its
    // id, so nothing that folding changed takes part in the order. The rest goes to the end.
    std::vector<size_t> tail;
    kept = 0;
    for (size_t rank = 0; rank < order.size(); ++rank) {
      if (gone[rank]) {
        tail.push_back(order[rank]);
      } else {
        order[kept++] = order[rank];
      }
    }
    std::copy(tail.begin(), tail.end(), order.begin() + static_cast<std::ptrdiff_t>(kept));
  }
  Permute(findings, order);
  findings.erase(findings.begin() + static_cast<std::ptrdiff_t>(kept), findings.end());
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
