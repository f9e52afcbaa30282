// What follows from what: a finding from its observations, an issue from its findings. The result
// depends on the set alone, never on the order in which it was stored. Private to store.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "store/core.h"
#include "store/import_session.h"

namespace ouro::store {

// Numbers of a table, as bits.
class KeySet {
 public:
  void Add(int64_t key);
  bool Contains(int64_t key) const;
  // Keys in ascending order.
  template <typename Each>
  Status ForEach(const Each& each) const {
    for (size_t word = 0; word < words_.size(); ++word) {
      for (uint64_t bits = words_[word]; bits != 0; bits &= bits - 1) {
        OURO_TRY_STATUS(each(static_cast<int64_t>(word * 64) + __builtin_ctzll(bits)));
      }
    }
    return {};
  }

 private:
  std::vector<uint64_t> words_;
};

struct Derivation {
  int64_t now = 0;
  std::string who;
  std::function<UnixSeconds(const SlaQuestion&)> sla_due;
  KeySet touched_findings;  // seen by this import
  KeySet touched_issues;
  std::vector<int64_t> findings;  // to derive anew; any order, repeats allowed
  std::vector<int64_t> issues;
  ImportChanges changes;
};

// Derives the findings, then the issues that are concerned, and brings rows, history and column
// index up to date.
Status Derive(Core& core, Derivation& derivation);

// A finding as its observations say.
struct DerivedFinding {
  FindingRow row;
  int64_t last_seen = 0;
};
Result<DerivedFinding> DeriveFinding(Core& core, const FindingRow& old);

// A row of an issue with one finding, as an import makes it.
IssueRow NewIssue(const Id& id, int64_t key, const FindingRow& finding);

// The date by the hook; 0 without one.
int64_t SlaDue(const Derivation& derivation, const IssueRow& issue);

}  // namespace ouro::store
