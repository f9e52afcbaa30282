// Rows as the values that callers see. Private to store.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "store/core.h"
#include "store/issue.h"

namespace ouro::store {

// Is the status one in which an issue waits for nothing more? An acceptance ends with its date.
bool IsOpenStatus(IssueStatus status, int64_t until, int64_t now);

Result<Issue> ReadIssue(Core& core, int64_t key, int64_t now);
Result<StoredFinding> ReadFinding(Core& core, int64_t key);

struct FindingTimes {
  int64_t first_seen = 0;
  int64_t last_seen = 0;
  int64_t run_count = 0;
};
Result<FindingTimes> ReadTimes(Core& core, int64_t finding_key);

// In order of scope name and key. At most `limit` of them; negative: all.
Result<std::vector<Observation>> ReadObservations(Core& core, int64_t finding_key,
                                                  std::string_view finding_id, int64_t limit);
Result<std::vector<HistoryEntry>> ReadHistory(Core& core, int64_t issue_key, int64_t limit);
// Keys of the findings of an issue, in order of their id.
Result<std::vector<int64_t>> FindingKeysOf(Core& core, int64_t issue_key);

// The key of the one finding, or issue, whose id begins so. Errors as Store::Find.
Result<int64_t> FindingKeyByPrefix(Core& core, std::string_view id_or_prefix);
Result<int64_t> IssueKeyByPrefix(Core& core, std::string_view id_or_prefix);

}  // namespace ouro::store
