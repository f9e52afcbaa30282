// Judges one object by the rules of a snapshot. The same code for a file, a live object and an
// object on its way through admission, so that one rule means one thing everywhere.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "engine/place.h"
#include "engine/snapshot.h"
#include "io/tree.h"
#include "model/finding.h"
#include "rules/inventory.h"
#include "rules/rule_set.h"
#include "scan/object.h"
#include "scan/suppression.h"

namespace ouro::engine {

// The service account of a pod template.
struct Account {
  uint32_t document = 0;  // of the workload in its file
  std::string name_space;
  std::string name;
};

// What judging gave. Findings have no fingerprint and no static texts yet (engine::Settle).
struct Judgement {
  std::vector<model::Finding> findings;
  std::vector<model::Problem> problems;
  std::vector<model::Passed> passed;  // only when the snapshot wants them
  int64_t passed_count = 0;           // (check, subject) pairs that passed
  // The service account of each pod template, when the rules ask about other objects.
  std::vector<Account> accounts;
};

// One per thread. Trees that are judged must have been read with keys().
class Judge : private rules::HitSink {
 public:
  struct Options {
    // Null: all rules of the snapshot. Else these, which must be of the same snapshot.
    std::shared_ptr<const rules::RuleSet> rules;
    // Finished; must outlive the judge. Null: checks that ask about other objects do not run.
    const rules::Inventory* inventory = nullptr;
    UnixSeconds now = 0;
    // Counts findings across threads; past limits::kFindingCount none are kept. May be null.
    std::atomic<int64_t>* finding_count = nullptr;
  };
  Judge(std::shared_ptr<const Snapshot> snapshot, Options options);
  ~Judge() override;

  const Snapshot& snapshot() const { return *snapshot_; }
  io::KeyTable& keys() { return keys_; }
  const scan::ObjectKeys& known() const { return *known_; }
  // Starts with a fresh table when this one has grown far past the snapshot's, so that a long run
  // over many different keys does not fill memory. Trees read before are void after `true`.
  bool RenewKeys();

  // Judges `object` and appends to `out`. `shown` is the file of the findings' locations;
  // `comments` are suppressions that stand beside the object in its file. The suppressions in the
  // object's own annotations are applied.
  void Run(const scan::Object& object, std::string_view shown, PlaceFinder& places,
           std::span<const scan::InlineSuppression> comments, Judgement& out);

 private:
  void StartKeys();
  void OnHit(rules::Hit&& hit) override;
  void AddPass(const rules::SelectedCheck& selected, const rules::Hit& hit);

  std::shared_ptr<const Snapshot> snapshot_;
  Options options_;
  io::KeyTable keys_;
  std::unique_ptr<scan::ObjectKeys> known_;
  std::unique_ptr<rules::RuleRunner> runner_;
  // While an object is judged.
  const scan::Object* object_ = nullptr;
  std::string_view shown_;
  PlaceFinder* places_ = nullptr;
  Judgement* out_ = nullptr;
};

// One warning for each suppression in our own words that names no check: most likely it is
// misspelt, and then a finding stays open that somebody thinks to have accepted.
void CheckSelectors(const Snapshot& snapshot, std::span<const scan::InlineSuppression> suppressions,
                    PlaceFinder& places, std::vector<model::Problem>& problems);

// "Deployment shop/web", or without namespace "ClusterRole admin".
std::string ObjectText(const model::Resource& resource);

}  // namespace ouro::engine
