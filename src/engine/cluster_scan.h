// Live objects in, a report out. Knows nothing of where objects come from: the API server, a dump
// and a file all feed it. Internal to this module.
//
//     AddFacts* → FinishFacts → (StartKind → AddPage* )* → Finish
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "engine/cluster_fold.h"
#include "engine/cluster_judge.h"
#include "engine/cluster_object.h"
#include "engine/owners.h"
#include "engine/snapshot.h"
#include "model/report.h"
#include "rules/inventory.h"

namespace ouro::engine {

// Pages are judged as they come and may be dropped afterwards. What stays: a row for each object
// that may own others, the findings of each distinct verdict, and as many judged texts as
// limits::kVerdictCacheBytes hold. One thread.
class ClusterScan {
 public:
  struct Options {
    std::shared_ptr<const Snapshot> snapshot;
    UnixSeconds now = 0;
    std::string source;                             // "kube://prod": the beginning of all places
    std::function<void(int64_t objects)> progress;  // may be empty
  };
  explicit ClusterScan(Options options);

  // Facts: objects that some checks ask about when they judge others (roles and bindings).
  bool needs_facts() const { return options_.snapshot->rules()->needs_inventory(); }
  void AddFactsPage(std::string_view page, std::string_view api_version, std::string_view kind);
  void AddFacts(std::string_view item, std::string_view api_version, std::string_view kind);
  // No more facts will come. Called without facts too. `missing`: what could not be read, in words;
  // then a problem says which checks judge by incomplete facts.
  void FinishFacts(const std::vector<std::string>& missing);

  // Begins a kind; the number is for the functions below. Kinds may mix.
  size_t StartKind(std::string_view api_version, std::string_view kind, std::string_view plural);
  // A JSON List. kParse when it ends early or is no List; what came before the break is judged.
  Status AddPage(size_t kind, std::string_view page);
  void AddItem(size_t kind, std::string_view item);
  // Forgets what the kind has given so far.
  void Restart(size_t kind);
  void AddProblem(model::Problem problem) { problems_.push_back(std::move(problem)); }
  // "deployments.apps could not be listed: …": the problem of a kind that was not examined, or not
  // wholly.
  void AddListFailure(std::string_view api_version, std::string_view plural, const Error& error);

  // Attributes findings to owners, folds, triages and decides. `lookup` may fetch owners that were
  // not listed. The scan is empty afterwards.
  Result<model::Report> Finish(const OwnerTable::Lookup& lookup);

  LivePlaces& places() { return places_; }
  int64_t object_count() const { return object_count_; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return FastHash(text); }
  };
  // One kind, or one list of it.
  struct KindState {
    std::string api_version;
    std::string kind;
    std::string plural;
    std::vector<LiveGroup> groups;
    std::unordered_map<std::string, uint32_t, Hash, std::equal_to<>> known;  // key → group
    size_t known_bytes = 0;
    std::vector<std::string> owners;  // uids that this list put into the table
    std::vector<model::Problem> problems;
    int64_t objects = 0;
    int64_t old_revisions = 0;
    int64_t failed = 0;
    int64_t bytes = 0;
  };

  void AddObject(KindState& state);
  void FailItem(KindState& state, const Error& error);
  void PutOwner(KindState& state, bool excluded);
  OwnerTable::Owner OwnerOf(const LiveGroup& group, const OwnerTable::Lookup& lookup);
  void Fold(const OwnerTable::Lookup& lookup, model::Report& report);

  Options options_;
  ObjectReader reader_;
  std::atomic<int64_t> finding_count_{0};
  rules::Inventory inventory_;
  std::unique_ptr<LiveJudge> judge_;
  OwnerTable owners_;
  LivePlaces places_;
  LiveObject object_;  // in work
  std::vector<KindState> kinds_;
  std::vector<model::Problem> problems_;
  int64_t object_count_ = 0;
};

// What a configuration's excludes look at.
ObjectReader::Options ReaderOptions(const Config& config);

// Adds what a group says besides its findings: counts, problems, passes.
void AddExamined(const LiveGroup& group, const LivePlaces& places, const model::Resource& owner,
                 model::Report& report);

// Whether configuration excludes an object of which only kind, namespace and name are known.
bool IsExcludedByName(const Config& config, const model::Resource& resource);

// The end of every live report: suppressions of the configuration, texts, baseline, order, counts
// and the gate's decision. Findings have their fingerprints and are folded.
Status FinishLiveReport(const Snapshot& snapshot, UnixSeconds now, model::Report& report);

}  // namespace ouro::engine
