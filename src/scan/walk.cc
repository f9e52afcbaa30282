// Walks folders depth first. Every folder is listed once, sorted, and closed before its children
// are entered, so that the depth of a tree costs no file descriptors.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "scan/ignore.h"
#include "scan/source.h"

namespace ouro::scan {
namespace {

struct FolderCloser {
  void operator()(DIR* folder) const { closedir(folder); }
};
using Folder = std::unique_ptr<DIR, FolderCloser>;

struct Identity {
  dev_t device;
  ino_t inode;
  bool operator==(const Identity&) const = default;
};

// The ignore file of one folder. `base_size`: bytes of the walk's inner path that lead to the
// folder.
struct Scope {
  IgnoreList list;
  size_t base_size = 0;
};

enum class EntryType : uint8_t { kFile, kFolder, kSpecial, kUnknown };

struct Child {
  std::string name;
  EntryType type = EntryType::kUnknown;
  bool is_link = false;
  mode_t mode = 0;
  int error = 0;
};

std::string Join(std::string_view folder, std::string_view name) {
  std::string path(folder);
  if (!path.empty() && path.back() != '/') path += '/';
  path += name;
  return path;
}

std::string_view SpecialName(mode_t mode) {
  if (S_ISSOCK(mode)) return "socket";
  if (S_ISFIFO(mode)) return "named pipe";
  if (S_ISBLK(mode) || S_ISCHR(mode)) return "device";
  return "special file";
}

model::Problem MakeProblem(std::string_view file, ErrorCode code, std::string message) {
  model::Problem problem;
  problem.kind = ErrorCodeName(code);
  problem.file = file;
  problem.message = std::move(message);
  return problem;
}

model::Problem SystemProblem(std::string_view file, int error, bool is_link) {
  if (is_link && error == ENOENT) {
    return MakeProblem(file, ErrorCode::kNotFound,
                       "the link leads nowhere: restore its target or remove the link");
  }
  if (error == ELOOP) {
    return MakeProblem(file, ErrorCode::kIo, "the link leads to itself: remove it");
  }
  if (error == ENOENT) {
    return MakeProblem(file, ErrorCode::kNotFound, "it vanished while the run went on: scan again");
  }
  if (error == EACCES || error == EPERM) {
    return MakeProblem(file, ErrorCode::kDenied,
                       "permission denied: give read access or exclude it with --exclude");
  }
  return MakeProblem(file, ErrorCode::kIo, fmt::format("cannot be read: {}", std::strerror(error)));
}

EntryType TypeOf(mode_t mode) {
  if (S_ISREG(mode)) return EntryType::kFile;
  if (S_ISDIR(mode)) return EntryType::kFolder;
  return EntryType::kSpecial;
}

// Fills in type and mode by asking the file system; follows links.
void Examine(const std::string& path, Child& child) {
  struct stat info;
  if (!child.is_link && lstat(path.c_str(), &info) == 0 && !S_ISLNK(info.st_mode)) {
    child.mode = info.st_mode;
    child.type = TypeOf(info.st_mode);
    return;
  }
  child.is_link = true;
  if (stat(path.c_str(), &info) != 0) {
    child.error = errno;
    return;
  }
  child.mode = info.st_mode;
  child.type = TypeOf(info.st_mode);
}

std::optional<Identity> IdentityOf(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return std::nullopt;
  return Identity{info.st_dev, info.st_ino};
}

// Children in byte order of their paths: a folder sorts as its name with '/' behind it.
bool ListFolder(const std::string& path, std::vector<Child>& children, int& error) {
  const Folder folder(opendir(path.c_str()));
  if (!folder) {
    error = errno;
    return false;
  }
  errno = 0;
  while (const dirent* entry = readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    Child child;
    child.name = name;
    if (entry->d_type == DT_REG) {
      child.type = EntryType::kFile;
    } else if (entry->d_type == DT_DIR) {
      child.type = EntryType::kFolder;
    } else {
      child.is_link = entry->d_type == DT_LNK;
      Examine(Join(path, name), child);
    }
    children.push_back(std::move(child));
    errno = 0;
  }
  if (errno != 0) {
    error = errno;
    return false;
  }
  const auto key = [](const Child& child) {
    return child.type == EntryType::kFolder ? child.name + "/" : child.name;
  };
  std::sort(children.begin(), children.end(),
            [&](const Child& a, const Child& b) { return key(a) < key(b); });
  return true;
}

// Number of files below a folder that is left out, without looking at them.
int64_t CountFiles(const std::string& path, int depth) {
  if (depth > limits::kDirectoryDepth) return 0;
  const Folder folder(opendir(path.c_str()));
  if (!folder) return 0;
  int64_t count = 0;
  while (const dirent* entry = readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == ".." || name == ".git") continue;
    Child child;
    child.type = entry->d_type == DT_DIR ? EntryType::kFolder : EntryType::kFile;
    const std::string below = Join(path, name);
    if (entry->d_type == DT_UNKNOWN) {
      Examine(below, child);
      if (child.is_link) child.type = EntryType::kFile;
    }
    count += child.type == EntryType::kFolder ? CountFiles(below, depth + 1) : 1;
  }
  return count;
}

class Walker {
 public:
  Walker(const WalkOptions& options, const std::function<bool(WalkEntry&&)>& visit)
      : options_(options), visit_(visit) {
    for (const std::string& pattern : options.excludes) excludes_.AddPattern(pattern);
  }

