#include "kube/dump.h"

#include <doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/limits.h"
#include "kube/client_fixture.h"
#include "kube/test_folder.h"

namespace ouro::kube {
namespace {

namespace fs = std::filesystem;

DumpInfo Info() {
  DumpInfo info;
  info.server = "https://h:6443";
  info.context = "prod \"eu\"";
  info.server_version = "v1.33.13";
  info.created = "2026-11-21T15:04:05Z";
  info.ouro_version = "0.1.0";
  return info;
}

ApiResource Secrets() {
  return ApiResource{"", "v1", "Secret", "secrets", true, true, {"list"}};
}

std::string Names(const TestFolder& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder.path()))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) text += name + " ";
  return text;
}

// A dump of two pods, one secret and a gap.
void Record(const std::string& path) {
  auto writer = DumpWriter::Create(path, Info()).value();
  const ApiResource pods = PodResource();
  REQUIRE(writer->AddPage(0, pods, "", R"({"items":[{"metadata":{"name":"a"}}]})"));
  REQUIRE(writer->AddPage(1, Secrets(), "shop",
                          R"({"items":[{"metadata":{"name":"s"},"data":{"k":"aGlkZGVu"}}]})"));
  REQUIRE(writer->AddPage(0, pods, "", R"({"items":[{"metadata":{"name":"b"}}]})"));
  REQUIRE(writer->End(0, pods, "", ListEnd{"77", 2, true}));
  REQUIRE(writer->End(1, Secrets(), "shop", ListEnd{"78", 1, false}));
  const ApiResource nodes = {"", "v1", "Node", "nodes", false, true, {"list"}};
  REQUIRE(writer->End(2, nodes, "", Fail(ErrorCode::kDenied, "nodes is forbidden", "GET x")));
  writer->AddGap("metrics.k8s.io/v1beta1", Error{ErrorCode::kRemote, "stale", ""});
  REQUIRE(writer->Finish());
}

TEST_CASE("Dump: what was written is read") {
  const TestFolder folder;
  const std::string path = folder.path() + "/dump";
  Record(path);
  CHECK(Names(folder) == "dump ");
  CHECK(IsDump(path));
  const auto reader = DumpReader::Open(path).value();
  const DumpInfo& info = reader->info();
  CHECK(info.server == "https://h:6443");
  CHECK(info.context == "prod \"eu\"");
  CHECK(info.server_version == "v1.33.13");
  CHECK(info.created == "2026-11-21T15:04:05Z");
  REQUIRE(info.entries.size() == 2);
  CHECK(info.entries[0].resource.Name() == "pods");
  CHECK(info.entries[0].resource.namespaced);
  CHECK(info.entries[0].resource_version == "77");
  CHECK(info.entries[0].inconsistent);
  CHECK(info.entries[0].files.at(0).objects == 2);
  CHECK(info.entries[1].name_space == "shop");
  CHECK(info.entries[1].files.at(0).path == "api/v1/secrets@shop.json");
  REQUIRE(info.gaps.size() == 2);
  CHECK(info.gaps[0].what == "nodes");
  CHECK(info.gaps[0].error.code == ErrorCode::kDenied);
  CHECK(info.gaps[0].error.message == "nodes is forbidden");
  CHECK(info.gaps[1].what == "metrics.k8s.io/v1beta1");
  std::string pages;
  const auto end = reader->List(info.entries[0], [&](std::string& page) -> Status {
    pages += page;
    return {};
  });
  CHECK(end->pages == 1);
  CHECK(end->inconsistent);
  CHECK(pages ==
        "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{},\"items\":["
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}},\n"
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"b\"}}]}\n");
  std::ifstream secrets(path + "/api/v1/secrets@shop.json");
  const std::string text{std::istreambuf_iterator<char>(secrets), {}};
  CHECK(text.find("aGlkZGVu") == std::string::npos);
  CHECK(text.find("REDACTED") != std::string::npos);
  CHECK((fs::status(path).permissions() & fs::perms::others_all) == fs::perms::none);
}

TEST_CASE("Dump: an empty list is recorded as such") {
  const TestFolder folder;
  auto writer = DumpWriter::Create(folder.path() + "/dump", Info()).value();
  REQUIRE(writer->End(0, PodResource(), "", ListEnd{"5", 1, false}));
  REQUIRE(writer->Finish());
  const auto reader = DumpReader::Open(folder.path() + "/dump").value();
  REQUIRE(reader->info().entries.size() == 1);
  CHECK(reader->info().entries[0].files.at(0).objects == 0);
}

TEST_CASE("Dump: many objects make several parts") {
  const TestFolder folder;
  auto writer = DumpWriter::Create(folder.path() + "/dump", Info()).value();
  const std::string page =
      R"({"items":[{"metadata":{"name":"a"},"x":")" + std::string(9 << 20, 'x') + "\"}]}";
  for (int i = 0; i < 5; ++i) REQUIRE(writer->AddPage(0, PodResource(), "", page));
  REQUIRE(writer->End(0, PodResource(), "", ListEnd()));
  REQUIRE(writer->Finish());
  const auto reader = DumpReader::Open(folder.path() + "/dump").value();
  const DumpEntry& entry = reader->info().entries.at(0);
  REQUIRE(entry.files.size() == 2);
  CHECK(entry.files[1].path == "api/v1/pods.2.json");
  CHECK(entry.files[0].objects + entry.files[1].objects == 5);
  CHECK(reader->List(entry, [](std::string&) -> Status { return {}; })->pages == 2);
}

