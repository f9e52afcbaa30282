// Live findings under the workloads that own them: one finding per workload, however many replicas
// show it. Internal to this module.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/cluster_judge.h"
#include "engine/owners.h"
#include "model/finding.h"

namespace ouro::engine {

// One verdict and the objects that have it: a single object, or replicas of one controller.
struct LiveGroup {
  model::Resource resource;  // of one of the objects, without container
  Controller controller;
  Verdict verdict;
  int64_t count = 0;               // objects
  std::vector<std::string> names;  // the first of them in byte order, at most kGroupNameCount

  void AddName(const std::string& name);
};
inline constexpr size_t kGroupNameCount = 21;  // one more than places that a finding keeps

// "kube://prod/apps/v1/namespaces/shop/deployments/web": where reports say that a live object is.
class LivePlaces {
 public:
  // `source`: "kube://prod".
  explicit LivePlaces(std::string source) : source_(std::move(source)) {}
  // What the server calls a kind in URLs; unknown kinds get the usual plural of their name.
  void SetPlural(std::string_view api_version, std::string_view kind, std::string_view plural);
  std::string Of(const model::Resource& resource) const;
  // Of all objects of a kind.
  std::string OfKind(std::string_view api_version, std::string_view plural) const;

 private:
  std::string source_;
  std::unordered_map<std::string, std::string> plurals_;
};

// Whether the kind makes objects from more than one pod template.
bool HasSeveralTemplates(const model::Resource& resource);

// A finding of the object `resource` as one of its owner: resource, field path and fingerprint are
// those that the owner's manifest has in CI. `own_paths`: field paths of the owner's own findings
// of the same check and container, for owners with several pod templates; may be empty.
model::Finding FindingOfOwner(const model::Finding& finding, const model::Resource& resource,
                              const model::Resource& owner,
                              const std::vector<std::string>& own_paths);

// Moves the path and the fix of a finding that only replicas showed into the owner's template, when
// the owner was not seen; of an owner that was seen and has no such finding nothing can be said,
// and both are cleared.
void PlaceInOwner(model::Finding& finding, const model::Resource& resource,
                  const OwnerTable::Owner& owner);

// Folds groups. Own findings of owners first (AddOwn), then those of replicas (AddReplicas).
class LiveFold {
 public:
  explicit LiveFold(const LivePlaces& places) : places_(places) {}

  void AddOwn(const LiveGroup& group);
  void AddReplicas(const LiveGroup& group, const OwnerTable::Owner& owner);

  // All findings with their fingerprints, in no particular order. A finding that the owner itself
  // has says where its replicas show it too; one that only replicas have (an injected sidecar, a
  // debug container) names them in its message. A suppression beside the owner covers its replicas;
  // without the owner's word a finding is open when it is open in one replica.
  std::vector<model::Finding> Take();

 private:
  struct Folded {
    model::Finding finding;
    bool own = false;
    std::string object_kind;  // of the replicas
    int64_t replicas = 0;
    std::vector<std::string> names;
    bool owner_missing = false;
  };
  static std::string SubjectKey(const model::Finding& finding);
  void AddPlaces(Folded& folded, const LiveGroup& group, const std::string& json_path) const;
  static std::string ReplicaNote(const Folded& folded);

  const LivePlaces& places_;
  std::unordered_map<std::string, Folded> by_id_;
  // Field paths of own findings of objects with several templates, by check, object and container.
  std::unordered_map<std::string, std::vector<std::string>> own_paths_;
};

}  // namespace ouro::engine
