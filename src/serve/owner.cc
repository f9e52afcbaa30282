#include "serve/owner.h"

#include "base/text.h"
#include "model/workload.h"

namespace ouro::serve {
namespace {

using io::kNoNode;
using io::NodeType;

uint32_t FindController(const io::Tree& tree, const ReviewKeys& keys, uint32_t metadata) {
  const uint32_t list = tree.Child(metadata, keys.owner_references);
  if (list == kNoNode || tree.node(list).type != NodeType::kList) return kNoNode;
  for (uint32_t i = list + 1; i < tree.node(list).next; i = tree.node(i).next) {
    const uint32_t flag = tree.Child(i, keys.controller);
    if (flag == kNoNode) continue;
    if (tree.node(flag).type == NodeType::kBool && tree.node(flag).boolean) return tree.Resolve(i);
  }
  return kNoNode;
}

std::string ChildText(const io::Tree& tree, uint32_t map, io::KeyId key) {
  const uint32_t node = tree.Child(map, key);
  return node == kNoNode ? std::string() : std::string(tree.Text(node));
}

// Path of the one pod template of a kind, with a dot at its end; empty for a Pod and where there is
// none or several, in which case a path cannot be carried over.
std::string TemplatePrefix(const model::Resource& resource) {
  const auto rows = model::FindWorkload(resource.api_version, resource.kind);
  if (rows.size() != 1 || !rows.front().item_list.empty()) return {};
  if (rows.front().template_path.empty()) return {};
  return std::string(rows.front().template_path) + ".";
}

// A ReplicaSet's name says which Deployment made it when it ends in the hash that the pod carries.
void StepToDeployment(const std::string& hash, model::Resource& owner) {
  const std::string suffix = "-" + hash;
  if (hash.empty() || owner.kind != "ReplicaSet" || !StartsWith(owner.api_version, "apps/")) return;
  if (owner.name.size() <= suffix.size() || !EndsWith(owner.name, suffix)) return;
  owner.kind = "Deployment";
  owner.name.resize(owner.name.size() - suffix.size());
}

}  // namespace

Owner FindOwner(const io::Tree& tree, const ReviewKeys& keys, uint32_t object,
                const model::Resource& resource) {
  Owner owner;
  const uint32_t metadata = tree.Child(object, keys.metadata);
  if (metadata == kNoNode) return owner;
  const uint32_t reference = FindController(tree, keys, metadata);
  if (reference == kNoNode) return owner;
  model::Resource found;
  found.api_version = ChildText(tree, reference, keys.api_version);
  found.kind = ChildText(tree, reference, keys.kind);
  found.name = ChildText(tree, reference, keys.name);
  found.namespace_name = resource.namespace_name;
  if (found.api_version.empty() || found.kind.empty() || found.name.empty()) return owner;
  if (found.kind == "Node") return owner;
  if (const uint32_t labels = tree.Child(metadata, keys.labels); labels != kNoNode) {
    StepToDeployment(ChildText(tree, labels, keys.template_hash), found);
  }
  owner.from = TemplatePrefix(resource);
  owner.to = TemplatePrefix(found);
  if (owner.to.empty()) owner.from.clear();
  owner.resource = std::move(found);
  return owner;
}

bool IsClusterController(std::string_view user) {
  // The identities of kube-controller-manager: its own, or with --use-service-account-credentials
  // one service account for each controller (Kubernetes documentation, "Using RBAC Authorization",
  // controller roles).
  return user == "system:kube-controller-manager" ||
         (StartsWith(user, "system:serviceaccount:kube-system:") && EndsWith(user, "-controller"));
}

void MoveToOwner(const Owner& owner, model::Finding& finding) {
  std::string container = std::move(finding.resource.container);
  finding.resource = owner.resource;
  finding.resource.container = std::move(container);
  if (!owner.from.empty() && !StartsWith(finding.field_path, owner.from)) return;
  finding.field_path = owner.to + finding.field_path.substr(owner.from.size());
}

}  // namespace ouro::serve