  bool WalkArgument(const std::string& argument);

 private:
  bool WalkNamedFile(const std::string& argument, const Child& child);
  bool WalkFolder(const std::string& path, const std::string& shown, int depth);
  bool WalkChild(const std::string& path, const std::string& shown, const Child& child, int depth);
  bool EnterFolder(const std::string& path, const std::string& shown, const Child& child,
                   int depth);
  bool IsExcluded(bool is_folder) const;
  std::optional<bool> DecideByScopes(std::string_view inner, bool is_folder) const;
  void LoadIgnoreFile(const std::string& path, const std::string& shown, size_t base_size);
  void LoadParentScopes(const std::string& path);
  bool Emit(WalkEntry::Outcome outcome, const std::string& path, const std::string& shown,
            int64_t file_count = 1);
  bool EmitProblem(const std::string& shown, model::Problem problem);

  const WalkOptions& options_;
  const std::function<bool(WalkEntry&&)>& visit_;
  IgnoreList excludes_;
  std::vector<Scope> scopes_;           // outermost first
  std::vector<Identity> open_folders_;  // from the scanned folder down, for loops of links
  std::string inner_;                   // path of the current entry from the repository's root on
  size_t root_size_ = 0;                // bytes of inner_ that lead to the scanned folder
};

bool Walker::Emit(WalkEntry::Outcome outcome, const std::string& path, const std::string& shown,
                  int64_t file_count) {
  WalkEntry entry;
  entry.outcome = outcome;
  entry.file.path = path;
  entry.file.shown = shown;
  entry.file_count = file_count;
  return visit_(std::move(entry));
}

bool Walker::EmitProblem(const std::string& shown, model::Problem problem) {
  WalkEntry entry;
  entry.outcome = WalkEntry::Outcome::kProblem;
  entry.file.shown = shown;
  entry.problem = std::move(problem);
  return visit_(std::move(entry));
}

std::optional<bool> Walker::DecideByScopes(std::string_view inner, bool is_folder) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    if (inner.size() <= scope->base_size) continue;
    if (const auto decided = scope->list.Decide(inner.substr(scope->base_size), is_folder)) {
      return decided;
    }
  }
  return std::nullopt;
}

bool Walker::IsExcluded(bool is_folder) const {
  const std::string_view inner = inner_;
  if (excludes_.Decide(inner.substr(root_size_), is_folder).value_or(false)) return true;
  return DecideByScopes(inner, is_folder).value_or(false);
}

void Walker::LoadIgnoreFile(const std::string& path, const std::string& shown, size_t base_size) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return;
  std::string text;
  const Status read = ReadFile({path, shown, false}, limits::kIgnoreFileSizeBytes, text);
  Scope scope;
  scope.base_size = base_size;
  if (read) scope.list.Parse(text);
  if (!read || scope.list.truncated()) {
    // An ignore file that is not (wholly) honoured excludes less, never more; it is said all the
    // same.
    WalkEntry entry;
    entry.outcome = WalkEntry::Outcome::kExcluded;
    entry.file_count = 0;
    entry.problem =
        MakeProblem(shown, ErrorCode::kLimit,
                    fmt::format("the ignore file is not wholly honoured: {}",
                                read ? std::string("too many patterns") : read.error().message));
    entry.problem.warning = true;
    visit_(std::move(entry));
  }
  if (!scope.list.empty()) scopes_.push_back(std::move(scope));
}

