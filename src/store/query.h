// Questions to the store: filters, sorts, pages and groups. Every combination of filters and any
// one sort or group here is offered, for issues and for findings, and takes time that grows with
// the number of stored items by about 10 ns each; no rows are sorted (store/columns.h says how).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/finding.h"
#include "store/issue.h"

namespace ouro::store {

// Empty fields match everything; what is given must all match. Names are compared exactly.
struct Filter {
  // Issues: Issue::open at the time of the query (an acceptance that has ended counts as open).
  // Findings: seen by some scope, suppressed ones too.
  bool open_only = true;
  std::vector<IssueStatus> statuses;  // any of them; issues only (kInvalid for findings)
  std::optional<model::Severity> severity_min;
  std::optional<model::FindingClass> finding_class;
  std::string check;  // check id, alias or concept
  std::string namespace_name;
  std::string cluster;
  std::string environment;
  std::string application;
  std::string owner;
  std::string vuln;  // id or alias
  std::string tool;
  std::string stage;  // one of kStages: seen there now
  std::string fix_group;
  std::string name_prefix;         // beginning of the object's name
  UnixSeconds first_seen_min = 0;  // first seen at or after; 0: any ("new since")
  UnixSeconds sla_due_max = 0;     // has a date, and at or before; 0: any. Issues only
};

// Ties are in order of storing, which never changes.
enum class Sort : uint8_t {
  kPriority,   // highest first
  kSeverity,   // gravest first
  kFirstSeen,  // newest first
  kLastSeen,   // newest first
  kSlaDue,     // soonest first, without date last; issues only
};
std::string_view SortName(Sort sort);  // "priority", "severity", "first_seen", …
std::optional<Sort> ParseSort(std::string_view name);

struct PageQuery {
  Filter filter;
  Sort sort = Sort::kPriority;
  int64_t limit = 50;  // 1 to limits::kPageItemCount, or kLimit
  std::string cursor;  // empty: the first page; else next_cursor of the page before
  UnixSeconds now = 0;
};

template <typename T>
struct Page {
  std::vector<T> items;
  std::string next_cursor;  // empty: this was the last page
  int64_t total = 0;        // all that the filter matches, exact
};

enum class GroupKey : uint8_t {
  kSeverity,
  kStatus,
  kClass,
  kCheck,
  kConcept,
  kVuln,
  kOwner,
  kCluster,
  kEnvironment,
  kApplication,
  kNamespace,
  kTool,
  kFixGroup,
};
std::string_view GroupKeyName(GroupKey key);  // "severity", "vuln", "fix_group", …
std::optional<GroupKey> ParseGroupKey(std::string_view name);

// One group. An item that several tools or clusters see counts in each of their groups.
struct Group {
  std::string value;  // empty: has none
  int64_t count = 0;
  std::array<int64_t, model::kSeverityCount> by_severity{};
  int priority_max = 0;
  int64_t priority_sum = 0;
};

// Groups, largest count first, then by value.
struct Groups {
  std::vector<Group> groups;  // at most the limit
  int64_t group_count = 0;    // all there are
  int64_t total = 0;          // items that the filter matches, each once
};

}  // namespace ouro::store
