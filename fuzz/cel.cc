// Any bytes as a CEL expression: parse, check, lower and evaluate over a small document, with and
// without type checking, sharing and cost tracking. No input may crash, leak or run long.

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "io/key_table.h"
#include "io/tree.h"
#include "rules/cel.h"

namespace {

using ouro::rules::Environment;
using ouro::rules::EnvironmentOptions;
using ouro::rules::Evaluator;
using ouro::rules::ProgramBuilder;
using ouro::rules::Value;

constexpr std::string_view kDocument = R"(
metadata: {name: shop, labels: {app: shop}}
spec:
  replicas: 3
  ratio: 0.5
  empty: null
  big: 18446744073709551615
  containers:
    - {name: web, image: "registry/web:1", securityContext: {privileged: false}}
    - {name: db, ports: [1, 2, 3]}
)";

enum Mode { kChecked, kUnchecked, kPlain, kCosted, kModeCount };

std::shared_ptr<const Environment> MakeEnvironment(int mode) {
  EnvironmentOptions options;
  options.variables = {{"object", "dyn", 0},
                       {"container", "dyn", 1},
                       {"count", "int", 0},
                       {"names", "list(string)", 0}};
  options.type_check = mode != kUnchecked;
  options.plain_cel = mode == kPlain;
  if (mode == kPlain) options.libraries = {"math", "block", "bindings"};
  if (mode == kCosted) options.call_cost_limit = 20'000;
  auto created = Environment::Create(std::move(options));
  if (!created) std::abort();
  return *created;
}

struct Fixture {
  ouro::io::KeyTable keys;
  ouro::io::Tree tree;
  std::array<std::shared_ptr<const Environment>, kModeCount> environments;

  Fixture() {
    if (!ouro::io::ReadYaml(std::string(kDocument), {}, keys, tree)) std::abort();
    for (int mode = 0; mode < kModeCount; ++mode) {
      environments[static_cast<size_t>(mode)] = MakeEnvironment(mode);
    }
  }
};

void Evaluate(const Fixture& fixture, const std::shared_ptr<const Environment>& environment,
              std::string_view text) {
  ouro::io::KeyTable keys = fixture.keys;
  ProgramBuilder builder(environment, keys);
  const auto compiled = builder.Add(text);
  if (!compiled) {
    if (compiled.error().message.empty()) std::abort();
    return;
  }
  // The same expression twice: what is shared must not change the result.
  const auto again = builder.Add(text);
  if (!again) std::abort();
  Evaluator evaluator(builder.Build(), keys);
  const uint32_t root = fixture.tree.roots().front().node;
  const Value names[] = {Value::String("a"), Value::String("b")};
  evaluator.Bind(environment->VariableIndex("object"), Value::OfNode(fixture.tree, root));
  evaluator.Bind(environment->VariableIndex("count"), Value::Int(2));
  evaluator.Bind(environment->VariableIndex("names"), evaluator.arena().NewList(names));
  const Value first = evaluator.Run(compiled->entry);
  const std::string first_text = ouro::rules::ValueToText(first, keys);
  if (first_text.find("limit") != std::string::npos) return;  // slow enough once
  const Value second = evaluator.Run(again->entry);
  if (first_text != ouro::rules::ValueToText(second, keys)) std::abort();
  evaluator.Reset();
  if (ouro::rules::ValueToText(evaluator.Run(compiled->entry), keys).size() > 10'000) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Fixture* const fixture = new Fixture();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto& environment : fixture->environments) Evaluate(*fixture, environment, text);
  return 0;
}
