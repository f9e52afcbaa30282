#include "store/page.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <queue>
#include <string>
#include <unordered_map>

#include "base/limits.h"
#include "base/text.h"
#include "fmt/format.h"
#include "store/select.h"

namespace ouro::store {
namespace {

constexpr std::array<std::string_view, 5> kSortNames = {"priority", "severity", "first_seen",
                                                        "last_seen", "sla_due"};
constexpr std::array<Column, 5> kSortColumns = {
    Column::kPriority, Column::kSeverity, Column::kFirstSeen, Column::kLastSeen, Column::kSlaDue};
constexpr std::array<std::string_view, 13> kGroupNames = {
    "severity", "status",      "class",       "check",     "concept", "vuln",     "owner",
    "cluster",  "environment", "application", "namespace", "tool",    "fix_group"};

// Ranks order items as pages do: the smaller, the earlier. Key in the low half.
uint64_t RankOf(Sort sort, uint32_t value, int64_t key) {
  uint32_t high = UINT32_MAX - value;
  if (sort == Sort::kSlaDue) high = value == 0 ? UINT32_MAX : value;
  return (uint64_t{high} << 32) | static_cast<uint32_t>(key);
}

int64_t KeyOf(uint32_t segment, uint16_t place) {
  return int64_t{segment} * kSegmentItemCount + place + 1;
}

Status CheckLimit(int64_t limit) {
  if (limit >= 1 && limit <= limits::kPageItemCount) return {};
  return Fail(ErrorCode::kLimit,
              fmt::format("a page has 1 to {} items, not {}", limits::kPageItemCount, limit));
}

std::string CursorText(Sort sort, uint64_t rank) {
  return fmt::format("{}-{:016x}", SortName(sort), rank);
}

// The rank after which the page begins.
Result<uint64_t> ReadCursor(Sort sort, std::string_view cursor) {
  const std::string prefix = fmt::format("{}-", SortName(sort));
  uint64_t rank = 0;
  if (StartsWith(cursor, prefix)) {
    const std::string_view digits = cursor.substr(prefix.size());
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), rank, 16);
    if (error == std::errc() && end == digits.data() + digits.size()) return rank;
  }
  return Fail(ErrorCode::kInvalid, fmt::format("\"{}\" is no cursor of a page sorted by {}",
                                               Printable(cursor.substr(0, 80)), SortName(sort)));
}

struct Counter {
  std::array<uint32_t, model::kSeverityCount> by_severity{};
  uint32_t priority_max = 0;
  uint64_t priority_sum = 0;
  uint64_t Count() const {
    uint64_t count = 0;
    for (const uint32_t one : by_severity) count += one;
    return count;
  }
  void Add(const Counter& other) {
    for (size_t i = 0; i < by_severity.size(); ++i) by_severity[i] += other.by_severity[i];
    priority_max = std::max(priority_max, other.priority_max);
    priority_sum += other.priority_sum;
  }
};

// Counts by value of a column. Values are numbers that count up, so an array finds their place.
class Counting {
 public:
  Counter& At(uint32_t value) {
    if (value >= places_.size()) places_.resize(size_t{value} + value / 2 + 64, 0);
    uint32_t& place = places_[value];
    if (place == 0) {
      values_.push_back(value);
      counters_.emplace_back();
      place = static_cast<uint32_t>(counters_.size());
    }
    return counters_[place - 1];
  }
  const std::vector<uint32_t>& values() const { return values_; }
  const Counter& counter(size_t index) const { return counters_[index]; }

 private:
  std::vector<uint32_t> places_;  // 1 + place in the other two; 0: none
  std::vector<uint32_t> values_;
  std::vector<Counter> counters_;
};

