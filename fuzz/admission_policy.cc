// A policy, a binding, a parameter and an object made of any bytes are read or refused; what
// compiles judges the object within its limits and says why it did not let it pass.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/admission_policy.h"

using namespace ouro;

// The input is one or several YAML documents: the first is the object, all are offered to the set.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Long inputs find nothing that short ones do not, and make a run slow.
  if (size > 32 << 10) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  io::KeyTable keys;
  io::Tree tree;
  if (!io::ReadDocument(std::string(bytes), {}, keys, tree)) return 0;
  std::vector<io::NodeView> objects;
  for (const io::Root& root : tree.roots()) {
    if (!root.failed && root.node != io::kNoNode) objects.emplace_back(tree, keys, root.node);
  }
  const auto set = rules::PolicySet::Compile(objects, {}, keys);
  if (!set || objects.empty()) return 0;
  rules::PolicyRunner runner(*set, keys);
  rules::AdmissionRequest request;
  request.object = objects.front();
  const auto results = runner.Judge(request);
  if (!results) {
    if (results.error().message.empty()) __builtin_trap();
    return 0;
  }
  for (const rules::PolicyResult& result : *results) {
    if (result.verdict != rules::Verdict::kPass && result.message.empty()) __builtin_trap();
  }
  return 0;
}
