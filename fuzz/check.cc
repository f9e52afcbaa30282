// A check file made of any bytes is read or refused with a place, and what was read compiles or is
// refused; its examples run. Nothing crashes and nothing runs away.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/check.h"
#include "rules/example.h"
#include "rules/rule_set.h"

using namespace ouro;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Long inputs find nothing that short ones do not, and make a run slow.
  if (size > 64 << 10) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto check = rules::ReadCheck(std::string(bytes), "fuzz.yaml");
  if (!check) {
    if (check.error().message.empty() || check.error().where.empty()) __builtin_trap();
    return 0;
  }
  const std::vector<rules::Check> library = {*check};
  for (const char* profile : {"all", "default"}) {
    rules::SelectionOptions selection;
    selection.profile = profile;
    auto selected = rules::SelectChecks(library, selection);
    if (!selected) __builtin_trap();
    io::KeyTable keys;
    (void)rules::RuleSet::Compile(std::move(*selected), {}, keys);
  }
  if (rules::RunExamples(*check).size() != check->examples.size()) __builtin_trap();
  return 0;
}
