// Whose replica an object is. The API server stores one object for each replica; people write and
// mend its owner, so a finding is named by the owner and has the owner's identity.
#pragma once

#include <string>
#include <string_view>

#include "io/tree.h"
#include "model/finding.h"
#include "serve/review.h"

namespace ouro::serve {

// The owner that the object itself names, one step up, and for Pods of a ReplicaSet that a
// Deployment made two steps: such a ReplicaSet is called <deployment>-<pod-template-hash>
// (Kubernetes documentation, "Deployments", pod-template-hash label).
struct Owner {
  model::Resource resource;  // without container; empty kind: the object stands for itself
  // How a field path of the object reads in its owner: `from` at its start is replaced by `to`.
  std::string from;
  std::string to;
};

// Reads metadata.ownerReferences for the entry with `controller: true`. References of the wrong
// shape, and those to a Node (mirror pods), count as absent.
Owner FindOwner(const io::Tree& tree, const ReviewKeys& keys, uint32_t object,
                const model::Resource& resource);

// Is the user a controller of the cluster itself? Only such a user's word about ownership may
// decide which identity, and so which exceptions, an object has: anybody may write an
// ownerReference.
bool IsClusterController(std::string_view user);

// Gives the finding the identity that it has in the owner.
void MoveToOwner(const Owner& owner, model::Finding& finding);

}  // namespace ouro::serve