// Ignore files between the repository's root and the scanned folder. Sets inner_ to the path
// between them. Without a repository only the scanned folder and what is below counts.
void Walker::LoadParentScopes(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(realpath(path.c_str(), nullptr), std::free);
  if (!real) return;
  const std::string full = real.get();
  std::string top = full;
  struct stat info;
  while (lstat(Join(top, ".git").c_str(), &info) != 0) {
    const size_t slash = top.rfind('/');
    if (slash == std::string::npos || top.size() <= 1) return;
    top.resize(slash == 0 ? 1 : slash);
  }
  LoadIgnoreFile(Join(top, ".git/info/exclude"), Join(top, ".git/info/exclude"), 0);
  if (top == full) return;
  const std::string below = full.substr(top.size() + (top.back() == '/' ? 0 : 1));
  for (size_t at = 0; at != std::string::npos; at = below.find('/', at + 1)) {
    const std::string folder = at == 0 ? top : Join(top, below.substr(0, at));
    const size_t base = at == 0 ? 0 : at + 1;
    LoadIgnoreFile(Join(folder, ".gitignore"), Join(folder, ".gitignore"), base);
  }
  // Who names a folder wants it: patterns of parents that exclude the folder itself do not count.
  for (size_t at = below.find('/');; at = below.find('/', at + 1)) {
    if (DecideByScopes(below.substr(0, at), true).value_or(false)) {
      scopes_.clear();
      break;
    }
    if (at == std::string::npos) break;
  }
  inner_ = below + "/";
  root_size_ = inner_.size();
}

bool Walker::EnterFolder(const std::string& path, const std::string& shown, const Child& child,
                         int depth) {
  if (child.is_link && !options_.follow_links) {
    return Emit(WalkEntry::Outcome::kExcluded, path, shown);
  }
  if (depth >= limits::kDirectoryDepth) {
    return EmitProblem(shown, MakeProblem(shown, ErrorCode::kLimit,
                                          fmt::format("folders are nested deeper than {} levels: "
                                                      "scan this folder by itself",
                                                      limits::kDirectoryDepth)));
  }
  if (options_.follow_links) {
    const auto identity = IdentityOf(path);
    if (!identity) return EmitProblem(shown, SystemProblem(shown, errno, child.is_link));
    if (std::find(open_folders_.begin(), open_folders_.end(), *identity) != open_folders_.end()) {
      return Emit(WalkEntry::Outcome::kExcluded, path, shown, 0);
    }
    open_folders_.push_back(*identity);
  }
  const bool go_on = WalkFolder(path, shown, depth + 1);
  if (options_.follow_links) open_folders_.pop_back();
  return go_on;
}

bool Walker::WalkChild(const std::string& path, const std::string& shown, const Child& child,
                       int depth) {
  const bool is_folder = child.type == EntryType::kFolder;
  if (IsExcluded(is_folder)) {
    const bool counts_below = is_folder && !child.is_link;
    return Emit(WalkEntry::Outcome::kExcluded, path, shown,
                counts_below ? CountFiles(path, depth) : 1);
  }
  if (child.error != 0) {
    return EmitProblem(shown, SystemProblem(shown, child.error, child.is_link));
  }
  if (is_folder) return EnterFolder(path, shown, child, depth);
  if (child.type == EntryType::kFile) return Emit(WalkEntry::Outcome::kFile, path, shown);
  return EmitProblem(shown, MakeProblem(shown, ErrorCode::kUnsupported,
                                        fmt::format("a {} holds no manifest: remove it from the "
                                                    "folder or exclude it with --exclude",
                                                    SpecialName(child.mode))));
}

