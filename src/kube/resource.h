// What an API server serves: resources, their paths, and what discovery says of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace ouro::kube {

// One resource of one API version, as discovery describes it. Subresources are not listed.
struct ApiResource {
  std::string group;    // "apps"; empty for the core group
  std::string version;  // "v1"
  std::string kind;     // "Deployment"
  std::string plural;   // "deployments"
  bool namespaced = false;
  bool preferred = true;           // `version` is the first of the group's versions that serves it
  std::vector<std::string> verbs;  // "get", "list", "watch", …; as the server orders them

  // "apps/v1", or "v1" for the core group.
  std::string ApiVersion() const;
  // "deployments.apps", or "pods": how kubectl and RBAC messages name it.
  std::string Name() const;
  bool Can(std::string_view verb) const;
  // "/apis/apps/v1/namespaces/shop/deployments"; an empty namespace, or a resource that has none,
  // gives the path over all namespaces. Parts are percent-encoded.
  std::string CollectionPath(std::string_view name_space = {}) const;
  std::string ObjectPath(std::string_view name_space, std::string_view name) const;

  bool operator==(const ApiResource&) const = default;
};

// All that the server serves. `resources` keeps the server's order: groups by the server's
// priority, the core group first, within a group the preferred version first.
struct Discovery {
  // A group version that the server lists but could not describe: its aggregated API server is
  // down, say. Nothing of it can be examined, so callers must name it.
  struct Failure {
    std::string group_version;  // "metrics.k8s.io/v1beta1"
    Error error;
  };

  std::vector<ApiResource> resources;
  std::vector<Failure> failures;
  bool aggregated = false;  // answered by the aggregated form (two requests in all)

  // The resource of a kind in the version given, or in the first version that serves it when
  // `version` is empty; nullptr when there is none. Valid as long as `resources` is not changed.
  const ApiResource* Find(std::string_view group, std::string_view kind,
                          std::string_view version = {}) const;
  const ApiResource* FindPlural(std::string_view group, std::string_view plural) const;
};

// Percent-encodes everything but the unreserved characters of RFC 3986 section 2.3.
std::string EscapeUrl(std::string_view text);

}  // namespace ouro::kube
