// ScanRecorded: the live state from a dump or from files of `kubectl get` output.
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "engine/cluster.h"
#include "engine/cluster_json.h"
#include "engine/cluster_kinds.h"
#include "engine/cluster_live.h"
#include "engine/cluster_scan.h"
#include "kube/dump.h"
#include "scan/object.h"
#include "scan/source.h"

namespace ouro::engine {
namespace {

// "v1.33.13" → 33; -1 where it says nothing.
int MinorOf(std::string_view version) {
  const size_t first = version.find('.');
  if (first == std::string_view::npos) return -1;
  const std::string_view rest = version.substr(first + 1);
  const size_t size = rest.find_first_not_of("0123456789");
  const auto minor = ParseInt64(rest.substr(0, size));
  return minor && *minor < 1000 ? static_cast<int>(*minor) : -1;
}

std::string ReadFailure(std::string_view what, const Error& error) {
  return fmt::format("{} could not be read, so it is not examined: {}", what, error.message);
}

// ------------------------------------------------------------------------------------------ dumps

Result<model::Report> ScanDumpFolder(const ClusterRequest& request, const std::string& folder) {
  OURO_TRY(const auto reader, kube::DumpReader::Open(folder));
  const kube::DumpInfo& info = reader->info();
  std::vector<model::Problem> problems;
  const std::string source =
      "kube://" + (info.context.empty() ? std::string("dump") : info.context);
  OURO_TRY(const auto snapshot,
           SnapshotFor(request, MinorOf(info.server_version), source, problems));
  ClusterScan scan({snapshot, request.now, source, request.progress});
  for (model::Problem& problem : problems) scan.AddProblem(std::move(problem));
  std::vector<std::string> missing;
  for (const kube::DumpEntry& entry : info.entries) {
    if (!scan.needs_facts() || !IsFactGroup(entry.resource.group)) continue;
    const auto end = reader->List(entry, [&](const std::string& page) {
      scan.AddFactsPage(page, entry.resource.ApiVersion(), entry.resource.kind);
      return Status();
    });
    if (!end) missing.push_back(entry.resource.Name());
  }
  for (const kube::DumpGap& gap : info.gaps) {
    if (gap.what.find(kRbacGroup) != std::string::npos) missing.push_back(gap.what);
    model::Problem problem;
    problem.kind = ErrorCodeName(gap.error.code);
    problem.file = source;
    problem.message = fmt::format("{} is not in the dump, or not wholly, so it is not examined: {}",
                                  gap.what, gap.error.message);
    scan.AddProblem(std::move(problem));
  }
  scan.FinishFacts(missing);
  int64_t files = 0;
  int64_t failed = 0;
  for (const kube::DumpEntry& entry : info.entries) {
    if (request.stop != nullptr && request.stop->load()) break;
    const kube::ApiResource& resource = entry.resource;
    const size_t kind = scan.StartKind(resource.ApiVersion(), resource.kind, resource.plural);
    files += static_cast<int64_t>(entry.files.size());
    const auto end =
        reader->List(entry, [&](const std::string& page) { return scan.AddPage(kind, page); });
    if (end) continue;
    ++failed;
    model::Problem problem;
    problem.kind = ErrorCodeName(end.error().code);
    problem.file = end.error().where.empty() ? folder : end.error().where;
    problem.message = ReadFailure(resource.Name(), end.error());
    scan.AddProblem(std::move(problem));
  }
  OURO_TRY(model::Report report, scan.Finish({}));
  report.run.paths = {folder};
  report.counts.files = std::max(files, failed);
  report.counts.files_failed = failed;
  report.counts.files_examined = report.counts.files - failed;
  return report;
}

// ------------------------------------------------------------------------- output of `kubectl get`

// Gives every object of a JSON text: of Lists their items, of several values one after the other
// each, of a JSON array its items. False: the text ends early or is no JSON.
template <typename Visit>
bool ForEachObject(std::string_view text, Visit&& visit) {
  JsonCursor cursor(text);
  if (text.starts_with("\xEF\xBB\xBF")) cursor = JsonCursor(text.substr(3));
  while (!cursor.AtEnd()) {
    std::string_view value;
    if (!cursor.TakeValue(value)) return false;
    if (value.front() == '[') {
      if (!ForEachItem(value, [&](std::string_view item) { return visit(item, "", ""), true; })) {
        return false;
      }
      continue;
    }
    std::string_view kind;
    std::string_view version;
    std::string_view items;
    const bool read = ForEachMember(value, [&](std::string_view key, std::string_view member) {
      if (key == "kind" && member.size() > 2) kind = member.substr(1, member.size() - 2);
      if (key == "apiVersion" && member.size() > 2) version = member.substr(1, member.size() - 2);
      if (key == "items") items = member;
      return true;
    });
    if (!read) return false;
    if (!kind.ends_with("List") || items.empty()) {
      visit(value, "", "");
      continue;
    }
    if (items == "null") continue;
    const std::string_view item_kind = kind.substr(0, kind.size() - 4);
    const bool typed = !item_kind.empty();
    const bool whole = ForEachItem(items, [&](std::string_view item) {
      visit(item, typed ? version : std::string_view(), item_kind);
      return true;
    });
    if (!whole) return false;
  }
  return true;
}

class FileSet {
 public:
  FileSet(const ClusterRequest& request, std::string path)
      : request_(request), path_(std::move(path)) {}