bool Walker::WalkFolder(const std::string& path, const std::string& shown, int depth) {
  std::vector<Child> children;
  int error = 0;
  if (!ListFolder(path, children, error)) {
    return EmitProblem(shown, SystemProblem(shown, error, false));
  }
  const size_t scope_count = scopes_.size();
  const auto has_ignore_file = [](const Child& child) { return child.name == ".gitignore"; };
  if (options_.use_gitignore && std::any_of(children.begin(), children.end(), has_ignore_file)) {
    LoadIgnoreFile(Join(path, ".gitignore"), Join(shown, ".gitignore"), inner_.size());
  }
  const size_t inner_size = inner_.size();
  bool go_on = true;
  for (const Child& child : children) {
    if (child.name == ".git") continue;
    inner_.resize(inner_size);
    inner_ += child.name;
    const bool is_folder = child.type == EntryType::kFolder;
    if (is_folder) {
      // inner_ carries the trailing slash only while the folder's own children are walked.
      const std::string below = Join(path, child.name);
      const std::string below_shown = Join(shown, child.name);
      if (IsExcluded(true)) {
        go_on = WalkChild(below, below_shown, child, depth);
      } else {
        inner_ += '/';
        go_on = EnterFolder(below, below_shown, child, depth);
      }
    } else {
      go_on = WalkChild(Join(path, child.name), Join(shown, child.name), child, depth);
    }
    if (!go_on) break;
  }
  inner_.resize(inner_size);
  scopes_.resize(scope_count);
  return go_on;
}

bool Walker::WalkNamedFile(const std::string& argument, const Child& child) {
  if (child.error != 0) {
    return EmitProblem(argument, SystemProblem(argument, child.error, child.is_link));
  }
  std::string_view given = argument;
  while (StartsWith(given, "./")) given.remove_prefix(2);
  if (!given.empty() && given.front() == '/') given.remove_prefix(1);
  if (excludes_.Decide(given, false).value_or(false)) {
    return Emit(WalkEntry::Outcome::kExcluded, argument, argument);
  }
  if (child.type == EntryType::kSpecial && !IsOpenDescriptor(argument)) {
    return EmitProblem(argument,
                       MakeProblem(argument, ErrorCode::kUnsupported,
                                   fmt::format("a {} is not read: give a file, or its content on "
                                               "standard input (ouro scan -)",
                                               SpecialName(child.mode))));
  }
  WalkEntry entry;
  entry.file = {argument, argument, true};
  return visit_(std::move(entry));
}

bool Walker::WalkArgument(const std::string& argument) {
  scopes_.clear();
  open_folders_.clear();
  inner_.clear();
  root_size_ = 0;
  if (argument == "-") {
    WalkEntry entry;
    entry.file = {"-", options_.stdin_name, true};
    return visit_(std::move(entry));
  }
  Child child;
  Examine(argument, child);
  if (child.type != EntryType::kFolder) return WalkNamedFile(argument, child);
  std::string shown = argument;
  while (shown.size() > 1 && shown.back() == '/') shown.pop_back();
  if (shown == ".") shown.clear();
  if (options_.use_gitignore) LoadParentScopes(argument);
  if (options_.follow_links) {
    if (const auto identity = IdentityOf(argument)) open_folders_.push_back(*identity);
  }
  return WalkFolder(argument, shown, 0);
}

}  // namespace

bool IsOpenDescriptor(std::string_view path) {
  return StartsWith(path, "/dev/fd/") || path == "/dev/stdin" || StartsWith(path, "/proc/self/fd/");
}

Status Walk(const std::vector<std::string>& paths, const WalkOptions& options,
            const std::function<bool(WalkEntry&&)>& visit) {
  for (const std::string& path : paths) {
    struct stat info;
    if (path != "-" && lstat(path.c_str(), &info) != 0) {
      const int error = errno;
      if (error == EACCES) continue;  // Told by the walk itself, as a problem.
      const bool absent = error == ENOENT || error == ENOTDIR;
      return Fail(absent ? ErrorCode::kNotFound : ErrorCode::kIo,
                  absent ? std::string("no such file or folder: check the path")
                         : fmt::format("cannot be read: {}", std::strerror(error)),
                  path);
    }
  }
  Walker walker(options, visit);
  for (const std::string& path : paths) {
    if (!walker.WalkArgument(path)) break;
  }
  return {};
}

}  // namespace ouro::scan
