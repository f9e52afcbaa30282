// ValidatingAdmissionPolicies in requests of `ouro rule check --batch`.
// docs/formats/rule-check.md documents the form.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/tree.h"
#include "rules/admission_policy.h"

namespace ouro::rules {

// Answers of a request to the questions of expressions: entries of its "authorizer" list. An entry
// answers a question when every key that it has is equal.
class ListedAuthorizer : public Authorizer {
 public:
  explicit ListedAuthorizer(const io::NodeView& entries) : entries_(entries) {}
  std::optional<AuthorizationAnswer> Ask(const AuthorizationQuestion& question) const override;

 private:
  io::NodeView entries_;
};

// The policies, bindings and definitions among the rules of one request.
class PolicyBatch {
 public:
  // Is there any policy or binding among the rules?
  static bool HasPolicies(const io::NodeView& rules);

  // `root` is the whole request; its rules must be a list. Never fails: what is wrong stands in the
  // results.
  PolicyBatch(const io::NodeView& root, int kubernetes_minor, io::KeyTable& keys);

  // Is the rule one that this judges by: a policy, binding, definition or parameter?
  bool Accepts(const io::NodeView& rule) const;

  // The JSON object that answers `rule`; nothing for bindings that bind a policy, for parameters
  // and definitions. Call once for each accepted rule, in order.
  std::optional<std::string> Answer(const io::NodeView& rule);

 private:
  Status Judge(const io::NodeView& root, int kubernetes_minor, io::KeyTable& keys);

  // apiVersion and kind of the policies' parameters; views into the request.
  std::vector<std::pair<std::string_view, std::string_view>> param_kinds_;
  std::shared_ptr<const PolicySet> set_;
  std::vector<PolicyResult> results_;
  std::string problem_;      // why nothing was judged
  int64_t next_policy_ = 0;  // number of the policy that is answered next
};

}  // namespace ouro::rules