  Result<model::Report> Scan();

 private:
  Status Collect();
  Status Read(const scan::SourceFile& file, std::string& bytes);
  Status ToJson(std::string& bytes);
  void ScanFile(const scan::SourceFile& file, ClusterScan& scan);
  void AddItem(std::string_view item, std::string_view version, std::string_view kind,
               ClusterScan& scan);
  void AddProblem(const scan::SourceFile& file, const Error& error, ClusterScan& scan) const;

  const ClusterRequest& request_;
  std::string path_;
  std::vector<scan::SourceFile> files_;
  std::vector<model::Problem> walk_problems_;
  std::optional<std::string> standard_input_;
  std::map<std::string, size_t> kinds_;  // "apps/v1\nDeployment" → number in the scan
  model::Counts counts_;
};

Status FileSet::Collect() {
  scan::WalkOptions options;
  options.use_gitignore = false;
  return scan::Walk({path_}, options, [&](scan::WalkEntry&& entry) {
    if (entry.outcome == scan::WalkEntry::Outcome::kProblem) {
      ++counts_.files;
      ++counts_.files_failed;
      walk_problems_.push_back(entry.problem);
      walk_problems_.back().file = entry.file.shown;
    } else if (entry.outcome == scan::WalkEntry::Outcome::kFile) {
      const scan::NameHint hint = scan::HintOfName(entry.file.shown);
      const bool wanted =
          entry.file.named || hint == scan::NameHint::kJson || hint == scan::NameHint::kYaml;
      ++counts_.files;
      if (!wanted) ++counts_.files_skipped;
      if (wanted) files_.push_back(std::move(entry.file));
    }
    return true;
  });
}

Status FileSet::Read(const scan::SourceFile& file, std::string& bytes) {
  if (file.path == "-" && standard_input_) {
    bytes = *standard_input_;
    return {};
  }
  OURO_TRY_STATUS(scan::ReadFile(file, limits::kClusterFileSizeBytes, bytes));
  OURO_TRY_STATUS(ToJson(bytes));
  if (file.path == "-") standard_input_ = bytes;
  return {};
}

// YAML becomes one JSON value a line; JSON stays.
Status FileSet::ToJson(std::string& bytes) {
  const size_t first = bytes.find_first_not_of("\xEF\xBB\xBF \t\r\n");
  if (first == std::string::npos) return Fail(ErrorCode::kParse, "the file is empty");
  if (bytes[first] == '{' || bytes[first] == '[') return {};
  io::KeyTable keys;
  io::Tree tree;
  OURO_TRY_STATUS(io::ReadDocument(std::move(bytes), {}, keys, tree));
  bytes.clear();
  for (const io::ReadProblem& problem : tree.problems()) {
    if (!problem.warning) return tl::unexpected<Error>(problem.error);
  }
  for (const io::Root& root : tree.roots()) {
    if (root.node == io::kNoNode) continue;
    OURO_TRY(const std::string json, io::ToJson(tree, keys, root.node));
    bytes.append(json).append("\n");
  }
  return {};
}

void FileSet::AddItem(std::string_view item, std::string_view version, std::string_view kind,
                      ClusterScan& scan) {
  std::string_view own_version = version;
  std::string_view own_kind = kind;
  ForEachMember(item, [&](std::string_view key, std::string_view value) {
    const bool is_text = value.size() > 2 && value.front() == '"';
    if (key == "apiVersion" && is_text) own_version = value.substr(1, value.size() - 2);
    if (key == "kind" && is_text) own_kind = value.substr(1, value.size() - 2);
    return true;
  });
  const std::string key = fmt::format("{}\n{}", own_version, own_kind);
  auto known = kinds_.find(key);
  if (known == kinds_.end()) {
    const model::Resource probe{std::string(own_version), std::string(own_kind), {}, {}, {}};
    const std::string place = LivePlaces("").Of(probe);  // "/apps/v1/deployments/"
    const std::string_view trimmed = std::string_view(place).substr(0, place.size() - 1);
    const std::string plural(trimmed.substr(trimmed.rfind('/') + 1));
    known = kinds_.emplace(key, scan.StartKind(own_version, own_kind, plural)).first;
  }
  scan.AddItem(known->second, item);
}

void FileSet::AddProblem(const scan::SourceFile& file, const Error& error,
                         ClusterScan& scan) const {
  model::Problem problem;
  problem.kind = ErrorCodeName(error.code);
  problem.file = file.shown;
  problem.message = ReadFailure("the file", error);
  scan.AddProblem(std::move(problem));
}

void FileSet::ScanFile(const scan::SourceFile& file, ClusterScan& scan) {
  std::string bytes;
  if (const Status read = Read(file, bytes); !read) {
    ++counts_.files_failed;
    return AddProblem(file, read.error(), scan);
  }
  const int64_t before = scan.object_count();
  const bool whole =
      ForEachObject(bytes, [&](std::string_view item, std::string_view version,
                               std::string_view kind) { AddItem(item, version, kind, scan); });
  if (whole &&
      (scan.object_count() > before || file.named || bytes.find("List\"") != std::string::npos)) {
    ++counts_.files_examined;
    return;
  }
  ++counts_.files_failed;
  AddProblem(file,
             {ErrorCode::kParse,
              whole ? "no Kubernetes object in it" : "it ends early or is no JSON: it may be torn",
              {}},
             scan);
}

Result<model::Report> FileSet::Scan() {
  OURO_TRY_STATUS(Collect());
  std::string name = path_ == "-" ? "stdin" : std::filesystem::path(path_).filename().string();
  if (name.empty()) name = std::filesystem::path(path_).parent_path().filename().string();
  if (name.empty() || name == ".") name = "files";
  const std::string source = "kube://" + name;
  std::vector<model::Problem> problems;
  OURO_TRY(const auto snapshot, SnapshotFor(request_, -1, source, problems));
  ClusterScan scan({snapshot, request_.now, source, request_.progress});
  for (model::Problem& problem : walk_problems_) scan.AddProblem(std::move(problem));
  if (scan.needs_facts()) {
    for (const scan::SourceFile& file : files_) {
      std::string bytes;
      if (!Read(file, bytes) || bytes.find(kRbacGroup) == std::string::npos) continue;
      ForEachObject(bytes, [&](std::string_view item, std::string_view version,
                               std::string_view kind) { scan.AddFacts(item, version, kind); });
    }
  }
  scan.FinishFacts({});
  for (const scan::SourceFile& file : files_) {
    if (request_.stop != nullptr && request_.stop->load()) {
      ++counts_.files_failed;
      AddProblem(file, {ErrorCode::kTimeout, "the run was interrupted", {}}, scan);
      continue;
    }
    ScanFile(file, scan);
  }
  OURO_TRY(model::Report report, scan.Finish({}));
  report.run.paths = {path_};
  report.counts.files = counts_.files;
  report.counts.files_examined = counts_.files_examined;
  report.counts.files_failed = counts_.files_failed;
  report.counts.files_skipped = counts_.files_skipped;
  return report;
}

}  // namespace

Result<model::Report> ScanRecorded(const ClusterRequest& request, const std::string& path) {
  if (path != "-" && kube::IsDump(path)) return ScanDumpFolder(request, path);
  std::error_code ignored;
  if (path != "-" && !std::filesystem::exists(path, ignored)) {
    return Fail(ErrorCode::kNotFound, "no such dump or file", path);
  }
  return FileSet(request, path).Scan();
}

}  // namespace ouro::engine
