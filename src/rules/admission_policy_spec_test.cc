#include "rules/admission_policy_spec.h"

#include <doctest.h>

#include "rules/admission_policy_test.h"

namespace ouro::rules {

namespace {

template <typename Spec>
std::string Refusal(Result<Spec> (*read)(const io::NodeView&), const std::string& json) {
  io::KeyTable keys;
  io::Tree tree;
  REQUIRE(io::ReadJson(json, {}, keys, tree).has_value());
  REQUIRE_FALSE(tree.roots().front().failed);
  const auto spec = read({tree, keys, tree.roots().front().node});
  return spec ? "" : spec.error().ToString();
}

std::string PolicyRefusal(const std::string& spec) {
  return Refusal(ReadPolicy, PolicyJson(spec));
}
std::string BindingRefusal(const std::string& spec) {
  return Refusal(ReadPolicyBinding, BindingJson(spec));
}

}  // namespace

TEST_CASE("policies that the API server refuses") {
  const std::string good = R"("validations":[{"expression":"true"}])";
  CHECK(PolicyRefusal(good).empty());
  CHECK(PolicyRefusal("\"variables\":[]") ==
        "spec.validations: validations or auditAnnotations must contain at least one item");
  CHECK(PolicyRefusal(R"("validations":[{"message":"x"}])") ==
        "spec.validations[0].expression: is required");
  CHECK(PolicyRefusal(R"("validations":[{"expression":true}])") ==
        "spec.validations[0].expression: must be a string");
  CHECK(PolicyRefusal(R"("validations":[{"expression":"true","message":"a\nb"}])") ==
        "spec.validations[0].message: must not contain line breaks");
  CHECK(PolicyRefusal(R"("validations":[{"expression":"true","reason":"Because"}])")
            .find("spec.validations[0].reason") == 0);
  CHECK(PolicyRefusal(good + R"(,"failurePolicy":"Maybe")").find("spec.failurePolicy") == 0);
  CHECK(PolicyRefusal(good + R"(,"variables":[{"name":"a-b","expression":"1"}])") ==
        "spec.variables[0].name: \"a-b\" is not a valid CEL identifier");
  CHECK(PolicyRefusal(good + R"(,"variables":[{"name":"in","expression":"1"}])") != "");
  CHECK(PolicyRefusal(good + R"(,"matchConditions":[{"name":"a","expression":"true"},
      {"name":"a","expression":"true"}])")
            .find("spec.matchConditions[1].name") == 0);
  CHECK(PolicyRefusal(good + R"(,"paramKind":{"kind":"K"})") ==
        "spec.paramKind.apiVersion: is required");
  CHECK(Refusal(ReadPolicy, R"({"apiVersion":"admissionregistration.k8s.io/v2","spec":{}})")
            .find("apiVersion") == 0);
  CHECK(Refusal(ReadPolicy, R"({"apiVersion":"admissionregistration.k8s.io/v1"})") ==
        "spec: is required");
  CHECK(Refusal(ReadPolicy, R"({"apiVersion":"admissionregistration.k8s.io/v1","spec":{
      "matchConstraints":{"resourceRules":[{"apiGroups":["*"],"apiVersions":["*"],
      "operations":["PATCH"],"resources":["*"]}]}}})")
            .find("operations") != std::string::npos);
}

TEST_CASE("defaults and null") {
  io::KeyTable keys;
  io::Tree tree;
  REQUIRE(io::ReadJson(PolicyJson(R"("validations":[{"expression":"true","message":null}],
      "paramKind":null,"variables":null,"unknown":1)"),
                       {}, keys, tree)
              .has_value());
  const auto policy = ReadPolicy({tree, keys, tree.roots().front().node});
  REQUIRE(policy.has_value());
  CHECK_FALSE(policy->ignore_failures);
  CHECK_FALSE(policy->param_kind.has_value());
  CHECK(policy->constraints->equivalent);
  CHECK(policy->constraints->namespace_selector.empty());
  CHECK(policy->validations[0].reason == "Invalid");
}

TEST_CASE("bindings that the API server refuses") {
  const std::string deny = R"("validationActions":["Deny"])";
  CHECK(BindingRefusal(deny).empty());
  CHECK(BindingRefusal(R"("validationActions":[])") ==
        "spec.validationActions: at least one validation action is required");
  CHECK(BindingRefusal(R"("validationActions":["Deny","Deny"])") != "");
  CHECK(BindingRefusal(R"("validationActions":["Block"])") != "");
  CHECK(BindingRefusal(deny + R"(,"paramRef":{})") == "spec.paramRef: needs name or selector");
  CHECK(BindingRefusal(deny + R"(,"paramRef":{"name":"a","parameterNotFoundAction":"Skip"})") !=
        "");
  CHECK(BindingRefusal(deny + R"(,"matchResources":[])") ==
        "spec.matchResources: must be an object");
}

}  // namespace ouro::rules
