// What scanning, dumping and watching a live cluster have in common: its version, its kinds, and
// owners that were not listed. Internal to this module.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/cluster.h"
#include "engine/cluster_kinds.h"
#include "engine/cluster_object.h"
#include "engine/owners.h"
#include "engine/snapshot.h"
#include "kube/client.h"

namespace ouro::engine {

inline constexpr int kParallelLists = 4;

// The snapshot for a server of this minor version ("1.33" in words), unless the request names one.
// A newer version than any known is judged by the newest, with a warning in `problems`.
Result<std::shared_ptr<const Snapshot>> SnapshotFor(const ClusterRequest& request, int server_minor,
                                                    std::string_view source,
                                                    std::vector<model::Problem>& problems);

struct LiveSession {
  // Asks for the version and the kinds. `client` must outlive the session.
  static Result<LiveSession> Open(const ClusterRequest& request, kube::Client& client);

  kube::Client& client;
  std::string source;          // "kube://prod"
  std::string server_version;  // "v1.33.13"; empty where the server does not tell
  std::shared_ptr<const Snapshot> snapshot;
  kube::Discovery discovery;
  std::vector<kube::ApiResource> facts;   // listed first
  std::vector<kube::ApiResource> judged;  // in the scope of the request
  std::vector<model::Problem> problems;

  // What the run looked at, for the store: "kube://prod", and namespace and selector where given.
  std::string Scope(const ClusterRequest& request) const;
};

// Fetches owners that were not listed, because they came after their kind's list or because a
// selector left them out. Bounded by limits::kOwnerLookupCount; a kind that is refused once is not
// asked for again.
class OwnerFetcher {
 public:
  explicit OwnerFetcher(LiveSession& session);
  std::optional<OwnerTable::Entry> Fetch(const Controller& owner, std::string_view name_space);
  OwnerTable::Lookup AsLookup();

 private:
  LiveSession& session_;
  ObjectReader reader_;
  LiveObject object_;
  std::set<std::string> refused_;  // "apps/v1 ReplicaSet"
  std::set<std::string> gone_;     // uids
  int count_ = 0;
};

}  // namespace ouro::engine
