// One object through all legs, every pair compared. One per thread. Internal to this module.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/snapshot.h"
#include "prove/api.h"
#include "prove/explain.h"
#include "prove/installed_policies.h"
#include "prove/leg_judge.h"
#include "prove/policy_plan.h"
#include "prove/prove.h"
#include "prove/review_leg.h"
#include "prove/server_leg.h"
#include "rules/inventory.h"
#include "scan/object.h"

namespace ouro::prove {

// What all threads share; constant while they run, except what says otherwise.
struct ProveContext {
  const ProveRequest* request = nullptr;
  std::shared_ptr<const engine::Snapshot> snapshot;
  std::unique_ptr<const CheckNumbers> numbers;
  const rules::Inventory* inventory = nullptr;   // null: no check needs one
  const Server* server = nullptr;                // null: none
  const InstalledPolicies* installed = nullptr;  // null: `local` judges
  std::shared_ptr<const LocalPolicySet> local;
  std::unique_ptr<SingleChecks> singles;  // has a lock of its own
  // Objects in a row about which the server could not be asked.
  mutable std::atomic<int> failures_in_a_row = 0;

  bool Stopped() const { return request->stop != nullptr && request->stop->load(); }
};

inline constexpr size_t kPairCount = kLegCount * (kLegCount - 1) / 2;
// All pairs with a before b, in order of legs.
std::array<PairCount, kPairCount> AllPairs();

struct ObjectOutcome {
  size_t number = 0;  // of the object in its file
  ObjectPlace place;
  bool excluded = false;
  bool live = false;
  int64_t requests = 0;
  std::array<PairCount, kPairCount> pairs = AllPairs();
  std::vector<Explained> explained;
  std::vector<Difference> unexplained;
  struct Missing {
    std::string reason;
    std::string sentence;
    std::vector<Leg> legs;
  };
  std::vector<Missing> not_compared;
};

class ObjectProver {
 public:
  // `api` may be null where there is no server. `context` must outlive the prover.
  ObjectProver(const ProveContext& context, std::unique_ptr<Api> api);

  LegJudge& judge() { return judge_; }
  // Nothing when the run was interrupted in the middle.
  std::optional<ObjectOutcome> Run(const scan::Object& object, const std::string& shown);

 private:
  struct Legs;
  void AskServer(Legs& legs, ObjectOutcome& out);
  void JudgeLive(Legs& legs, ObjectOutcome& out);
  void JudgeReview(Legs& legs, ObjectOutcome& out);
  void JudgePolicies(Legs& legs, ObjectOutcome& out);
  void CompareLegs(Legs& legs, ObjectOutcome& out);
  void CompareCheck(size_t number, Legs& legs, ObjectOutcome& out);
  std::optional<Explanation> Explain(size_t number, Legs& legs, std::string& note);

  const ProveContext& context_;
  LegJudge judge_;
  ReviewLeg review_leg_;
  std::optional<LocalPolicies> local_;
  std::unique_ptr<Api> api_;
  std::optional<ServerLeg> server_leg_;
};

}  // namespace ouro::prove
