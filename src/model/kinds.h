// What is known of Kubernetes' own kinds when only their name is given, as other tools do.
#pragma once

#include <string_view>

namespace ouro::model {

// The kind as Kubernetes writes it: "deployment", "deployments", "deploy" → "Deployment"; words
// that nobody knows come back as they are.
std::string_view CanonicalKind(std::string_view word);

// API version in which the kind is served today: "Deployment" → "apps/v1", "Pod" → "v1"; empty for
// a kind that is not Kubernetes' own.
std::string_view ApiVersionOfKind(std::string_view kind);

// API group of the kind: "apps"; "" for core kinds and unknown ones.
std::string_view ApiGroupOfKind(std::string_view kind);

// Is the kind one of Kubernetes' own that live in no namespace (Node, ClusterRole, …)?
bool IsClusterScoped(std::string_view kind);

}  // namespace ouro::model
