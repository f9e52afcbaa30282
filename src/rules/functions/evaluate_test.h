// Short evaluation of expressions for the tests of the families.
#pragma once

#include <doctest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "rules/cel.h"
#include "rules/typed_json.h"

namespace ouro::rules::functions {

struct TestOptions {
  int kubernetes_minor = kNewestKubernetesMinor;
  std::vector<std::string> libraries = {};
  bool plain_cel = false;
  bool track_cost = false;
};

struct TestResult {
  std::string text;  // the value in the typed encoding, "error: …" or "compile error: …"
  uint64_t cost = 0;
};

inline TestResult EvaluateForTest(std::string_view expression, const TestOptions& options = {}) {
  EnvironmentOptions environment_options;
  environment_options.kubernetes_minor = options.kubernetes_minor;
  environment_options.libraries = options.libraries;
  environment_options.plain_cel = options.plain_cel;
  environment_options.call_cost_limit = options.track_cost ? 1'000'000 : 0;
  auto environment = Environment::Create(std::move(environment_options));
  if (!environment) return {"compile error: " + environment.error().message};
  io::KeyTable keys;
  ProgramBuilder builder(*environment, keys);
  const auto compiled = builder.Add(expression);
  if (!compiled) return {"compile error: " + compiled.error().message};
  Evaluator evaluator(builder.Build(), keys);
  const Value value = evaluator.Run(compiled->entry);
  if (value.is_error()) return {"error: " + std::string(value.str()), evaluator.cost()};
  const auto text = EncodeTyped(value, keys);
  return {text ? *text : "error: " + text.error().message, evaluator.cost()};
}

inline void CheckTrue(std::initializer_list<std::string_view> expressions,
                      const TestOptions& options = {}) {
  for (const std::string_view expression : expressions) {
    INFO(std::string(expression));
    CHECK(EvaluateForTest(expression, options).text == R"({"t":"bool","v":true})");
  }
}

struct WrongExpression {
  std::string_view expression;
  std::string_view problem;  // part of the message
};
inline void CheckWrong(std::initializer_list<WrongExpression> cases,
                       const TestOptions& options = {}) {
  for (const WrongExpression& wrong : cases) {
    INFO(std::string(wrong.expression));
    const std::string text = EvaluateForTest(wrong.expression, options).text;
    INFO(text);
    CHECK(text.find("error: ") != std::string::npos);
    CHECK(text.find(wrong.problem) != std::string::npos);
  }
}

inline void CheckCost(std::string_view expression, uint64_t cost) {
  INFO(std::string(expression));
  CHECK(EvaluateForTest(expression, {.track_cost = true}).cost == cost);
}

}  // namespace ouro::rules::functions
