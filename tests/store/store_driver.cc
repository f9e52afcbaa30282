// Imports made-up findings into a store, so that a test can kill it at any point, and says what the
// store holds.
//
//     store_driver FILE import SCOPE COUNT SEED   prints "committed" when the import has returned
//     store_driver FILE state                     prints a digest of the export; checks the file
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "fmt/format.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace {

namespace model = ouro::model;
namespace store = ouro::store;

[[noreturn]] void Die(const ouro::Error& error) {
  fmt::print(stderr, "store_driver: {}\n", error.ToString());
  std::exit(2);
}

template <typename T>
T OrDie(ouro::Result<T> result) {
  if (!result) Die(result.error());
  return std::move(*result);
}

void OrDie(const ouro::Status& status) {
  if (!status) Die(status.error());
}

std::string Hash(std::string_view tag, uint64_t number) {
  ouro::TupleHasher hasher(tag);
  hasher.Add("number", std::to_string(number));
  return hasher.Finish();
}

// Half of the findings of an import are those of the one before it in the scope, a fifth of them
// changed; the rest are new.
model::Finding MakeFinding(uint64_t number, uint64_t seed) {
  const uint64_t subject = number % 2 == 0 ? number : number + seed * 1'000'000;
  model::Finding finding;
  finding.id = Hash("finding", subject);
  finding.issue = Hash("issue", subject / 3);
  finding.check = fmt::format("tool:R{}", subject % 40);
  finding.title = fmt::format("rule {}", subject % 40);
  finding.message = number % 5 == 0 ? fmt::format("said by {}", seed) : "as ever";
  finding.resource = {"apps/v1", "Deployment", "shop", fmt::format("d{}", subject / 3), ""};
  finding.location.file = fmt::format("f{}.yaml", subject % 100);
  finding.severity = static_cast<model::Severity>((subject + seed) % 5);
  finding.origin.Make().tool = "tool";
  return finding;
}

void Import(const std::string& path, const std::string& scope_name, uint64_t count, uint64_t seed) {
  const auto db = OrDie(store::Store::Open(path));
  store::Scope scope;
  scope.tool = "tool";
  scope.target = scope_name;
  store::ImportSession session =
      OrDie(db->BeginImport(scope, {}, static_cast<int64_t>(1'790'000'000 + seed)));
  for (uint64_t i = 0; i < count; ++i) {
    const model::Finding finding = MakeFinding(i, seed);
    OrDie(session.Add(finding, OrDie(store::ParseObservationKey(finding.id))));
  }
  OrDie(session.Commit());
  fmt::print("committed\n");
  std::fflush(stdout);
}

void PrintState(const std::string& path) {
  ouro::Sha256 digest;
  int64_t issue_count = 0;
  {
    const auto db = OrDie(store::Store::Open(path));
    OrDie(db->Export([&](std::string_view line) -> ouro::Status {
      digest.Update(line);
      ++issue_count;
      return {};
    }));
    const int64_t different = OrDie(db->RebuildIndex());
    if (different != 0) {
      fmt::print(stderr, "store_driver: {} values of the index are wrong\n", different);
      std::exit(2);
    }
  }
  const auto file = OrDie(store::Database::Open(path, store::OpenMode::kExisting));
  auto check = OrDie(file->Prepare("PRAGMA integrity_check"));
  OrDie(check.Step());
  const std::string verdict = check.Text();
  if (verdict != "ok") {
    fmt::print(stderr, "store_driver: integrity check: {}\n", verdict);
    std::exit(2);
  }
  const auto bytes = digest.Finish();
  fmt::print("{} {}\n", issue_count,
             ouro::HexEncode({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 2 ? argv[2] : "";
  if (mode == "import" && argc == 6) {
    Import(argv[1], argv[3], std::strtoull(argv[4], nullptr, 10),
           std::strtoull(argv[5], nullptr, 10));
    return 0;
  }
  if (mode == "state" && argc == 3) {
    PrintState(argv[1]);
    return 0;
  }
  fmt::print(stderr, "usage: store_driver FILE import SCOPE COUNT SEED | FILE state\n");
  return 2;
}
