// The live state: every check on the objects of a cluster, through the API server, a recorded dump
// of it, or the output of `kubectl get -o json`. docs/user/cluster.md is the manual for people.
//
//     choose kinds → list (roles and bindings first) → judge page by page → owners → fold → gate
//
// What could not be listed or read is a problem with the server's own words; a live report never
// calls clean what it did not see.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "engine/config.h"
#include "kube/client.h"
#include "model/report.h"
#include "rules/selection.h"

namespace ouro::engine {

struct ClusterRequest {
  Config config;                      // effective: file with flags over it
  rules::SelectionOptions selection;  // usually SelectionOf(config)
  int kubernetes_minor = -1;          // -1: that of the server, or of the dump
  bool show_passed = false;
  std::string name_space;                              // empty: all, and objects that stand in none
  std::string label_selector;                          // only objects that match
  UnixSeconds now = 0;                                 // given by the caller
  const std::atomic<bool>* stop = nullptr;             // the client's too; ends lists and the watch
  std::function<void(int64_t objects_done)> progress;  // may be empty
};

// Lists and judges. Fails when the server cannot be reached or refuses to say what it serves, when
// the namespace does not exist, and for wrong use (a check nobody knows, a broken check file);
// everything else is a problem inside the report.
Result<model::Report> ScanCluster(const ClusterRequest& request, kube::Client& client);

// The same from `path`: a folder that DumpCluster wrote, a folder or file of `kubectl get` output
// (JSON or YAML, Lists or single objects), or standard input ("-"). kNotFound, kParse when the path
// or the dump's index cannot be read at all. `name_space` and `label_selector` must be empty.
Result<model::Report> ScanRecorded(const ClusterRequest& request, const std::string& path);

// Writes what ScanCluster would list, redacted (kube/dump.h), for ScanRecorded.
struct DumpSummary {
  int64_t kinds = 0;
  int64_t objects = 0;
  std::vector<model::Problem> problems;  // what could not be listed
};
Result<DumpSummary> DumpCluster(const ClusterRequest& request, kube::Client& client,
                                const std::string& folder);

// A change of the set of findings while a cluster is watched.
struct FindingChange {
  enum class Kind : uint8_t {
    kNew,      // no object showed it before
    kChanged,  // severity, status or message; or the owner was mended while replicas still run it
    kGone,     // no object shows it any more
  };
  Kind kind = Kind::kNew;
  model::Finding finding;  // as reports have it, with its texts; of kGone: as it was last
  std::string note;        // of kChanged: what changed, in words; else empty
};
std::string_view FindingChangeName(FindingChange::Kind kind);  // "new", "changed", "gone"

// What a watch tells. All are called on the calling thread and may not be empty.
struct WatchSink {
  std::function<void(const model::Report&)>
      listed;  // once: the first list, as ScanCluster gives it
  std::function<void(const FindingChange&)> changed;
  // One line for people: connection lost, connected again, a kind that can no longer be watched.
  std::function<void(std::string_view)> note;
};

// Lists, then watches until request.stop is set; returns the report of the state at that time. Each
// event is judged as it comes. A lost connection and an expired watch are mended here; a kind that
// can no longer be watched is a problem of the report.
Result<model::Report> WatchCluster(const ClusterRequest& request, kube::Client& client,
                                   const WatchSink& sink);

}  // namespace ouro::engine
