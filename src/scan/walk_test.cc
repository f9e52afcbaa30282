#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include <doctest.h>

#include "scan/source.h"
#include "scan/test_folder.h"

namespace ouro::scan {
namespace {

using Outcome = WalkEntry::Outcome;

// One line an entry, with paths relative to the folder: "+ file", "- excluded (count)", "! problem
// kind".
std::vector<std::string> Walked(const TestFolder& folder, const WalkOptions& options,
                                std::vector<std::string> paths = {}) {
  std::vector<std::string> lines;
  if (paths.empty()) paths = {folder.path()};
  const Status walked = Walk(paths, options, [&](WalkEntry&& entry) {
    std::string name = entry.file.shown;
    if (name.rfind(folder.path(), 0) == 0 && name.size() > folder.path().size()) {
      name.erase(0, folder.path().size() + 1);
    }
    if (entry.outcome == Outcome::kFile) lines.push_back("+ " + name);
    if (entry.outcome == Outcome::kExcluded) {
      lines.push_back("- " + name + " " + std::to_string(entry.file_count));
    }
    if (entry.outcome == Outcome::kProblem) lines.push_back("! " + name + " " + entry.problem.kind);
    return true;
  });
  REQUIRE(walked);
  return lines;
}

using Lines = std::vector<std::string>;

TEST_CASE("folders are walked in byte order of paths") {
  const TestFolder folder;
  folder.Write("b.yaml", "");
  folder.Write("a/z.yaml", "");
  folder.Write("a/b/c.yaml", "");
  folder.Write("a.yaml", "");
  folder.Write("a-b/x.yaml", "");
  CHECK(Walked(folder, {}) ==
        Lines{"+ a-b/x.yaml", "+ a.yaml", "+ a/b/c.yaml", "+ a/z.yaml", "+ b.yaml"});
}

TEST_CASE("ignore files: nested, negated, anchored; parents up to the repository's root") {
  const TestFolder folder;
  folder.Write(".git/config", "");
  folder.Write(".git/info/exclude", "local.yaml\n");
  folder.Write(".gitignore", "*.log\n/top.yaml\nbuild/\nsub/only-here.yaml\n");
  folder.Write("top.yaml", "");
  folder.Write("local.yaml", "");
  folder.Write("build/a.yaml", "");
  folder.Write("build/b/c.yaml", "");
  folder.Write("sub/.gitignore", "!keep.log\nx.yaml\n");
  folder.Write("sub/keep.log", "");
  folder.Write("sub/drop.log", "");
  folder.Write("sub/x.yaml", "");
  folder.Write("sub/top.yaml", "");
  folder.Write("sub/only-here.yaml", "");
  CHECK(Walked(folder, {}) == Lines{"+ .gitignore", "- build 2", "- local.yaml 1",
                                    "+ sub/.gitignore", "- sub/drop.log 1", "+ sub/keep.log",
                                    "- sub/only-here.yaml 1", "+ sub/top.yaml", "- sub/x.yaml 1",
                                    "- top.yaml 1"});
  WalkOptions all;
  all.use_gitignore = false;
  CHECK(Walked(folder, all).size() == 11);
  // From below, the parents' files hold as well.
  CHECK(Walked(folder, {}, {folder.At("sub")}) == Lines{"+ sub/.gitignore", "- sub/drop.log 1",
                                                        "+ sub/keep.log", "- sub/only-here.yaml 1",
                                                        "+ sub/top.yaml", "- sub/x.yaml 1"});
  // A folder that is named is walked although a parent ignores it.
  CHECK(Walked(folder, {}, {folder.At("build")}) == Lines{"+ build/a.yaml", "+ build/b/c.yaml"});
}

TEST_CASE("without a repository, parents' ignore files do not count") {
  const TestFolder folder;
  folder.Write(".gitignore", "*.yaml\n");
  folder.Write("sub/a.yaml", "");
  CHECK(Walked(folder, {}, {folder.At("sub")}) == Lines{"+ sub/a.yaml"});
}

TEST_CASE("excludes are relative to the scanned folder and beat ignore files") {
  const TestFolder folder;
  folder.Write("a/test/x.yaml", "");
  folder.Write("a/y.yaml", "");
  folder.Write("z.yaml", "");
  WalkOptions options;
  options.excludes = {"test/", "/z.yaml"};
  CHECK(Walked(folder, options) == Lines{"- a/test 1", "+ a/y.yaml", "- z.yaml 1"});
  options.excludes = {"*.yaml", "!z.yaml"};
  CHECK(Walked(folder, options) == Lines{"- a/test/x.yaml 1", "- a/y.yaml 1", "+ z.yaml"});
  CHECK(Walked(folder, options, {folder.At("a/y.yaml")}) == Lines{"- a/y.yaml 1"});
}

TEST_CASE("links: files are read, folders are not unless asked for, loops end, dangling is told") {
  const TestFolder folder;
  folder.Write("real/a.yaml", "");
  folder.Link("file.yaml", "real/a.yaml");
  folder.Link("folder", "real");
  folder.Link("dangling.yaml", "nowhere.yaml");
  folder.Link("self.yaml", "self.yaml");
  folder.Link("real/up", "..");
  CHECK(Walked(folder, {}) == Lines{"! dangling.yaml not_found", "+ file.yaml", "- folder 1",
                                    "+ real/a.yaml", "- real/up 1", "! self.yaml io"});
  WalkOptions options;
  options.follow_links = true;
  const Lines lines = Walked(folder, options);
  CHECK(std::count(lines.begin(), lines.end(), "+ folder/a.yaml") == 1);
  CHECK(lines.size() < 20);
}

TEST_CASE("sockets and pipes are problems") {
  const TestFolder folder;
  REQUIRE(mkfifo(folder.At("pipe.yaml").c_str(), 0600) == 0);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string name = folder.At("s.yaml");
  REQUIRE(name.size() < sizeof(address.sun_path));
  std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
  REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  CHECK(Walked(folder, {}) == Lines{"! pipe.yaml unsupported", "! s.yaml unsupported"});
  CHECK(Walked(folder, {}, {folder.At("pipe.yaml")}) == Lines{"! pipe.yaml unsupported"});
  close(fd);
}

TEST_CASE("a path that does not exist fails before anything is visited") {
  const TestFolder folder;
  folder.Write("a.yaml", "");
  int visited = 0;
  const Status walked = Walk({folder.path(), folder.At("missing")}, {}, [&](WalkEntry&&) {
    ++visited;
    return true;
  });
  REQUIRE_FALSE(walked);
  CHECK(walked.error().code == ErrorCode::kNotFound);
  CHECK(walked.error().where == folder.At("missing"));
  CHECK(visited == 0);
}

TEST_CASE("reading: limits, folders, vanished files") {
  const TestFolder folder;
  folder.Write("a.yaml", "hello");
  std::string bytes = "old";
  REQUIRE(ReadFile({folder.At("a.yaml"), "a.yaml", false}, 5, bytes));
  CHECK(bytes == "hello");
  CHECK(ReadFile({folder.At("a.yaml"), "a.yaml", false}, 4, bytes).error().code ==
        ErrorCode::kLimit);
  CHECK(ReadFile({folder.path(), "x", false}, 10, bytes).error().code == ErrorCode::kUnsupported);
  CHECK(ReadFile({folder.At("gone"), "gone", false}, 10, bytes).error().code ==
        ErrorCode::kNotFound);
  REQUIRE(mkfifo(folder.At("pipe").c_str(), 0600) == 0);
  CHECK(ReadFile({folder.At("pipe"), "pipe", false}, 10, bytes).error().code ==
        ErrorCode::kUnsupported);
  REQUIRE(ReadHead({folder.At("a.yaml"), "a.yaml", false}, 3, bytes));
  CHECK(bytes == "hel");
}

}  // namespace
}  // namespace ouro::scan