Column GroupColumn(GroupKey key) {
  switch (key) {
    case GroupKey::kSeverity:
      return Column::kSeverity;
    case GroupKey::kStatus:
      return Column::kState;
    case GroupKey::kClass:
      return Column::kClass;
    case GroupKey::kCheck:
    case GroupKey::kConcept:
      return Column::kRules;
    case GroupKey::kVuln:
      return Column::kVuln;
    case GroupKey::kOwner:
      return Column::kOwner;
    case GroupKey::kTool:
      return Column::kTools;
    case GroupKey::kFixGroup:
      return Column::kFixGroup;
    default:
      return Column::kAssets;
  }
}

bool IsSet(GroupKey key) {
  const Column column = GroupColumn(key);
  return column == Column::kRules || column == Column::kTools || column == Column::kAssets;
}

Status CountAll(Core& core, Table table, GroupKey key, const Selection& selection,
                Counting& counting, int64_t& total) {
  const Column column = GroupColumn(key);
  const auto values = std::make_unique<ColumnData>();
  const auto severities = std::make_unique<ColumnData>();
  const auto priorities = std::make_unique<ColumnData>();
  return selection.ForEach(core, [&](uint32_t segment, std::span<const uint16_t> places) -> Status {
    OURO_TRY_STATUS(core.columns.Read(table, column, segment, *values));
    OURO_TRY_STATUS(core.columns.Read(table, Column::kSeverity, segment, *severities));
    OURO_TRY_STATUS(core.columns.Read(table, Column::kPriority, segment, *priorities));
    total += static_cast<int64_t>(places.size());
    for (const uint16_t place : places) {
      uint32_t value = (*values)[place];
      if (key == GroupKey::kStatus) value &= kStateStatusMask;
      Counter& counter = counting.At(value);
      const uint32_t priority = (*priorities)[place];
      const uint32_t severity = (*severities)[place];
      ++counter.by_severity[std::min<uint32_t>(severity, model::kSeverityCount - 1)];
      counter.priority_max = std::max(counter.priority_max, priority);
      counter.priority_sum += priority;
    }
    return {};
  });
}

// What the members of sets stand for: rules for their check or concept, assets for a name.
class Targets {
 public:
  static Result<Targets> Make(Core& core, GroupKey key) {
    Targets targets;
    if (GroupColumn(key) == Column::kTools) {
      targets.plain_ = true;
      return targets;
    }
    std::string_view sql;
    switch (key) {
      case GroupKey::kCheck:
        sql = "SELECT rule_id, check_rule FROM rules INDEXED BY rules_by_id";
        break;
      case GroupKey::kConcept:
        sql = "SELECT rule_id, concept_text FROM rules INDEXED BY rules_by_id";
        break;
      case GroupKey::kCluster:
        sql = "SELECT asset_id, cluster FROM assets";
        break;
      case GroupKey::kEnvironment:
        sql = "SELECT asset_id, environment FROM assets";
        break;
      case GroupKey::kApplication:
        sql = "SELECT asset_id, application FROM assets";
        break;
      default:
        sql = "SELECT asset_id, namespace FROM assets";
        break;
    }
    const bool rules = GroupColumn(key) == Column::kRules;
    targets.checks_ = key == GroupKey::kCheck;
    OURO_TRY(Statement list, core.database->Prepare(sql));
    for (;;) {
      OURO_TRY(const bool row, list.Step());
      if (!row) return targets;
      const auto member = static_cast<size_t>(list.Int());
      const uint32_t target =
          rules ? static_cast<uint32_t>(list.Int()) : targets.NameNumber(list.Text());
      if (member >= targets.of_.size()) targets.of_.resize(member + member / 2 + 16, 0);
      targets.of_[member] = target;
    }
  }

  uint32_t Of(uint32_t member) const {
    if (plain_) return member;
    return member < of_.size() ? of_[member] : 0;
  }
  Result<std::string> NameOf(Core& core, uint32_t target) const {
    if (checks_ && target != 0) {
      OURO_TRY(const RuleNames rule, core.dictionary.RuleOf(target));
      return rule.check;
    }
    if (names_.empty()) return core.dictionary.TextOf(target);
    return target == 0 ? std::string() : names_[target - 1];
  }

