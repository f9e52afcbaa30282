// The recorded twin. Lists are written in parts of about limits::kDumpPartSizeBytes, so that a
// reader holds one part at a time; cluster.json comes last and names every part with its checksum.

#include "kube/dump.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/text.h"
#include "io/tree.h"
#include "kube/file.h"
#include "kube/json_cursor.h"
#include "kube/redact.h"

namespace ouro::kube {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSchema = "ouro/cluster-dump/v1";
constexpr std::string_view kIndexName = "cluster.json";

std::string HashOf(std::string_view bytes) {
  Sha256 sha;
  sha.Update(bytes);
  const auto digest = sha.Finish();
  return HexEncode(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

// A name of the server as part of a path: what could leave the folder or name a device is encoded.
std::string PathPart(std::string_view name) {
  std::string part = EscapeUrl(name);
  if (part.empty() || part[0] == '.') part.insert(0, "_");
  return part;
}

// "apis/apps/v1/deployments.json"; with a namespace "apis/apps/v1/deployments@shop.json"; further
// parts ".2.json" and so on.
std::string PartPath(const ApiResource& resource, std::string_view name_space, size_t number) {
  std::string path = resource.group.empty() ? "api/" : "apis/" + PathPart(resource.group) + "/";
  path += PathPart(resource.version) + "/" + PathPart(resource.plural);
  if (!name_space.empty()) path += "@" + PathPart(name_space);
  return path + (number == 1 ? ".json" : fmt::format(".{}.json", number));
}

void AppendText(std::string& out, std::string_view key, std::string_view text) {
  if (out.back() != '{') out += ',';
  AppendJsonString(out, key);
  out += ':';
  AppendJsonString(out, text);
}

void AppendEntry(std::string& out, const DumpEntry& entry) {
  out += '{';
  AppendText(out, "group", entry.resource.group);
  AppendText(out, "version", entry.resource.version);
  AppendText(out, "kind", entry.resource.kind);
  AppendText(out, "plural", entry.resource.plural);
  out += entry.resource.namespaced ? ",\"namespaced\":true" : ",\"namespaced\":false";
  if (!entry.name_space.empty()) AppendText(out, "namespace", entry.name_space);
  AppendText(out, "resource_version", entry.resource_version);
  if (entry.inconsistent) out += ",\"inconsistent\":true";
  out += ",\"files\":[";
  for (const DumpEntry::File& file : entry.files) {
    if (out.back() != '[') out += ',';
    out += '{';
    AppendText(out, "path", file.path);
    out += fmt::format(",\"objects\":{},\"size_bytes\":{}", file.objects, file.size_bytes);
    AppendText(out, "sha256", file.sha256);
    out += '}';
  }
  out += "]}";
}

std::string IndexOf(const DumpInfo& info) {
  std::string out = "{";
  AppendText(out, "schema", kSchema);
  AppendText(out, "ouro_version", info.ouro_version);
  AppendText(out, "created", info.created);
  AppendText(out, "server", info.server);
  AppendText(out, "context", info.context);
  AppendText(out, "server_version", info.server_version);
  out += ",\n\"entries\":[";
  for (const DumpEntry& entry : info.entries) {
    out += out.back() == '[' ? "\n" : ",\n";
    AppendEntry(out, entry);
  }
  out += "],\n\"not_listed\":[";
  for (const DumpGap& gap : info.gaps) {
    out += out.back() == '[' ? "\n{" : ",\n{";
    AppendText(out, "what", gap.what);
    AppendText(out, "code", ErrorCodeName(gap.error.code));
    AppendText(out, "message", gap.error.message);
    AppendText(out, "where", gap.error.where);
    out += '}';
  }
  out += "]}\n";
  return out;
}

ErrorCode CodeOf(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(ErrorCode::kUnsupported); ++i) {
    if (ErrorCodeName(static_cast<ErrorCode>(i)) == name) return static_cast<ErrorCode>(i);
  }
  return ErrorCode::kRemote;
}

Error FileError(const std::error_code& code, const std::string& what, const std::string& path) {
  return Error{ErrorCode::kIo, what + ": " + code.message(), path};
}

std::string TextAt(const io::NodeView& map, std::string_view key) {
  return std::string(map.Get(key).Text());
}

int64_t IntAt(const io::NodeView& map, std::string_view key) {
  const io::NodeView node = map.Get(key);
  return node.type() == io::NodeType::kInt ? node.tree().node(node.index()).integer : -1;
}

bool BoolAt(const io::NodeView& map, std::string_view key) {
  const io::NodeView node = map.Get(key);
  return node.type() == io::NodeType::kBool && node.tree().node(node.index()).boolean;
}

// Paths of an index must stay inside the folder.
bool IsInnerPath(std::string_view path) {
  if (path.empty() || path[0] == '/') return false;
  for (const std::string_view part : SplitText(path, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
}

Result<DumpEntry> ReadEntry(const io::NodeView& node) {
  DumpEntry entry;
  entry.resource.group = TextAt(node, "group");
  entry.resource.version = TextAt(node, "version");
  entry.resource.kind = TextAt(node, "kind");
  entry.resource.plural = TextAt(node, "plural");
  entry.resource.namespaced = BoolAt(node, "namespaced");
  entry.resource.verbs = {"list"};
  entry.name_space = TextAt(node, "namespace");
  entry.resource_version = TextAt(node, "resource_version");
  entry.inconsistent = BoolAt(node, "inconsistent");
  if (entry.resource.version.empty() || entry.resource.kind.empty() ||
      entry.resource.plural.empty()) {
    return Fail(ErrorCode::kParse, "an entry has no version, kind or plural");
  }
  for (const io::NodeView& one : node.Get("files").Children()) {
    DumpEntry::File file = {TextAt(one, "path"), IntAt(one, "objects"), IntAt(one, "size_bytes"),
                            TextAt(one, "sha256")};
    if (!IsInnerPath(file.path) || file.objects < 0 || file.size_bytes < 0 ||
        file.sha256.size() != 64) {
      return Fail(ErrorCode::kParse,
                  "a file of an entry has no path, objects, size_bytes or sha256");
    }
    entry.files.push_back(std::move(file));
  }
  return entry;
}

Result<DumpInfo> ReadIndex(std::string text) {
  io::KeyTable keys;
  io::Tree tree;
  OURO_TRY_STATUS(io::ReadJson(std::move(text), {}, keys, tree));
  if (tree.roots().size() != 1 || tree.roots()[0].node == io::kNoNode) {
    return Fail(ErrorCode::kParse, "not one JSON object: the dump was cut off or changed");
  }
  const io::NodeView root(tree, keys, tree.roots()[0].node);
  if (TextAt(root, "schema") != kSchema) {
    return Fail(ErrorCode::kUnsupported, fmt::format("schema is not {}", kSchema));
  }
  DumpInfo info;
  info.server = TextAt(root, "server");
  info.context = TextAt(root, "context");
  info.server_version = TextAt(root, "server_version");
  info.created = TextAt(root, "created");
  info.ouro_version = TextAt(root, "ouro_version");
  if (!root.Get("entries").IsList()) return Fail(ErrorCode::kParse, "entries is no list");
  for (const io::NodeView& node : root.Get("entries").Children()) {
    OURO_TRY(DumpEntry entry, ReadEntry(node));
    info.entries.push_back(std::move(entry));
  }
  for (const io::NodeView& node : root.Get("not_listed").Children()) {
    info.gaps.push_back(
        {TextAt(node, "what"),
         Error{CodeOf(TextAt(node, "code")), TextAt(node, "message"), TextAt(node, "where")}});
  }
  return info;
}

}  // namespace

struct DumpWriter::State {
  // What one job has so far.
  struct Job {
    DumpEntry entry;
    std::string part;  // items of the part at hand, separated by commas
    int64_t part_objects = 0;
    bool begun = false;
  };

  std::string folder;     // final name
  std::string temporary;  // beside it
  DumpInfo info;
  std::map<size_t, Job> jobs;
  std::vector<size_t> order;  // of first pages
  bool finished = false;

  Job& JobOf(size_t number, const ApiResource& resource, std::string_view name_space);
  Status WritePart(Job& job);
};

DumpWriter::State::Job& DumpWriter::State::JobOf(size_t number, const ApiResource& resource,
                                                 std::string_view name_space) {
  Job& job = jobs[number];
  if (!job.begun) {
    job.begun = true;
    job.entry.resource = resource;
    job.entry.name_space = name_space;
    order.push_back(number);
  }
  return job;
}

Status DumpWriter::State::WritePart(Job& job) {
  const ApiResource& resource = job.entry.resource;
  std::string text = "{\"kind\":";
  AppendJsonString(text, resource.kind + "List");
  text += ",\"apiVersion\":";
  AppendJsonString(text, resource.ApiVersion());
  text += ",\"metadata\":{},\"items\":[" + job.part + "]}\n";
  DumpEntry::File file;
  file.path = PartPath(resource, job.entry.name_space, job.entry.files.size() + 1);
  file.objects = job.part_objects;
  file.size_bytes = static_cast<int64_t>(text.size());
  file.sha256 = HashOf(text);
  const std::string path = temporary + "/" + file.path;
  std::error_code code;
  fs::create_directories(fs::path(path).parent_path(), code);
  if (code) return tl::unexpected<Error>(FileError(code, "cannot create the folder", path));
  OURO_TRY_STATUS(WriteNewFile(path, text));
  job.entry.files.push_back(std::move(file));
  job.part.clear();
  job.part_objects = 0;
  return {};
}

Result<std::unique_ptr<DumpWriter>> DumpWriter::Create(const std::string& folder, DumpInfo info) {
  auto state = std::make_unique<State>();
  state->folder = folder;
  while (state->folder.size() > 1 && state->folder.back() == '/') state->folder.pop_back();
  state->info = std::move(info);
  state->info.entries.clear();
  state->info.gaps.clear();
  std::error_code code;
  if (fs::exists(state->folder, code) && !IsDump(state->folder)) {
    const bool empty = fs::is_directory(state->folder, code) && fs::is_empty(state->folder, code);
    if (!empty) {
      return Fail(ErrorCode::kInvalid,
                  "exists and is no cluster dump; name a new or an empty folder", state->folder);
    }
  }
  const fs::path parent = fs::absolute(state->folder, code).parent_path();
  fs::create_directories(parent, code);
  std::string pattern = state->folder + ".partial-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) {
    return Fail(ErrorCode::kIo, fmt::format("cannot create: {}", std::strerror(errno)), pattern);
  }
  state->temporary = pattern;
  return std::unique_ptr<DumpWriter>(new DumpWriter(std::move(state)));
}

DumpWriter::DumpWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}

DumpWriter::~DumpWriter() {
  if (state_->finished) return;
  std::error_code ignored;
  fs::remove_all(state_->temporary, ignored);
}

Status DumpWriter::AddPage(size_t job, const ApiResource& resource, std::string_view name_space,
                           std::string_view page) {
  State::Job& at = state_->JobOf(job, resource, name_space);
  const std::string api_version = resource.ApiVersion();
  const RedactOptions options = {api_version, resource.kind};
  const auto items = JsonMember(page, "items");
  if (!items) return Fail(ErrorCode::kParse, "the page is no List", resource.Name());
  if (*items == "null") return {};
  JsonCursor cursor(*items);
  while (cursor.Next()) {
    Result<std::string> object = Redact(cursor.value(), options);
    if (!object) return tl::unexpected<Error>(WithContext(object.error(), resource.Name()));
    if (!at.part.empty()) at.part += ",\n";
    at.part += *object;
    ++at.part_objects;
    if (static_cast<int64_t>(at.part.size()) >= limits::kDumpPartSizeBytes) {
      OURO_TRY_STATUS(state_->WritePart(at));
    }
  }
  if (!cursor.ok()) return Fail(ErrorCode::kParse, "the page is broken JSON", resource.Name());
  return {};
}

Status DumpWriter::Restart(size_t job) {
  const auto found = state_->jobs.find(job);
  if (found == state_->jobs.end()) return {};
  for (const DumpEntry::File& file : found->second.entry.files) {
    std::error_code code;
    fs::remove(state_->temporary + "/" + file.path, code);
    if (code) return tl::unexpected<Error>(FileError(code, "cannot remove", file.path));
  }
  found->second.entry.files.clear();
  found->second.part.clear();
  found->second.part_objects = 0;
  return {};
}

Status DumpWriter::End(size_t job, const ApiResource& resource, std::string_view name_space,
                       const Result<ListEnd>& end) {
  if (!end) {
    const std::string where = name_space.empty() ? "" : fmt::format(" of namespace {}", name_space);
    AddGap(resource.Name() + where, end.error());
    if (!state_->jobs.contains(job)) return {};
  }
  State::Job& at = state_->JobOf(job, resource, name_space);
  if (end) {
    at.entry.resource_version = end->resource_version;
    at.entry.inconsistent = end->inconsistent;
  }
  if (at.part_objects > 0 || at.entry.files.empty()) return state_->WritePart(at);
  return {};
}

void DumpWriter::AddGap(std::string what, Error error) {
  state_->info.gaps.push_back({std::move(what), std::move(error)});
}

Status DumpWriter::Finish() {
  State& state = *state_;
  for (const size_t number : state.order) {
    state.info.entries.push_back(std::move(state.jobs[number].entry));
  }
  OURO_TRY_STATUS(
      WriteNewFile(state.temporary + "/" + std::string(kIndexName), IndexOf(state.info)));
  std::error_code code;
  std::string old;
  if (fs::exists(state.folder, code)) {
    // A folder with content cannot be replaced in one step: the old one steps aside first.
    old = state.temporary + ".old";
    fs::rename(state.folder, old, code);
    if (code)
      return tl::unexpected<Error>(FileError(code, "cannot replace the folder", state.folder));
  }
  fs::rename(state.temporary, state.folder, code);
  if (code) {
    const Error error = FileError(code, "cannot give the folder its name", state.folder);
    std::error_code ignored;
    if (!old.empty()) fs::rename(old, state.folder, ignored);
    return tl::unexpected<Error>(error);
  }
  state.finished = true;
  if (!old.empty()) fs::remove_all(old, code);
  return {};
}

bool IsDump(const std::string& folder) {
  const int fd =
      open((folder + "/" + std::string(kIndexName)).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return false;
  char head[4096];
  const ssize_t got = read(fd, head, sizeof head);
  close(fd);
  const std::string_view text(head, got < 0 ? 0 : static_cast<size_t>(got));
  return text.find(kSchema) != std::string_view::npos;
}

Result<std::unique_ptr<DumpReader>> DumpReader::Open(const std::string& folder) {
  const std::string path = folder + "/" + std::string(kIndexName);
  OURO_TRY(std::string text, ReadSmallFile(path, limits::kDumpIndexSizeBytes));
  Result<DumpInfo> info = ReadIndex(std::move(text));
  if (!info) return tl::unexpected<Error>(WithContext(info.error(), path));
  return std::unique_ptr<DumpReader>(new DumpReader(folder, std::move(*info)));
}

DumpReader::DumpReader(std::string folder, DumpInfo info)
    : folder_(std::move(folder)), info_(std::move(info)) {}

std::string DumpReader::PathOf(const DumpEntry::File& file) const {
  return folder_.ends_with('/') ? folder_ + file.path : folder_ + "/" + file.path;
}

Result<ListEnd> DumpReader::List(const DumpEntry& entry, const PageHandler& handler) const {
  ListEnd end;
  end.resource_version = entry.resource_version;
  end.inconsistent = entry.inconsistent;
  for (const DumpEntry::File& file : entry.files) {
    const std::string path = PathOf(file);
    // A part may exceed its usual size by one object and more where a user joined parts.
    OURO_TRY(std::string page, ReadSmallFile(path, limits::kHttpResponseSizeBytes));
    if (static_cast<int64_t>(page.size()) != file.size_bytes) {
      return Fail(
          ErrorCode::kParse,
          fmt::format("the dump is torn: the file has {} bytes, cluster.json says {}; record "
                      "it again",
                      page.size(), file.size_bytes),
          path);
    }
    if (HashOf(page) != file.sha256) {
      return Fail(
          ErrorCode::kParse,
          "the file was changed after it was recorded: its checksum differs; record it again",
          path);
    }
    ++end.pages;
    OURO_TRY_STATUS(handler(page));
  }
  return end;
}

}  // namespace ouro::kube
