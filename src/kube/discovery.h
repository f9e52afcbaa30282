// Reads the discovery documents of an API server. Private to kube; Client::Discover asks for them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "kube/resource.h"

namespace ouro::kube {

// apidiscovery.k8s.io v2 or v2beta1 APIGroupDiscoveryList: adds its resources and the versions that
// are stale to `discovery`.
Status ReadAggregatedDiscovery(std::string body, Discovery& discovery);

// A group version named by the older form, with the path of its resource list.
struct GroupVersion {
  std::string group;
  std::string version;
  bool preferred = true;
};

// meta/v1 APIVersions (of /api) or APIGroupList (of /apis): preferred version of a group first.
Status ReadGroupVersions(std::string body, std::vector<GroupVersion>& versions);

// meta/v1 APIResourceList of one group version.
Status ReadResourceList(std::string body, const GroupVersion& of,
                        std::vector<ApiResource>& resources);

// Sets ApiResource::preferred: true for the first version that serves a group's plural.
void MarkPreferred(Discovery& discovery);

}  // namespace ouro::kube
