// A set merges the occurrences of its rules with its dates and takes out what is excluded. Each
// rule is a RuleWalk of which one occurrence is known ahead.
#include "calendar/recurrence.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "calendar/rule_walk.h"

namespace ouro::calendar {
namespace {

// A walk and the occurrence that it gives next.
class Head {
 public:
  Head(const RecurrenceRule& rule, LocalTime start, const ExpandOptions& options)
      : walk_(rule, start, options) {}

  // nullopt at the end.
  Result<std::optional<LocalTime>> Peek() {
    if (!known_) {
      OURO_TRY(time_, walk_.Next());
      known_ = true;
    }
    return time_;
  }
  void Pop() { known_ = !time_; }

  // Goes on to the first occurrence at or after `time` and says whether it is `time`.
  Result<bool> Reaches(LocalTime time) {
    while (true) {
      OURO_TRY(const std::optional<LocalTime> mine, Peek());
      if (!mine || *mine > time) return false;
      if (*mine == time) return true;
      Pop();
    }
  }

 private:
  RuleWalk walk_;
  std::optional<LocalTime> time_;
  bool known_ = false;
};

Status CheckRules(const std::vector<RecurrenceRule>& rules, const ExpandOptions& options) {
  for (const RecurrenceRule& rule : rules) {
    if (rule.until_utc && options.zone == nullptr) {
      return Fail(ErrorCode::kInvalid,
                  "UNTIL is an instant (it ends with Z), but the start is a local time without a "
                  "zone: write UNTIL without Z, or say the zone");
    }
  }
  return {};
}

}  // namespace

class RecurrenceExpansion::State {
 public:
  State(const RecurrenceSet& set, const ExpandOptions& options)
      : dates_(set.dates), excluded_dates_(set.excluded_dates), to_(options.to) {
    if (set.rules.empty() && set.dates.empty()) dates_.push_back(set.start);
    std::sort(dates_.begin(), dates_.end());
    std::sort(excluded_dates_.begin(), excluded_dates_.end());
    next_date_ = static_cast<size_t>(std::lower_bound(dates_.begin(), dates_.end(), options.from) -
                                     dates_.begin());
    for (const RecurrenceRule& rule : set.rules) rules_.emplace_back(rule, set.start, options);
    for (const RecurrenceRule& rule : set.excluded_rules) {
      excluded_rules_.emplace_back(rule, set.start, options);
    }
  }

  Result<std::optional<LocalTime>> Next() {
    for (int64_t excluded = 0; excluded <= limits::kRecurrenceExcludedCount; ++excluded) {
      OURO_TRY(const std::optional<LocalTime> time, TakeSmallest());
      if (!time || *time > to_) return std::optional<LocalTime>();
      OURO_TRY(const bool is_excluded, IsExcluded(*time));
      if (!is_excluded) return time;
    }
    return Fail(ErrorCode::kLimit,
                fmt::format("the exclusions leave no occurrence: {} in a row are "
                            "excluded",
                            limits::kRecurrenceExcludedCount));
  }

  std::optional<Error> failed;

 private:
  // The earliest of all rules and dates, taken from each that has it.
  Result<std::optional<LocalTime>> TakeSmallest() {
    std::optional<LocalTime> smallest;
    if (next_date_ < dates_.size()) smallest = dates_[next_date_];
    for (Head& rule : rules_) {
      OURO_TRY(const std::optional<LocalTime> time, rule.Peek());
      if (time && (!smallest || *time < *smallest)) smallest = time;
    }
    if (!smallest) return smallest;
    while (next_date_ < dates_.size() && dates_[next_date_] == *smallest) ++next_date_;
    for (Head& rule : rules_) {
      OURO_TRY(const std::optional<LocalTime> time, rule.Peek());
      if (time == smallest) rule.Pop();
    }
    return smallest;
  }

  Result<bool> IsExcluded(LocalTime time) {
    if (std::binary_search(excluded_dates_.begin(), excluded_dates_.end(), time)) return true;
    for (Head& rule : excluded_rules_) {
      OURO_TRY(const bool reaches, rule.Reaches(time));
      if (reaches) return true;
    }
    return false;
  }

  std::vector<Head> rules_;
  std::vector<Head> excluded_rules_;
  std::vector<LocalTime> dates_;
  std::vector<LocalTime> excluded_dates_;
  LocalTime to_;
  size_t next_date_ = 0;
};

RecurrenceExpansion::RecurrenceExpansion(std::unique_ptr<State> state) : state_(std::move(state)) {}
RecurrenceExpansion::RecurrenceExpansion(RecurrenceExpansion&&) noexcept = default;
RecurrenceExpansion& RecurrenceExpansion::operator=(RecurrenceExpansion&&) noexcept = default;
RecurrenceExpansion::~RecurrenceExpansion() = default;

Result<RecurrenceExpansion> RecurrenceExpansion::Create(const RecurrenceSet& set,
                                                        const ExpandOptions& options) {
  OURO_TRY_STATUS(CheckRules(set.rules, options));
  OURO_TRY_STATUS(CheckRules(set.excluded_rules, options));
  return RecurrenceExpansion(std::make_unique<State>(set, options));
}

Result<std::optional<LocalTime>> RecurrenceExpansion::Next() {
  if (state_->failed) return tl::unexpected<Error>(*state_->failed);
  Result<std::optional<LocalTime>> time = state_->Next();
  if (!time) state_->failed = time.error();
  return time;
}

bool IsEndless(const RecurrenceSet& set) {
  return std::any_of(set.rules.begin(), set.rules.end(), [](const RecurrenceRule& rule) {
    return !rule.count && !rule.until && !rule.until_utc;
  });
}

}  // namespace ouro::calendar