TEST_CASE("Dump: one that broke off leaves nothing") {
  const TestFolder folder;
  {
    auto writer = DumpWriter::Create(folder.path() + "/dump", Info()).value();
    REQUIRE(writer->AddPage(0, PodResource(), "", R"({"items":[{}]})"));
    REQUIRE(writer->End(0, PodResource(), "", ListEnd()));
    CHECK(Names(folder) != "");
  }
  CHECK(Names(folder) == "");
}

TEST_CASE("Dump: a list that begins anew is written once") {
  const TestFolder folder;
  auto writer = DumpWriter::Create(folder.path() + "/dump", Info()).value();
  const std::string big = R"({"items":[{"x":")" + std::string(33 << 20, 'x') + "\"}]}";
  REQUIRE(writer->AddPage(0, PodResource(), "", big));
  REQUIRE(writer->AddPage(0, PodResource(), "", R"({"items":[{"a":1}]})"));
  REQUIRE(writer->Restart(0));
  REQUIRE(writer->AddPage(0, PodResource(), "", R"({"items":[{"b":1}]})"));
  REQUIRE(writer->End(0, PodResource(), "", ListEnd()));
  REQUIRE(writer->Finish());
  const auto reader = DumpReader::Open(folder.path() + "/dump").value();
  REQUIRE(reader->info().entries.at(0).files.size() == 1);
  CHECK(reader->info().entries[0].files[0].objects == 1);
}

TEST_CASE("Dump: where it may be written") {
  const TestFolder folder;
  const std::string path = folder.path() + "/dump";
  Record(path);
  folder.Write("dump/stale.txt", "x");
  Record(path);  // a dump is replaced, with all that was in it
  CHECK_FALSE(fs::exists(path + "/stale.txt"));
  fs::create_directories(folder.path() + "/empty");
  Record(folder.path() + "/empty/");
  folder.Write("full/file", "x");
  CHECK(DumpWriter::Create(folder.path() + "/full", Info()).error().code == ErrorCode::kInvalid);
  CHECK(DumpWriter::Create(folder.path() + "/full/file", Info()).error().code ==
        ErrorCode::kInvalid);
  CHECK(Names(folder) == "dump empty full ");
}

TEST_CASE("Dump: a torn, changed or missing file is noticed") {
  const TestFolder folder;
  const std::string path = folder.path() + "/dump";
  Record(path);
  const auto reader = DumpReader::Open(path).value();
  const DumpEntry& entry = reader->info().entries[0];
  const std::string file = "dump/" + entry.files[0].path;
  const std::string text = folder.Read(file);
  const auto list = [&] {
    return reader->List(entry, [](std::string&) -> Status {
      FAIL("a broken page was given");
      return {};
    });
  };
  folder.Write(file, text.substr(0, text.size() / 2));
  CHECK(list().error().message.find("torn") != std::string::npos);
  std::string changed = text;
  changed[text.find("\"a\"") + 1] = 'z';
  folder.Write(file, changed);
  CHECK(list().error().message.find("checksum") != std::string::npos);
  CHECK(list().error().where == reader->PathOf(entry.files[0]));
  fs::remove(folder.path() + "/" + file);
  CHECK(list().error().code == ErrorCode::kNotFound);
}

TEST_CASE("Dump: a broken index") {
  const TestFolder folder;
  Record(folder.path() + "/dump");
  const std::string index = folder.Read("dump/cluster.json");
  for (size_t size : {size_t{0}, size_t{50}, index.size() / 2, index.size() - 3}) {
    CAPTURE(size);
    folder.Write("dump/cluster.json", index.substr(0, size));
    CHECK_FALSE(DumpReader::Open(folder.path() + "/dump"));
  }
  std::string outside = index;
  outside.replace(outside.find("api/v1/pods.json"), 16, "../../etc/passwd");
  folder.Write("dump/cluster.json", outside);
  CHECK(DumpReader::Open(folder.path() + "/dump").error().code == ErrorCode::kParse);
  CHECK(DumpReader::Open(folder.path()).error().code == ErrorCode::kNotFound);
  CHECK_FALSE(IsDump(folder.path()));
}

TEST_CASE("Dump: names of the server cannot leave the folder") {
  const TestFolder folder;
  auto writer = DumpWriter::Create(folder.path() + "/dump", Info()).value();
  const ApiResource odd = {"../..", "v1/..", "Kind", "../../x", true, true, {}};
  REQUIRE(writer->End(0, odd, "..", ListEnd()));
  REQUIRE(writer->Finish());
  CHECK(Names(folder) == "dump ");
  CHECK(DumpReader::Open(folder.path() + "/dump"));
}

}  // namespace
}  // namespace ouro::kube
