// Who owns a live object: Pod → ReplicaSet → Deployment, Job → CronJob, and what that means for the
// identity of a finding. Internal to this module.
//
// Source: Kubernetes documentation, "Owners and Dependents": at most one owner reference has
// `controller: true`; the controller made the object from its template.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "model/finding.h"

namespace ouro::engine {

// A controller as an owner reference names it. The namespace is that of the object.
struct Controller {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string uid;
  bool empty() const { return kind.empty(); }
  bool operator==(const Controller&) const = default;
};

// Objects that may own others, by uid.
class OwnerTable {
 public:
  struct Entry {
    model::Resource resource;
    Controller controller;  // its own; empty: none
    bool excluded = false;  // by configuration: what it owns is excluded too
  };
  void Put(const std::string& uid, Entry entry);
  void Remove(const std::string& uid) { entries_.erase(uid); }
  const Entry* Find(const std::string& uid) const;

  // The workload that a finding on `resource` belongs to: the end of the chain of controllers. An
  // owner that is not in the table counts by the name that the reference gives it, and ends the
  // chain. A pod belongs to whatever controls it, except a Node (a mirror of a static pod, which
  // stands for itself); every other object only to a controller with a pod template, because that
  // is what made its own: a Deployment that some operator made stays the workload. So the answer
  // does not depend on which kinds were listed beyond workloads.
  struct Owner {
    model::Resource resource;
    std::string uid;        // empty: the object itself
    bool excluded = false;  // some owner on the way is
    bool missing = false;   // the chain ended at an owner that is not in the table
  };
  Owner OwnerOf(const model::Resource& resource, const Controller& controller) const;

  // Asked for an owner that is not in the table; what it gives is put into it.
  using Lookup =
      std::function<std::optional<Entry>(const Controller&, std::string_view name_space)>;
  // As OwnerOf, with a chance to fetch what is missing.
  Owner OwnerOf(const model::Resource& resource, const Controller& controller,
                const Lookup& lookup);

  size_t size() const { return entries_.size(); }

 private:
  std::unordered_map<std::string, Entry> entries_;
};

// The field path that a finding on an object made from the owner's template has in the owner:
// "spec.containers[name=web].image" of a Pod is
// "spec.template.spec.containers[name=web].image" of a Deployment and
// "spec.jobTemplate.spec.template.spec.…" of a CronJob. nullopt when the owner has no template, or
// several, so that nothing can be said without looking at the owner's own findings.
std::optional<std::string> FieldPathInOwner(const model::Resource& object,
                                            const model::Resource& owner,
                                            std::string_view field_path);

// Whether two resources are one object (API versions of one group are spellings of it).
bool IsSameObject(const model::Resource& a, const model::Resource& b);

}  // namespace ouro::engine