 private:
  uint32_t NameNumber(const std::string& name) {
    if (name.empty()) return 0;
    const auto [at, fresh] = numbers_.emplace(name, static_cast<uint32_t>(names_.size()) + 1);
    if (fresh) names_.push_back(name);
    return at->second;
  }

  bool plain_ = false;   // members are texts
  bool checks_ = false;  // targets are rules
  std::vector<uint32_t> of_;
  std::vector<std::string> names_;
  std::unordered_map<std::string, uint32_t> numbers_;
};

// Counts of the members instead of the codes. An item counts once for each target of its set.
Status SpreadSets(Core& core, const Targets& targets, const Counting& codes, Counting& out) {
  std::vector<uint32_t> wanted;
  for (size_t i = 0; i < codes.values().size(); ++i) {
    const uint32_t code = codes.values()[i];
    wanted.clear();
    if (code % 2 == 0) {
      wanted.push_back(targets.Of(code / 2));
    } else {
      OURO_TRY(const std::vector<uint32_t> members, core.sets.Members(code));
      for (const uint32_t member : members) wanted.push_back(targets.Of(member));
      std::sort(wanted.begin(), wanted.end());
      wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    }
    for (const uint32_t target : wanted) out.At(target).Add(codes.counter(i));
  }
  return {};
}

Result<std::string> PlainName(Core& core, GroupKey key, uint32_t value) {
  switch (key) {
    case GroupKey::kSeverity:
      return std::string(model::SeverityName(static_cast<model::Severity>(std::min(value, 4u))));
    case GroupKey::kStatus:
      return std::string(IssueStatusName(
          static_cast<IssueStatus>(std::min<uint32_t>(value, kIssueStatusCount - 1))));
    case GroupKey::kClass:
      return std::string(model::FindingClassName(static_cast<model::FindingClass>(
          std::min(value, static_cast<uint32_t>(model::FindingClass::kLint)))));
    case GroupKey::kVuln:
      return core.dictionary.VulnIdOf(value);
    default:
      return core.dictionary.TextOf(value);
  }
}

Result<Groups> Largest(Core& core, GroupKey key, const Targets& targets, const Counting& counting,
                       int64_t limit) {
  struct Entry {
    uint64_t count;
    uint32_t value;
    size_t index;
  };
  std::vector<Entry> order;
  for (size_t i = 0; i < counting.values().size(); ++i) {
    order.push_back({counting.counter(i).Count(), counting.values()[i], i});
  }
  const auto size = std::min(order.size(), static_cast<size_t>(limit));
  std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(size), order.end(),
                    [](const Entry& a, const Entry& b) {
                      return a.count != b.count ? a.count > b.count : a.value < b.value;
                    });
  Groups groups;
  groups.group_count = static_cast<int64_t>(order.size());
  for (size_t i = 0; i < size; ++i) {
    const Counter& counter = counting.counter(order[i].index);
    Group& group = groups.groups.emplace_back();
    if (IsSet(key)) {
      OURO_TRY(group.value, targets.NameOf(core, order[i].value));
    } else {
      OURO_TRY(group.value, PlainName(core, key, order[i].value));
    }
    group.count = static_cast<int64_t>(order[i].count);
    for (size_t s = 0; s < counter.by_severity.size(); ++s) {
      group.by_severity[s] = counter.by_severity[s];
    }
    group.priority_max = static_cast<int>(counter.priority_max);
    group.priority_sum = static_cast<int64_t>(counter.priority_sum);
  }
  std::sort(groups.groups.begin(), groups.groups.end(), [](const Group& a, const Group& b) {
    return a.count != b.count ? a.count > b.count : a.value < b.value;
  });
  return groups;
}

}  // namespace

std::string_view SortName(Sort sort) {
  return kSortNames[static_cast<size_t>(sort)];
}

std::optional<Sort> ParseSort(std::string_view name) {
  const auto* const found = std::find(kSortNames.begin(), kSortNames.end(), name);
  if (found == kSortNames.end()) return std::nullopt;
  return static_cast<Sort>(found - kSortNames.begin());
}

