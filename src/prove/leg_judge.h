// Judges an object the way that files and live objects are judged. One per thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "engine/cluster_judge.h"
#include "engine/cluster_object.h"
#include "engine/judge.h"
#include "engine/snapshot.h"
#include "io/tree.h"
#include "prove/verdict.h"
#include "rules/inventory.h"
#include "scan/object.h"

namespace ouro::prove {

// The number of each check: its index among those of the snapshot's rules.
class CheckNumbers {
 public:
  explicit CheckNumbers(const engine::Snapshot& snapshot);
  size_t count() const { return ids_.size(); }
  const std::string& id(size_t number) const { return ids_[number]; }
  bool needs_inventory(size_t number) const { return needs_inventory_[number]; }
  // Number of a check that runs.
  size_t Of(std::string_view id) const { return numbers_.find(id)->second; }

 private:
  std::vector<std::string> ids_;
  std::vector<bool> needs_inventory_;
  std::unordered_map<std::string_view, size_t> numbers_;  // of texts in ids_
};

// What a fingerprint stands for. An error has another fingerprint than a failure.
struct KnownFinding {
  size_t check = 0;  // its number
  Verdict verdict = Verdict::kFail;
};

struct Judged {
  bool excluded = false;    // by the configuration: nothing was judged
  bool has_errors = false;  // something could not be evaluated
  Verdicts verdicts;
  // Fingerprints of findings that nobody suppressed.
  std::map<std::string, KnownFinding> open_ids;
};

class LegJudge {
 public:
  // `snapshot` must want passes. `inventory` may be null: checks that need it are not judged.
  LegJudge(std::shared_ptr<const engine::Snapshot> snapshot, const CheckNumbers& numbers,
           const rules::Inventory* inventory, UnixSeconds now);

  // For reading documents that are judged by File().
  io::KeyTable& keys() { return judge_.keys(); }
  const scan::ObjectKeys& known() const { return judge_.known(); }
  void RenewKeys() { judge_.RenewKeys(); }

  // Suppressions in comments are not looked at: no other leg could see them.
  Judged File(const scan::Object& object, std::string_view shown);
  // The object as JSON text, read anew.
  Result<Judged> Json(std::string_view text, std::string_view shown);
  // The same as `ouro cluster` reads it: without what no rule looks at.
  Result<Judged> Live(std::string_view text);

 private:
  Judged ToJudged(engine::Judgement&& judgement) const;

  std::shared_ptr<const engine::Snapshot> snapshot_;
  const CheckNumbers& numbers_;
  bool has_inventory_;
  UnixSeconds now_;
  engine::Judge judge_;
  engine::LiveJudge live_judge_;
  engine::ObjectReader live_reader_;
  engine::LiveObject live_object_;
  io::Tree tree_;
};

}  // namespace ouro::prove
