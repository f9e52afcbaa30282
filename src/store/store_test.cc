#include "store/store.h"

#include <doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "fmt/format.h"

namespace ouro::store {
namespace {

namespace fs = std::filesystem;
using model::Finding;

// A folder of its own that goes away with the test.
class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "ouro-store-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() { fs::remove_all(path_); }
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

std::string Id(int number) {
  return fmt::format("{:08x}{}", number, std::string(24, '0'));
}

Finding Make(int number, std::string file = "a.yaml") {
  Finding f;
  f.id = Id(number);
  f.check = "OURO-K8S-0001";
  f.concept_name = "privileged";
  f.aliases = {"checkov:CKV_K8S_16"};
  f.title = "Container runs privileged";
  f.resource = {"apps/v1", "Deployment", "shop", "web", "app"};
  f.location.file = std::move(file);
  f.location.line = number;
  f.severity = model::Severity::kHigh;
  return f;
}

model::Report Report(std::vector<Finding> findings) {
  model::Report report;
  report.findings = std::move(findings);
  return report;
}

model::Problem ProblemIn(std::string file, std::string kind = "parse") {
  model::Problem problem;
  problem.kind = std::move(kind);
  problem.file = std::move(file);
  return problem;
}

// Ids of the open findings.
std::vector<std::string> OpenIds(Store& store) {
  std::vector<std::string> ids;
  const std::vector<StoredFinding> list = store.List({}).value();
  for (const StoredFinding& stored : list) ids.push_back(stored.finding.id);
  return ids;
}

void Record(Store& store, model::Report report, const char* now = "2026-11-21T00:00:00Z",
            const char* scope = "s") {
  const Status status = store.Record(report, scope, now);
  CHECK_MESSAGE(status.has_value(), (status ? "" : status.error().ToString()));
}

void Patch(const std::string& path, std::streamoff offset, const std::string& bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(offset);
  file << bytes;
}

TEST_CASE("everything of a finding comes back but the source line") {
  Folder folder;
  auto store = Store::Open(folder / "db").value();
  Finding f = Make(1);
  f.finding_class = model::FindingClass::kRbac;
  f.aliases = {"a:\"quoted\"", "b:\\back\nslash", "c:漢字"};
  f.field_path = "spec.containers[app]";
  f.location = {"a dir/ä.yaml", 14, 3, 15, 9, 100, 200, "$.spec", 2, "secret: hunter2"};
  f.severity_source = "ouro.yaml";
  f.message = std::string("with a zero byte \0 inside", 25);
  f.remediation = "do it";
  f.references = {"https://example.com/?a=1&b='2'"};
  f.fix = {{"set", "$.a", "{\"b\":[1,\"x\"]}"}, {"remove", "$.c", ""}};
  f.status = model::FindingStatus::kSuppressed;
  f.suppressed = model::Suppression{"ouro.dev/ignore", "because", "2026-12-31"};
  f.stage = "cd";
  f.count = 7;
  f.other_locations = {{"b.yaml", 1, 2, 3, 4, 5, 6, "$[0]['x']", 7, "gone"}};
  f.action = "block";
  Record(*store, Report({f}));
  const StoredFinding stored = store->Find(f.id).value();
  const Finding& g = stored.finding;
  Finding expected = f;
  expected.location.source_line.clear();
  expected.other_locations[0].source_line.clear();
  CHECK(g.id == f.id);
  CHECK(g.finding_class == f.finding_class);
  CHECK(g.check == f.check);
  CHECK(g.concept_name == f.concept_name);
  CHECK(g.aliases == f.aliases);
  CHECK(g.title == f.title);
  CHECK(g.resource == f.resource);
  CHECK(g.field_path == f.field_path);
  CHECK(g.location == expected.location);
  CHECK(g.severity == f.severity);
  CHECK(g.severity_source == f.severity_source);
  CHECK(g.message == f.message);
  CHECK(g.remediation == f.remediation);
  CHECK(g.references == f.references);
  CHECK(g.fix == f.fix);
  CHECK(g.status == f.status);
  CHECK(g.suppressed == f.suppressed);
  CHECK(g.stage == f.stage);
  CHECK(g.count == f.count);
  CHECK(g.other_locations == expected.other_locations);
  CHECK(g.action == f.action);
  CHECK(g.first_seen == "2026-11-21T00:00:00Z");
  CHECK(g.last_seen == "2026-11-21T00:00:00Z");
  CHECK(stored.open);
  CHECK(stored.run_count == 1);
}

TEST_CASE("first and last seen, closing, and opening again") {
  Folder folder;
  auto store = Store::Open(folder / "db").value();
  model::Report first = Report({Make(1), Make(2)});
  REQUIRE(store->Record(first, "s", "2026-01-01T00:00:00Z"));
  CHECK(first.findings[0].first_seen == "2026-01-01T00:00:00Z");
  model::Report second = Report({Make(2)});
  REQUIRE(store->Record(second, "s", "2026-01-02T00:00:00Z"));
  CHECK(second.findings[0].first_seen == "2026-01-01T00:00:00Z");
  CHECK(second.findings[0].last_seen == "2026-01-02T00:00:00Z");
  CHECK(OpenIds(*store) == std::vector{Id(2)});
  ListOptions all;
  all.open_only = false;
  REQUIRE(store->List(all).value().size() == 2);
  CHECK_FALSE(store->Find(Id(1)).value().open);
  // The file stays as it was written while another run looks at it.
  store = Store::Open(folder / "db").value();
  model::Report third = Report({Make(1), Make(2)});
  REQUIRE(store->Record(third, "s", "2026-01-03T00:00:00Z"));
  CHECK(third.findings[0].first_seen == "2026-01-01T00:00:00Z");
  const StoredFinding again = store->Find(Id(1)).value();
  CHECK(again.open);
  CHECK(again.run_count == 2);
  CHECK(again.finding.last_seen == "2026-01-03T00:00:00Z");
}

TEST_CASE("what a run could not examine stays open") {
  struct Row {
    const char* name;
    std::vector<model::Problem> problems;
    bool warning;
    bool stays;
  };
  const std::vector<Row> rows = {
      {"nothing", {}, false, false},
      {"its file", {ProblemIn("shop/web/a.yaml")}, false, true},
      {"its file, but only a warning", {ProblemIn("shop/web/a.yaml")}, true, false},
      {"another file", {ProblemIn("shop/web/b.yaml")}, false, false},
      {"a file whose name is a prefix", {ProblemIn("shop/web/a")}, false, false},
      {"its folder", {ProblemIn("shop/web")}, false, true},
      {"a folder above, with slash", {ProblemIn("shop/")}, false, true},
      {"a folder that is a prefix", {ProblemIn("shop/we")}, false, false},
      {"the working folder", {ProblemIn(".")}, false, true},
      {"the whole run", {ProblemIn("", "timeout")}, false, true},
      {"a check that files cannot answer", {ProblemIn("", "not_evaluable")}, false, false},
      {"one of its other places", {ProblemIn("elsewhere.yaml")}, false, true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Folder folder;
    auto store = Store::Open(folder / "db").value();
    Finding f = Make(1, "shop/web/a.yaml");
    f.other_locations.emplace_back().file = "elsewhere.yaml";
    Record(*store, Report({f}));
    model::Report empty = Report({});
    empty.problems = row.problems;
    for (model::Problem& problem : empty.problems) problem.warning = row.warning;
    Record(*store, empty);
    CHECK(OpenIds(*store).size() == (row.stays ? 1 : 0));
  }
}

TEST_CASE("scopes do not close each other's findings") {
  Folder folder;
  auto store = Store::Open(folder / "db").value();
  Record(*store, Report({Make(1), Make(2)}), "2026-01-01T00:00:00Z", "a");
  Record(*store, Report({Make(2), Make(3)}), "2026-01-01T00:00:00Z", "b");
  CHECK(OpenIds(*store) == std::vector{Id(1), Id(2), Id(3)});
  Record(*store, Report({}), "2026-01-02T00:00:00Z", "a");
  CHECK(OpenIds(*store) == std::vector{Id(2), Id(3)});
  Record(*store, Report({}), "2026-01-02T00:00:00Z", "b");
  CHECK(OpenIds(*store).empty());
}

TEST_CASE("filters and order of the list") {
  Folder folder;
  auto store = Store::Open(folder / "db").value();
  std::vector<Finding> findings = {Make(1, "b.yaml"), Make(2, "a.yaml"), Make(3, "a.yaml"),
                                   Make(4, "a.yaml")};
  findings[2].severity = model::Severity::kCritical;
  findings[3].severity = model::Severity::kLow;
  findings[3].check = "OURO-K8S-0002";
  findings[3].concept_name = "host-network";
  findings[3].aliases.clear();
  findings[3].resource.namespace_name = "prod";
  Record(*store, Report(findings));
  struct Row {
    std::function<void(ListOptions&)> set;
    std::vector<std::string> ids;
  };
  const std::vector<Row> rows = {
      {[](ListOptions&) {}, {Id(3), Id(2), Id(1), Id(4)}},
      {[](ListOptions& o) { o.severity_min = "high"; }, {Id(3), Id(2), Id(1)}},
      {[](ListOptions& o) { o.check = "OURO-K8S-0002"; }, {Id(4)}},
      {[](ListOptions& o) { o.check = "checkov:CKV_K8S_16"; }, {Id(3), Id(2), Id(1)}},
      {[](ListOptions& o) { o.check = "host-network"; }, {Id(4)}},
      {[](ListOptions& o) { o.check = "nothing"; }, {}},
      {[](ListOptions& o) { o.namespace_name = "prod"; }, {Id(4)}},
      {[](ListOptions& o) { o.limit = 2; }, {Id(3), Id(2)}},
      {[](ListOptions& o) {
         o.check = "privileged";
         o.severity_min = "critical";
         o.namespace_name = "shop";
       },
       {Id(3)}},
  };
  for (size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(i);
    ListOptions options;
    rows[i].set(options);
    std::vector<std::string> ids;
    const std::vector<StoredFinding> list = store->List(options).value();
    for (const StoredFinding& stored : list) ids.push_back(stored.finding.id);
    CHECK(ids == rows[i].ids);
  }
  ListOptions wrong;
  wrong.severity_min = "urgent";
  CHECK(store->List(wrong).error().code == ErrorCode::kInvalid);
}

TEST_CASE("finding by prefix") {
  Folder folder;
  auto store = Store::Open(folder / "db").value();
  std::vector<Finding> findings = {Make(1), Make(2), Make(3)};
  findings[0].id = "abcdef00000000000000000000000000";
  findings[1].id = "abcdef11111111111111111111111111";
  findings[2].id = "ffffff11111111111111111111111111";
  Record(*store, Report(findings));
  CHECK(store->Find("ffffff").value().finding.id == findings[2].id);
  CHECK(store->Find(" FFFFFF1 ").value().finding.id == findings[2].id);
  CHECK(store->Find("abcdef1").value().finding.id == findings[1].id);
  CHECK(store->Find(findings[0].id).value().finding.id == findings[0].id);
  CHECK(store->Find("abcdef").error().code == ErrorCode::kInvalid);
  CHECK(store->Find("abcdef").error().message.find("give more digits") != std::string::npos);
  CHECK(store->Find("012345").error().code == ErrorCode::kNotFound);
  CHECK(store->Find("abcde").error().code == ErrorCode::kInvalid);
  CHECK(store->Find("abcdeg").error().code == ErrorCode::kInvalid);
  CHECK(store->Find("").error().code == ErrorCode::kInvalid);
}

TEST_CASE("a run is recorded whole or not at all") {
  Folder folder;
  auto store = Store::Open(folder / "db").value();
  Record(*store, Report({Make(1)}));
  model::Report bad = Report({Make(2), Make(3)});
  bad.findings[1].id.clear();
  CHECK(store->Record(bad, "s", "2026-01-02T00:00:00Z").error().code == ErrorCode::kInvalid);
  CHECK(bad.findings[0].first_seen.empty());
  CHECK(OpenIds(*store) == std::vector{Id(1)});
  Record(*store, Report({Make(1), Make(2)}));
}

TEST_CASE("only Open makes a file") {
  Folder folder;
  const auto missing = Store::OpenExisting(folder / "none");
  REQUIRE(!missing);
  CHECK(missing.error().code == ErrorCode::kNotFound);
  CHECK(missing.error().message == "there is no store; ouro scan --store PATH makes one");
  CHECK_FALSE(fs::exists(folder / "none"));
  CHECK(Store::Open(folder / "no folder/db").error().code == ErrorCode::kNotFound);
  CHECK(!Store::Open(folder / ""));
  CHECK(Store::Open("").error().code == ErrorCode::kInvalid);
  REQUIRE(Store::Open(folder / "db"));
  CHECK(Store::OpenExisting(folder / "db").value()->List({}).value().empty());
}

TEST_CASE("names that SQLite would take for something else are plain files") {
  Folder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder / "");
  for (const char* name : {":memory:", "file:x?mode=memory", "a%20b#c"}) {
    CAPTURE(name);
    Record(*Store::Open(name).value(), Report({Make(1)}));
    CHECK(fs::exists(name));
    CHECK(OpenIds(*Store::OpenExisting(name).value()).size() == 1);
  }
  fs::current_path(before);
}

TEST_CASE("files that are no store are refused and left as they are") {
  Folder folder;
  const std::string text = "apiVersion: v1\n" + std::string(2'000, '#');
  std::ofstream(folder / "text") << text;
  CHECK(Store::Open(folder / "text").error().code == ErrorCode::kParse);
  CHECK(fs::file_size(folder / "text") == text.size());

  REQUIRE(Store::Open(folder / "other"));
  Patch(folder / "other", 68, "abcd");  // the application id in the header
  CHECK(Store::Open(folder / "other").error().code == ErrorCode::kInvalid);

  REQUIRE(Store::Open(folder / "newer"));
  Patch(folder / "newer", 60, std::string("\0\0\1\0", 4));  // the user version
  const auto newer = Store::Open(folder / "newer");
  REQUIRE(!newer);
  CHECK(newer.error().code == ErrorCode::kUnsupported);
  CHECK(newer.error().ToString().find("has version 256") != std::string::npos);
}

TEST_CASE("a damaged file is an error, not a crash") {
  Folder folder;
  {
    auto store = Store::Open(folder / "db").value();
    std::vector<Finding> findings;
    for (int i = 1; i < 500; ++i) findings.push_back(Make(i));
    Record(*store, Report(findings));
  }
  const auto size = static_cast<std::streamoff>(fs::file_size(folder / "db"));
  for (std::streamoff at = 8'192; at + 4'096 < size; at += 8'192) {
    Patch(folder / "db", at, std::string(2'000, '\xa5'));
  }
  auto store = Store::OpenExisting(folder / "db");
  if (store) {
    const auto list = (*store)->List({});
    REQUIRE(!list);
    CHECK(list.error().code == ErrorCode::kParse);
    CHECK(list.error().where == (folder / "db"));
  } else {
    CHECK(store.error().code == ErrorCode::kParse);
  }
  fs::resize_file(folder / "db", 5'000);
  CHECK_NOTHROW(static_cast<void>(Store::Open(folder / "db")));
}

TEST_CASE("a full disk leaves the store as it was") {
  Folder folder;
  auto store = Store::Open(folder / "db").value();
  Record(*store, Report({Make(1)}));
  std::vector<Finding> many;
  for (int i = 1; i < 3'000; ++i) many.push_back(Make(i));
  // A limit on the size of files is the nearest thing to a full disk that a test may make.
  struct rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit small = before;
  small.rlim_cur = 300'000;
  setrlimit(RLIMIT_FSIZE, &small);
  model::Report report = Report(many);
  const Status status = store->Record(report, "s", "2026-01-02T00:00:00Z");
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  REQUIRE(!status);
  CHECK(status.error().code == ErrorCode::kIo);
  CHECK(status.error().message.find("disk") != std::string::npos);
  CHECK(status.error().message.find("nothing was recorded") != std::string::npos);
  CHECK(OpenIds(*store) == std::vector{Id(1)});
  CHECK(report.findings[0].first_seen.empty());
  Record(*store, report);
  CHECK(OpenIds(*store).size() == many.size());
}

TEST_CASE("a store that may only be read can be listed, not changed") {
  if (geteuid() == 0) return;  // nothing is read-only for root
  Folder folder;
  Record(*Store::Open(folder / "db").value(), Report({Make(1)}));
  fs::permissions(folder / "db", fs::perms::owner_read);
  fs::permissions(folder / "", fs::perms::owner_read | fs::perms::owner_exec);
  {
    auto store = Store::OpenExisting(folder / "db");
    REQUIRE(store);
    CHECK(OpenIds(**store).size() == 1);
    model::Report report = Report({Make(2)});
    CHECK(!(*store)->Record(report, "s", "2026-01-02T00:00:00Z"));
  }
  fs::permissions(folder / "", fs::perms::owner_all);
}

TEST_CASE("two open at once see each other's runs") {
  Folder folder;
  auto one = Store::Open(folder / "db").value();
  auto two = Store::Open(folder / "db").value();
  Record(*one, Report({Make(1)}), "2026-01-01T00:00:00Z", "a");
  Record(*two, Report({Make(2)}), "2026-01-01T00:00:00Z", "b");
  CHECK(OpenIds(*one) == std::vector{Id(1), Id(2)});
}

}  // namespace
}  // namespace ouro::store
