#include "kube/discovery.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "io/tree.h"

namespace ouro::kube {
namespace {

// A parsed body; NodeViews into it live as long as it.
struct Document {
  io::KeyTable keys;
  io::Tree tree;
  io::NodeView root;

  static Result<std::unique_ptr<Document>> Read(std::string body) {
    auto document = std::make_unique<Document>();
    const Status read = io::ReadJson(std::move(body), {}, document->keys, document->tree);
    if (!read) return tl::unexpected<Error>(read.error());
    const auto& roots = document->tree.roots();
    if (roots.size() != 1 || roots[0].node == io::kNoNode) {
      return Fail(ErrorCode::kParse, "the discovery document is not JSON");
    }
    document->root = io::NodeView(document->tree, document->keys, roots[0].node);
    if (!document->root.IsMap())
      return Fail(ErrorCode::kParse, "the discovery document is no object");
    return document;
  }
};

std::vector<std::string> TextsOf(const io::NodeView& list) {
  std::vector<std::string> texts;
  for (const io::NodeView& item : list.Children()) texts.emplace_back(item.Text());
  return texts;
}

Status CheckCount(const std::vector<ApiResource>& resources) {
  if (static_cast<int64_t>(resources.size()) <= limits::kApiResourceCount) return {};
  return Fail(ErrorCode::kLimit,
              fmt::format("the server serves more than {} resources", limits::kApiResourceCount));
}

Status AddAggregatedVersion(const std::string& group, const io::NodeView& version,
                            Discovery& discovery) {
  const std::string name(version.Get("version").Text());
  if (name.empty()) return {};
  if (version.Get("freshness").Text() == "Stale") {
    const std::string group_version = group.empty() ? name : group + "/" + name;
    discovery.failures.push_back(
        {Printable(group_version),
         Error{ErrorCode::kRemote,
               "the API server that serves this group does not answer (stale discovery)",
               {}}});
    return {};
  }
  for (const io::NodeView& one : version.Get("resources").Children()) {
    ApiResource resource;
    resource.group = group;
    resource.version = name;
    resource.kind = one.Get("responseKind").Get("kind").Text();
    resource.plural = one.Get("resource").Text();
    resource.namespaced = one.Get("scope").Text() == "Namespaced";
    resource.verbs = TextsOf(one.Get("verbs"));
    // A group version may hold subresources whose parent is served elsewhere: no kind, no verbs.
    if (resource.kind.empty() || resource.plural.empty()) continue;
    discovery.resources.push_back(std::move(resource));
  }
  return CheckCount(discovery.resources);
}

}  // namespace

Status ReadAggregatedDiscovery(std::string body, Discovery& discovery) {
  OURO_TRY(const auto document, Document::Read(std::move(body)));
  if (document->root.Get("kind").Text() != "APIGroupDiscoveryList") {
    return Fail(ErrorCode::kParse, "the answer is no APIGroupDiscoveryList");
  }
  for (const io::NodeView& item : document->root.Get("items").Children()) {
    const std::string group(item.Get("metadata").Get("name").Text());
    for (const io::NodeView& version : item.Get("versions").Children()) {
      OURO_TRY_STATUS(AddAggregatedVersion(group, version, discovery));
    }
  }
  return {};
}

Status ReadGroupVersions(std::string body, std::vector<GroupVersion>& versions) {
  OURO_TRY(const auto document, Document::Read(std::move(body)));
  const std::string_view kind = document->root.Get("kind").Text();
  if (kind == "APIVersions") {
    for (const std::string& version : TextsOf(document->root.Get("versions"))) {
      versions.push_back({"", version, true});
    }
    return {};
  }
  if (kind != "APIGroupList") {
    return Fail(ErrorCode::kParse, "the answer is neither APIVersions nor an APIGroupList");
  }
  for (const io::NodeView& group : document->root.Get("groups").Children()) {
    const std::string name(group.Get("name").Text());
    const std::string_view preferred = group.Get("preferredVersion").Get("version").Text();
    std::vector<GroupVersion> of_group;
    for (const io::NodeView& version : group.Get("versions").Children()) {
      const std::string_view text = version.Get("version").Text();
      if (!text.empty()) of_group.push_back({name, std::string(text), text == preferred});
    }
    const auto first = std::find_if(of_group.begin(), of_group.end(),
                                    [](const GroupVersion& one) { return one.preferred; });
    if (first != of_group.end()) std::rotate(of_group.begin(), first, first + 1);
    versions.insert(versions.end(), of_group.begin(), of_group.end());
  }
  return {};
}

Status ReadResourceList(std::string body, const GroupVersion& of,
                        std::vector<ApiResource>& resources) {
  OURO_TRY(const auto document, Document::Read(std::move(body)));
  if (document->root.Get("kind").Text() != "APIResourceList") {
    return Fail(ErrorCode::kParse, "the answer is no APIResourceList");
  }
  for (const io::NodeView& one : document->root.Get("resources").Children()) {
    const std::string_view name = one.Get("name").Text();
    if (name.empty() || name.find('/') != std::string_view::npos) continue;  // a subresource
    ApiResource resource;
    resource.group = of.group;
    resource.version = of.version;
    resource.kind = one.Get("kind").Text();
    resource.plural = name;
    const io::NodeView namespaced = one.Get("namespaced");
    resource.namespaced = namespaced.exists() && namespaced.type() == io::NodeType::kBool &&
                          document->tree.node(namespaced.index()).boolean;
    resource.verbs = TextsOf(one.Get("verbs"));
    resources.push_back(std::move(resource));
  }
  return CheckCount(resources);
}

void MarkPreferred(Discovery& discovery) {
  std::set<std::pair<std::string, std::string>> seen;
  for (ApiResource& one : discovery.resources) {
    one.preferred = seen.emplace(one.group, one.plural).second;
  }
}

}  // namespace ouro::kube
