// The exported policies in a real API server, for the time of one run and for its requests alone.
//
// Each policy is installed twice, bound with Warn and bound with Deny, under names of this run,
// with one match condition more than exported: only a dry run whose field manager has the name of
// this run is judged, and the field manager tells for each policy whether it shall warn, deny or be
// silent. So nobody else's request is touched, and one request asks any set of policies.
//
// Both actions are needed, because warnings get lost. The API server drops a warning with a control
// character (an evaluation error quotes the whole expression, a message may quote the object), and
// cuts and drops what goes beyond 4,096 characters in all (k8s.io/apiserver
// pkg/endpoints/filters/warning.go; apimachinery net.NewWarningHeader). A denial always arrives,
// but only the first of several. So policies that are expected to fail warn, all at once, and those
// that are expected to pass deny: that the request is accepted proves that they passed. Silence
// proves nothing.
//
// A further policy, installed last, always warns. An answer without its warning comes from a server
// that does not know the policies (yet) and is not used.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "kube/resource.h"
#include "prove/api.h"
#include "prove/policy_plan.h"

namespace ouro::prove {

// What a policy shall do with a request.
enum class PolicyMode : char { kSilent = '-', kWarn = 'w', kDeny = 'd' };

class InstalledPolicies {
 public:
  // `run`: 8 letters and digits, different for each run. Nothing is sent.
  // kUnsupported when the server has no admissionregistration.k8s.io/v1 policies.
  static Result<InstalledPolicies> Prepare(const PolicyPlan& plan, const kube::Discovery& discovery,
                                           std::string_view run);

  // Creates everything; on failure what was created stays for Remove().
  Status Install(Api& api);
  // Deletes what was created and gives the first error. Goes on after an error, but not after
  // several in a row: a server that is gone would be waited for each time.
  Status Remove(Api& api);

  size_t policy_count() const { return checks_.size(); }
  size_t check(size_t policy) const { return checks_[policy]; }
  // Policies are asked in groups, because a field manager has at most 128 characters.
  size_t group_count() const;
  size_t group_begin(size_t group) const;
  size_t group_end(size_t group) const;
  // The field manager for a request about one group. `modes`: one for each policy of all groups.
  std::string Manager(size_t group, const std::vector<PolicyMode>& modes) const;

  // What the API server said in a warning or refusal.
  struct Said {
    bool canary = false;
    size_t policy = 0;
    bool is_error = false;  // the expression could not be evaluated
    std::string message;
  };
  std::optional<Said> ReadWarning(std::string_view text) const;
  std::optional<Said> ReadDenial(std::string_view message) const;

  // An object on which the policies can be tried before the first real one.
  const kube::ApiResource& probe_resource() const { return probe_; }
  static std::string_view ProbeObject();

 private:
  struct Object {
    bool is_policy = true;
    std::string name;
    std::string json;
    bool created = false;
  };
  InstalledPolicies() = default;
  Status Add(size_t number, const PlannedPolicy& policy);
  std::string Name(size_t number, PolicyMode mode) const;
  std::string Condition(size_t number, PolicyMode mode) const;
  void AddBinding(const std::string& name, PolicyMode mode, std::string_view scope);
  void AddCanary();
  std::optional<Said> Read(std::string_view text, std::string_view head) const;

  std::string prefix_;  // "ouro-prove-1a2b3c4d-"
  std::vector<size_t> checks_;
  std::vector<Object> objects_;
  kube::ApiResource policy_resource_;
  kube::ApiResource binding_resource_;
  kube::ApiResource probe_;
};

// Did the server drop warnings? It counts characters of the texts that it sends.
bool WarningsMayBeMissing(const std::vector<std::string>& warnings);

}  // namespace ouro::prove
