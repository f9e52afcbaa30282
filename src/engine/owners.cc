#include "engine/owners.h"

#include <utility>

#include "base/text.h"
#include "model/workload.h"

namespace ouro::engine {
namespace {

constexpr int kOwnerDepthMax = 16;  // Longer chains do not occur; a circle ends here.

std::string_view GroupOf(std::string_view api_version) {
  const size_t slash = api_version.find('/');
  return slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
}

bool IsPod(const model::Resource& resource) {
  return resource.kind == "Pod" && resource.api_version == "v1";
}

bool Belongs(const model::Resource& object, const Controller& controller) {
  if (controller.empty()) return false;
  if (IsPod(object)) return controller.kind != "Node" || controller.api_version != "v1";
  return !model::FindWorkload(controller.api_version, controller.kind).empty();
}

// The only template path of a kind; nullptr when it has none or several.
const model::WorkloadKind* OnlyTemplate(const model::Resource& resource) {
  const auto rows = model::FindWorkload(resource.api_version, resource.kind);
  return rows.size() == 1 && rows[0].item_list.empty() ? &rows[0] : nullptr;
}

}  // namespace

void OwnerTable::Put(const std::string& uid, Entry entry) {
  if (!uid.empty()) entries_[uid] = std::move(entry);
}

const OwnerTable::Entry* OwnerTable::Find(const std::string& uid) const {
  const auto found = entries_.find(uid);
  return found == entries_.end() ? nullptr : &found->second;
}

OwnerTable::Owner OwnerTable::OwnerOf(const model::Resource& resource,
                                      const Controller& controller) const {
  Owner owner;
  owner.resource = resource;
  Controller next = controller;
  for (int depth = 0; depth < kOwnerDepthMax && Belongs(owner.resource, next); ++depth) {
    const Entry* entry = Find(next.uid);
    owner.uid = next.uid;
    if (entry == nullptr) {
      const std::string name_space = owner.resource.namespace_name;
      owner.resource = {next.api_version, next.kind, name_space, next.name, {}};
      owner.missing = true;
      break;
    }
    owner.resource = entry->resource;
    owner.excluded = owner.excluded || entry->excluded;
    next = entry->controller;
  }
  return owner;
}

OwnerTable::Owner OwnerTable::OwnerOf(const model::Resource& resource, const Controller& controller,
                                      const Lookup& lookup) {
  for (int depth = 0; lookup && depth < kOwnerDepthMax; ++depth) {
    Owner owner = OwnerOf(resource, controller);
    if (!owner.missing) return owner;
    const Controller wanted{owner.resource.api_version, owner.resource.kind, owner.resource.name,
                            owner.uid};
    auto entry = lookup(wanted, owner.resource.namespace_name);
    if (!entry) return owner;
    Put(owner.uid, std::move(*entry));
  }
  return OwnerOf(resource, controller);
}

std::optional<std::string> FieldPathInOwner(const model::Resource& object,
                                            const model::Resource& owner,
                                            std::string_view field_path) {
  if (IsSameObject(object, owner)) return std::string(field_path);
  const model::WorkloadKind* from = OnlyTemplate(object);
  const model::WorkloadKind* to = OnlyTemplate(owner);
  if (from == nullptr || to == nullptr) return std::nullopt;
  const std::string_view inner = from->template_path;
  const std::string_view outer = to->template_path;
  if (inner == outer) return std::string(field_path);
  // The owner makes the whole object: a Pod from `spec.template`, a Job from `spec.jobTemplate`.
  std::string_view prefix;
  if (inner.empty()) {
    prefix = outer;
  } else if (EndsWith(outer, inner) && outer[outer.size() - inner.size() - 1] == '.') {
    prefix = outer.substr(0, outer.size() - inner.size() - 1);
  } else if (StartsWith(field_path, inner)) {
    return std::string(outer) + std::string(field_path.substr(inner.size()));
  } else {
    return std::string(field_path);
  }
  if (field_path.empty()) return std::string(prefix);
  const bool bracket = field_path.front() == '[';
  return std::string(prefix) + (bracket ? "" : ".") + std::string(field_path);
}

bool IsSameObject(const model::Resource& a, const model::Resource& b) {
  return a.kind == b.kind && a.name == b.name && a.namespace_name == b.namespace_name &&
         GroupOf(a.api_version) == GroupOf(b.api_version);
}

}  // namespace ouro::engine
