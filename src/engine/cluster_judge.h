// Judges live objects by their reduced text. Internal to this module.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "engine/cluster_object.h"
#include "engine/judge.h"
#include "io/tree.h"

namespace ouro::engine {

// What is known of one distinct text. Findings carry check, container, paths, message, fix and the
// suppressions of the object itself; resource and place are those of the object that was judged
// first and are set anew by whoever reports them.
struct Verdict {
  Judgement judgement;
  bool excluded = false;  // by configuration: nothing was judged
  bool workload = false;  // has a pod template
};

class LiveJudge {
 public:
  // `inventory` may be null and must outlive the judge, as `finding_count`.
  LiveJudge(std::shared_ptr<const Snapshot> snapshot, const rules::Inventory* inventory,
            UnixSeconds now, std::atomic<int64_t>* finding_count);

  const Snapshot& snapshot() const { return judge_.snapshot(); }
  // kParse when the text is no JSON after all. Line and column of a live object mean nothing and
  // are 0 in everything that is returned.
  Result<Verdict> Run(const LiveObject& object);
  // Adds an object to an inventory that is being built, if it says anything about grants.
  Status AddFacts(const LiveObject& object, rules::Inventory& inventory);

 private:
  Result<uint32_t> Read(std::string_view text);

  Judge judge_;
  io::Tree tree_;
};

}  // namespace ouro::engine
