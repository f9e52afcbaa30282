#include "engine/audit_log.h"

#include <doctest.h>

#include <fstream>
#include <thread>

#include "scan/test_folder.h"

namespace ouro::engine {
namespace {

gate::AuditEntry Entry(const std::string& object) {
  gate::AuditEntry entry;
  entry.time = "2026-11-21T10:00:00Z";
  entry.actor = "ana";
  entry.action = "test";
  entry.object = object;
  return entry;
}

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void WriteAll(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

TEST_CASE("entries are appended to one chain, and a cut end shows with the expected hash") {
  const scan::TestFolder folder;
  const std::string path = folder.path() + "/audit.jsonl";
  CHECK(VerifyAudit(path, "").error().code == ErrorCode::kNotFound);
  REQUIRE(AppendAudit(path, {Entry("a"), Entry("b")}));
  REQUIRE(AppendAudit(path, {Entry("c")}));
  const auto check = VerifyAudit(path, "");
  REQUIRE(check);
  CHECK(check->fault.empty());
  CHECK(check->count == 3);
  CHECK(VerifyAudit(path, check->last_hash)->fault.empty());
  const std::string bytes = ReadAll(path);
  const size_t last = bytes.rfind('\n', bytes.size() - 2) + 1;
  WriteAll(path, bytes.substr(0, last));
  CHECK(VerifyAudit(path, "")->fault.empty());
  CHECK_FALSE(VerifyAudit(path, check->last_hash)->fault.empty());
  std::vector<std::string> objects;
  REQUIRE(ForEachAudit(path, [&](const gate::AuditEntry& entry) -> Status {
    objects.push_back(entry.object);
    return {};
  }));
  CHECK(objects == std::vector<std::string>{"a", "b"});
}

TEST_CASE("what a killed writer left is removed and noted; a damaged end is not written to") {
  const scan::TestFolder folder;
  const std::string path = folder.path() + "/audit.jsonl";
  REQUIRE(AppendAudit(path, {Entry("a")}));
  const std::string whole = ReadAll(path);
  WriteAll(path, whole + "{\"number\":2,\"ti");
  CHECK_FALSE(VerifyAudit(path, "")->fault.empty());
  REQUIRE(AppendAudit(path, {Entry("b")}));
  CHECK(VerifyAudit(path, "")->fault.empty());
  CHECK(ReadAll(path).find("15 bytes of an unfinished entry") != std::string::npos);
  WriteAll(path, whole + "garbage\n");
  CHECK_FALSE(AppendAudit(path, {Entry("c")}));
  CHECK(ReadAll(path) == whole + "garbage\n");
  CHECK(VerifyAudit(path, "")->count == 1);
}

TEST_CASE("writers at the same time make one chain") {
  const scan::TestFolder folder;
  const std::string path = folder.path() + "/audit.jsonl";
  std::vector<std::jthread> writers;
  for (int w = 0; w < 4; ++w) {
    writers.emplace_back([&] {
      for (int i = 0; i < 10; ++i) (void)AppendAudit(path, {Entry("x")});
    });
  }
  writers.clear();
  const auto check = VerifyAudit(path, "");
  REQUIRE(check);
  CHECK(check->fault.empty());
  CHECK(check->count == 40);
}

}  // namespace
}  // namespace ouro::engine
