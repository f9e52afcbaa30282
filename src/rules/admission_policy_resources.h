// Which resource a kind of object is served as: plural name, scope, and the other versions under
// which a server offers the same objects.
//
// Source: discovery documents of Kubernetes 1.33 and the API reference of 1.37; the guess for kinds
// that are not known is that of k8s.io/apimachinery pkg/api/meta (UnsafeGuessKindToResource).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "io/tree.h"

namespace ouro::rules {

enum class ResourceScope : uint8_t { kUnknown, kNamespaced, kCluster };

struct ResourceInfo {
  std::string resource;  // plural, lower case: "networkpolicies"
  ResourceScope scope = ResourceScope::kUnknown;
  bool built_in = false;  // a type of Kubernetes itself; null means absent in its objects
  bool known = false;     // false: resource is guessed from the kind
};

struct GroupVersion {
  std::string_view group;  // empty for the core group
  std::string_view version;
};
// Parts of "apps/v1" or "v1". More than one slash: everything before the last is the group, which
// then matches nothing.
GroupVersion SplitApiVersion(std::string_view api_version);

// Immutable after it was filled; const is thread-safe.
class ResourceCatalog {
 public:
  // Learns from a CustomResourceDefinition (apiextensions.k8s.io). False when it is none, or lacks
  // group, kind or plural.
  bool AddDefinition(const io::NodeView& definition);

  ResourceInfo Find(std::string_view group, std::string_view kind) const;

  // Other group and version pairs under which a server of that minor serves the resource. With
  // `complete` false they are not known (a custom resource whose definition was not given).
  struct Equivalents {
    std::vector<std::pair<std::string, std::string>> versions;
    bool complete = true;
  };
  Equivalents EquivalentsOf(std::string_view group, std::string_view version,
                            std::string_view resource, int kubernetes_minor) const;

 private:
  struct Custom {
    std::string group;
    std::string kind;
    std::string resource;
    ResourceScope scope = ResourceScope::kUnknown;
    std::vector<std::string> served;
  };
  std::vector<Custom> custom_;
};

// Resources whose requests policies never see: reviews of authentication and authorization (they
// would lock the cluster) and the policies themselves (k8s.io/kubernetes
// pkg/kubeapiserver/admission/exclusion, k8s.io/apiserver IsExemptAdmissionConfigurationResource).
bool IsExemptFromPolicies(std::string_view group, std::string_view resource);

}  // namespace ouro::rules
