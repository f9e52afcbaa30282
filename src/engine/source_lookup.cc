#include "engine/source_lookup.h"

#include <array>
#include <filesystem>
#include <optional>
#include <system_error>

#include "base/limits.h"
#include "base/text.h"
#include "scan/object.h"
#include "scan/source.h"

namespace ouro::engine {

namespace fs = std::filesystem;

struct SourceLookup::File {
  io::KeyTable keys;
  io::Tree tree;
  std::vector<scan::Object> objects;
};

namespace {

constexpr std::array<std::string_view, 3> kContainerLists = {"containers", "initContainers",
                                                             "ephemeralContainers"};

// "containers[2]" of a JSON path; nullopt when no list of containers is named with a number.
struct ContainerIndex {
  std::string_view list;
  size_t index = 0;
};
std::optional<ContainerIndex> IndexIn(std::string_view json_path) {
  for (const std::string_view list : kContainerLists) {
    const std::string mark = "." + std::string(list) + "[";
    const size_t at = json_path.find(mark);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = json_path.substr(at + mark.size());
    const auto index = ParseInt64(rest.substr(0, rest.find(']')));
    if (index && *index >= 0) return ContainerIndex{list, static_cast<size_t>(*index)};
  }
  return std::nullopt;
}

void ResolveContainer(const io::Tree& tree, const io::KeyTable& keys, const scan::Object& object,
                      model::Finding& finding) {
  const auto index = IndexIn(finding.location.json_path);
  if (!index || !finding.resource.container.empty()) return;
  const std::vector<uint32_t> templates = scan::PodTemplates(
      tree, object.node, keys, object.resource.api_version, object.resource.kind);
  if (templates.size() != 1) return;
  const io::NodeView spec = io::NodeView(tree, keys, templates.front()).Get("spec");
  const std::vector<io::NodeView> containers = spec.Get(index->list).Children();
  if (index->index < containers.size()) {
    finding.resource.container = std::string(containers[index->index].Get("name").Text());
  }
}

bool IsInside(const fs::path& path, const fs::path& folder) {
  const fs::path relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

}  // namespace

SourceLookup::SourceLookup(std::string folder) : folder_(std::move(folder)) {}
SourceLookup::~SourceLookup() = default;

// A report's path may begin above or below the folder: leading parts are dropped until a file is
// there.
std::string SourceLookup::FindFile(std::string_view file) const {
  std::error_code failed;
  const fs::path root = fs::weakly_canonical(folder_, failed);
  if (failed) return {};
  while (StartsWith(file, "/")) file.remove_prefix(1);
  while (!file.empty()) {
    const fs::path candidate = fs::weakly_canonical(root / std::string(file), failed);
    if (!failed && IsInside(candidate, root) && fs::is_regular_file(candidate, failed)) {
      return candidate.string();
    }
    const size_t slash = file.find('/');
    if (slash == std::string_view::npos) return {};
    file.remove_prefix(slash + 1);
  }
  return {};
}

const SourceLookup::File* SourceLookup::Open(std::string_view file) {
  const auto known = files_.find(file);
  if (known != files_.end()) return known->second.get();
  std::unique_ptr<File>& slot = files_[std::string(file)];
  const std::string path = FindFile(file);
  if (path.empty()) return nullptr;
  std::string bytes;
  if (!scan::ReadFile({path, path, true}, limits::kFileSizeBytes, bytes)) return nullptr;
  auto opened = std::make_unique<File>();
  if (!io::ReadDocument(std::move(bytes), {}, opened->keys, opened->tree)) return nullptr;
  slot = std::move(opened);
  const scan::ObjectKeys known_keys(slot->keys);
  scan::ObjectVisitor visitor;
  visitor.object = [&](scan::Object&& object) { slot->objects.push_back(std::move(object)); };
  visitor.not_object = [](uint32_t, std::string_view) {};
  visitor.problem = [](model::Problem&&) {};
  const auto roots = static_cast<uint32_t>(slot->tree.roots().size());
  for (uint32_t i = 0; i < roots; ++i) {
    scan::FindObjects(slot->tree, i, slot->keys, known_keys, visitor);
  }
  return slot.get();
}

void SourceLookup::Resolve(model::Finding& finding) {
  model::Resource& resource = finding.resource;
  if (finding.location.file.empty() || resource.kind.empty()) return;
  const File* file = Open(finding.location.file);
  if (file == nullptr) return;
  for (const scan::Object& object : file->objects) {
    const model::Resource& written = object.resource;
    if (written.kind != resource.kind || written.name != resource.name) continue;
    const bool said = !resource.namespace_name.empty() && resource.namespace_name != "default";
    if (said && written.namespace_name != resource.namespace_name) continue;
    resource.namespace_name = written.namespace_name;
    resource.api_version = written.api_version;
    ResolveContainer(file->tree, file->keys, object, finding);
    return;
  }
}

}  // namespace ouro::engine
