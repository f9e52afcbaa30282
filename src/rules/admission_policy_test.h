// Short notation for tests of policies: objects as JSON, one set, one request.
#pragma once

#include <doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "rules/admission_policy.h"

namespace ouro::rules {

// A policy for CREATE and UPDATE of pods in namespaces with any label; `spec` adds or replaces
// nothing, it is the rest of spec: R"("validations":[…])".
inline std::string PolicyJson(const std::string& spec, const std::string& name = "p") {
  return R"({"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicy",)"
         R"("metadata":{"name":")" +
         name +
         R"("},"spec":{"matchConstraints":{"resourceRules":[{"apiGroups":["*"],)"
         R"("apiVersions":["*"],"operations":["*"],"resources":["*"]}]},)" +
         spec + "}}";
}

inline std::string BindingJson(const std::string& spec, const std::string& policy = "p",
                               const std::string& name = "b") {
  return R"({"apiVersion":"admissionregistration.k8s.io/v1","kind":)"
         R"("ValidatingAdmissionPolicyBinding","metadata":{"name":")" +
         name + R"("},"spec":{"policyName":")" + policy + "\"," + spec + "}}";
}

inline const std::string kPodJson =
    R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop",)"
    R"("labels":{"app":"web"}},"spec":{"containers":[{"name":"a"},{"name":"b"}],)"
    R"("priority":5}})";

class PolicyWorld {
 public:
  explicit PolicyWorld(std::vector<std::string> objects, PolicySetOptions options = {}) {
    std::vector<io::NodeView> views;
    for (std::string& object : objects) views.push_back(Read(std::move(object)));
    auto compiled = PolicySet::Compile(views, options, keys_);
    REQUIRE(compiled.has_value());
    set_ = *compiled;
    runner_ = std::make_unique<PolicyRunner>(set_, keys_);
  }

  // The node lives as long as this.
  io::NodeView Read(std::string json) {
    trees_.push_back(std::make_unique<io::Tree>());
    io::Tree& tree = *trees_.back();
    REQUIRE(io::ReadJson(std::move(json), {}, keys_, tree).has_value());
    REQUIRE(tree.roots().size() == 1);
    REQUIRE_FALSE(tree.roots().front().failed);
    return {tree, keys_, tree.roots().front().node};
  }

  std::vector<PolicyResult> Judge(const AdmissionRequest& request) {
    auto results = runner_->Judge(request);
    REQUIRE(results.has_value());
    return std::move(*results);
  }
  PolicyResult JudgeOne(const std::string& object = kPodJson) {
    AdmissionRequest request;
    request.object = Read(object);
    auto results = Judge(request);
    REQUIRE(results.size() == 1);
    return std::move(results.front());
  }
  const PolicySet& set() const { return *set_; }
  PolicyRunner& runner() { return *runner_; }

 private:
  io::KeyTable keys_;
  std::vector<std::unique_ptr<io::Tree>> trees_;
  std::shared_ptr<const PolicySet> set_;
  std::unique_ptr<PolicyRunner> runner_;
};

// The result of one policy with these parts of its spec, judging the pod above.
inline PolicyResult JudgeSpec(const std::string& spec) {
  return PolicyWorld({PolicyJson(spec)}).JudgeOne();
}

// "validations" of one expression, for PolicyJson().
inline std::string ValidationJson(const std::string& expression) {
  std::string escaped;
  for (const char c : expression) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return R"("validations":[{"expression":")" + escaped + "\"}]";
}

// … judging the pod above.
inline PolicyResult JudgeExpression(const std::string& expression, const std::string& more = "") {
  return JudgeSpec(ValidationJson(expression) + more);
}

}  // namespace ouro::rules