std::string_view GroupKeyName(GroupKey key) {
  return kGroupNames[static_cast<size_t>(key)];
}

std::optional<GroupKey> ParseGroupKey(std::string_view name) {
  const auto* const found = std::find(kGroupNames.begin(), kGroupNames.end(), name);
  if (found == kGroupNames.end()) return std::nullopt;
  return static_cast<GroupKey>(found - kGroupNames.begin());
}

Result<Page<int64_t>> SelectPage(Core& core, Table table, const PageQuery& query) {
  OURO_TRY_STATUS(CheckLimit(query.limit));
  if (table == Table::kFindings && query.sort == Sort::kSlaDue) {
    return Fail(ErrorCode::kInvalid, "findings have no date of an SLA; sort issues by it");
  }
  uint64_t after = 0;
  if (!query.cursor.empty()) {
    OURO_TRY(after, ReadCursor(query.sort, query.cursor));
  }
  OURO_TRY(const Selection selection, Selection::Make(core, table, query.filter, query.now));
  Page<int64_t> page;
  // The earliest ranks so far, the latest of them on top; one more than the page, to know whether
  // there is another.
  std::priority_queue<uint64_t> best;
  const auto size = static_cast<size_t>(query.limit) + 1;
  uint64_t bound = UINT64_MAX;
  const Column column = kSortColumns[static_cast<size_t>(query.sort)];
  const auto values = std::make_unique<ColumnData>();
  const auto keep_best = [&](uint32_t segment, std::span<const uint16_t> places) -> Status {
    OURO_TRY_STATUS(core.columns.Read(table, column, segment, *values));
    page.total += static_cast<int64_t>(places.size());
    for (const uint16_t place : places) {
      const uint64_t rank = RankOf(query.sort, (*values)[place], KeyOf(segment, place));
      if (rank >= bound || rank <= after) continue;
      best.push(rank);
      if (best.size() > size) best.pop();
      if (best.size() == size) bound = best.top();
    }
    return {};
  };
  OURO_TRY_STATUS(selection.ForEach(core, keep_best));
  const bool more = best.size() == size;
  if (more) best.pop();
  if (more) page.next_cursor = CursorText(query.sort, best.top());
  for (; !best.empty(); best.pop()) {
    page.items.push_back(static_cast<int64_t>(best.top() & UINT32_MAX));
  }
  std::reverse(page.items.begin(), page.items.end());
  return page;
}

Result<Groups> SelectGroups(Core& core, Table table, GroupKey key, const Filter& filter,
                            int64_t limit, int64_t now) {
  OURO_TRY_STATUS(CheckLimit(limit));
  if (table == Table::kFindings && key == GroupKey::kStatus) {
    return Fail(ErrorCode::kInvalid, "findings have no status of their own; group issues by it");
  }
  OURO_TRY(const Selection selection, Selection::Make(core, table, filter, now));
  Counting counting;
  int64_t total = 0;
  OURO_TRY_STATUS(CountAll(core, table, key, selection, counting, total));
  Targets targets;
  Counting spread;
  if (IsSet(key)) {
    OURO_TRY(targets, Targets::Make(core, key));
    OURO_TRY_STATUS(SpreadSets(core, targets, counting, spread));
  }
  OURO_TRY(Groups groups, Largest(core, key, targets, IsSet(key) ? spread : counting, limit));
  groups.total = total;
  return groups;
}

Result<std::vector<int64_t>> SelectAll(Core& core, Table table, const Filter& filter, int64_t now) {
  OURO_TRY(const Selection selection, Selection::Make(core, table, filter, now));
  std::vector<int64_t> keys;
  OURO_TRY_STATUS(
      selection.ForEach(core, [&](uint32_t segment, std::span<const uint16_t> places) -> Status {
        for (const uint16_t place : places) keys.push_back(KeyOf(segment, place));
        return {};
      }));
  return keys;
}

}  // namespace ouro::store
