// What the tests of the gate share: texts to values, failing the test when they cannot be read.
#pragma once

#include <doctest.h>

#include <string>
#include <string_view>
#include <utility>

#include "gate/decision.h"
#include "gate/policy_reader.h"
#include "gate/record.h"

namespace ouro::gate {

inline Policy PolicyOf(std::string_view yaml) {
  auto policy = ReadPolicyText(std::string(yaml), "policy.yaml");
  REQUIRE_MESSAGE(policy.has_value(), (policy ? "" : policy.error().ToString()));
  return std::move(*policy);
}

// Reads a request of JSON as `ouro gate --batch` does, and makes it canonical.
inline Request RequestOf(std::string_view json) {
  io::KeyTable keys;
  io::Tree tree;
  REQUIRE(io::ReadDocument(std::string(json), {}, keys, tree));
  REQUIRE(tree.roots().size() == 1);
  auto request = ReadRequest(io::NodeView(tree, keys, tree.roots()[0].node), true);
  REQUIRE_MESSAGE(request.has_value(), (request ? "" : request.error().ToString()));
  Canonicalize(*request);
  return std::move(*request);
}

inline Outcome OutcomeOf(const Request& request) {
  auto outcome = Decide(request);
  REQUIRE_MESSAGE(outcome.has_value(), (outcome ? "" : outcome.error().ToString()));
  return std::move(*outcome);
}

inline model::Decision DecisionOf(std::string_view json) {
  const Request request = RequestOf(json);
  return OutcomeOf(request).decision;
}

}  // namespace ouro::gate
