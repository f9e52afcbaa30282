// The findings of a cluster while it changes. Objects are put and removed one at a time; what that
// changes comes back. Knows nothing of connections. Internal to this module.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "engine/cluster.h"
#include "engine/cluster_fold.h"
#include "engine/cluster_judge.h"
#include "engine/cluster_object.h"
#include "engine/owners.h"
#include "engine/snapshot.h"
#include "rules/inventory.h"

namespace ouro::engine {

// One thread. Objects that are equal to judging (replicas) share one verdict; of an object itself
// only its uid, name and the number of its verdict are kept.
class LiveState {
 public:
  struct Options {
    std::shared_ptr<const Snapshot> snapshot;
    UnixSeconds now = 0;
    std::string source;                  // "kube://prod"
    OwnerTable::Lookup lookup;           // for owners that are not known; may be empty
    std::set<std::string> baseline_ids;  // findings that the baseline knows
  };
  explicit LiveState(Options options);

  // Facts: what checks ask about when they judge other objects. They are kept as text, because each
  // change of one may change what all together mean.
  void PutFacts(std::string_view item, std::string_view api_version, std::string_view kind);
  void RemoveFacts(const std::string& uid) { facts_.erase(uid); }
  // Facts that a new list of the kind no longer names; see BeginSweep.
  void BeginFactsSweep(std::string_view kind);
  void EndFactsSweep(std::string_view kind);
  // Judges by the facts as they are now. Returns the namespaces whose workloads may have another
  // verdict than before: put their objects again.
  std::set<std::string> ApplyFacts();

  size_t StartKind(std::string_view api_version, std::string_view kind, std::string_view plural);
  // Adds or replaces an object. Until Settle() nothing is compared. kParse, kInvalid: the item is
  // no object; what was known of it stays.
  Status Put(size_t kind, std::string_view item, std::vector<FindingChange>& changes);
  void Remove(const std::string& uid, std::vector<FindingChange>& changes);
  // A new list of a kind: what is not put between the two calls is gone.
  void BeginSweep(size_t kind, std::string_view name_space = {});
  void EndSweep(size_t kind, std::vector<FindingChange>& changes);
  // All first lists are there: owners are known now.
  void Settle();

  // What ScanCluster would report of this state. `problems`: what is not in it.
  Result<model::Report> MakeReport(std::vector<model::Problem> problems) const;

  LivePlaces& places() { return places_; }
  int64_t object_count() const { return static_cast<int64_t>(objects_.size()); }

 private:
  struct Group {
    LiveGroup live;
    std::string key;  // in known_; empty: not there
    OwnerTable::Owner owner;
    bool is_own = true;            // the object is its own workload
    std::vector<std::string> ids;  // of the findings, as those of the owner; empty when excluded
    std::vector<model::Finding> mapped;  // the same, as reports have them but for texts
    int64_t objects = 0;
    bool old_revision = false;
  };
  struct Object {
    uint32_t group = 0;
    uint32_t kind = 0;
    bool seen = true;  // in the running sweep
    std::string name;
    std::string name_space;
  };
  struct Presence {
    int64_t own = 0;       // objects that are the workload itself
    int64_t replicas = 0;  // objects that it made
    int64_t total() const { return own + replicas; }
  };
  struct Kind {
    std::string api_version;
    std::string kind;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return FastHash(text); }
  };
  struct Fact {
    LiveObject object;
    bool seen = true;
  };

  Result<uint32_t> GroupOf(const LiveObject& object);
  uint32_t NewGroup();
  std::vector<std::string> OwnPaths(const model::Resource& owner,
                                    const model::Finding& finding) const;
  void Resolve(Group& group);
  void ResolveAgain(const std::string& owner_uid, std::vector<FindingChange>& changes);
  void Count(const Group& group, int64_t step);
  void Release(uint32_t group);
  void Move(const Group* before, const Group* after, std::vector<FindingChange>& changes);
  void Tell(FindingChange::Kind kind, const model::Finding& finding, const Group& group,
            std::string note, std::vector<FindingChange>& changes) const;
  bool IsExcludedOwner(const Group& group) const;
  uint64_t GrantsHash(const std::string& name_space, const std::string& name) const;
  void PutOwner(const LiveObject& object, bool excluded, std::vector<FindingChange>& changes);

  Options options_;
  ObjectReader reader_;
  std::unique_ptr<rules::Inventory> inventory_;
  std::unique_ptr<LiveJudge> judge_;
  OwnerTable owners_;
  LivePlaces places_;
  LiveObject object_;  // in work
  bool settled_ = false;
  std::vector<Kind> kinds_;
  std::vector<Group> groups_;
  std::vector<uint32_t> free_groups_;
  std::unordered_map<std::string, uint32_t, Hash, std::equal_to<>> known_;  // key → group
  std::unordered_map<std::string, Object> objects_;                         // by uid
  std::unordered_map<std::string, Presence> presence_;                      // by finding id
  std::map<std::string, Fact> facts_;                                       // by uid
  // Accounts that were asked about, with a hash of what they were granted.
  std::map<std::pair<std::string, std::string>, uint64_t> accounts_;
};

}  // namespace ouro::engine
