#include "kube/resource.h"

#include <algorithm>

namespace ouro::kube {

std::string EscapeUrl(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(kHex[byte >> 4]);
    out.push_back(kHex[byte & 15]);
  }
  return out;
}

std::string ApiResource::ApiVersion() const {
  return group.empty() ? version : group + "/" + version;
}

std::string ApiResource::Name() const {
  return group.empty() ? plural : plural + "." + group;
}

bool ApiResource::Can(std::string_view verb) const {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

std::string ApiResource::CollectionPath(std::string_view name_space) const {
  std::string path = group.empty() ? "/api/" : "/apis/" + EscapeUrl(group) + "/";
  path += EscapeUrl(version);
  if (namespaced && !name_space.empty()) path += "/namespaces/" + EscapeUrl(name_space);
  return path + "/" + EscapeUrl(plural);
}

std::string ApiResource::ObjectPath(std::string_view name_space, std::string_view name) const {
  return CollectionPath(name_space) + "/" + EscapeUrl(name);
}

const ApiResource* Discovery::Find(std::string_view group, std::string_view kind,
                                   std::string_view version) const {
  for (const ApiResource& one : resources) {
    if (one.group == group && one.kind == kind && (version.empty() || one.version == version)) {
      return &one;
    }
  }
  return nullptr;
}

const ApiResource* Discovery::FindPlural(std::string_view group, std::string_view plural) const {
  for (const ApiResource& one : resources) {
    if (one.group == group && one.plural == plural) return &one;
  }
  return nullptr;
}

}  // namespace ouro::kube
