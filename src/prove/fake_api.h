// An API server for tests: it stores policies, judges dry runs by them with our own evaluator, and
// loses warnings the way the real one does. Included by tests only.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "io/tree.h"
#include "prove/api.h"
#include "rules/admission_policy.h"

namespace ouro::prove {

// What all connections share. One thread at a time.
struct FakeCluster {
  std::map<std::string, std::string> policies;  // "plural/name" → JSON
  std::vector<std::string> objects;             // really created and not deleted: names
  // What the server makes of an object.
  std::function<std::string(std::string)> admit = [](std::string json) { return json; };
  // Set: the refusal of an object, by its JSON.
  std::function<std::optional<kube::ApiStatus>(const std::string&)> refuse;
  std::vector<std::string> unknown_fields;
  int deaf_count = 0;  // answers before policies become active
  bool refuses_policies = false;
  bool keeps_policies = false;  // deleting fails
  int64_t tries = 0;
};

class FakeApi : public Api {
 public:
  explicit FakeApi(FakeCluster& cluster) : cluster_(cluster) {}

  Result<kube::WriteAnswer> Try(const kube::ApiResource& resource, std::string_view name_space,
                                std::string_view object, std::string_view manager,
                                std::string_view validation) override {
    ++cluster_.tries;
    if (cluster_.refuse) {
      if (auto status = cluster_.refuse(std::string(object))) return Refused(std::move(*status));
    }
    kube::WriteAnswer answer;
    answer.accepted = true;
    answer.http_status = 201;
    answer.object = cluster_.admit(WithNamespace(object, resource, name_space));
    if (validation == "Warn") {
      for (const std::string& field : cluster_.unknown_fields) {
        answer.warnings.push_back("unknown field \"" + field + "\"");
      }
    }
    if (cluster_.deaf_count > 0) {
      --cluster_.deaf_count;
      return answer;
    }
    OURO_TRY_STATUS(Judge(resource, manager, answer));
    return answer;
  }

  Result<kube::WriteAnswer> Create(const kube::ApiResource& resource, std::string_view name_space,
                                   std::string_view object) override {
    if (cluster_.refuses_policies) {
      kube::ApiStatus status;
      status.code = 403;
      status.reason = "Forbidden";
      status.message = "you may not create policies";
      return Refused(std::move(status));
    }
    const std::string name = NameOf(object);
    if (StartsWith(resource.plural, "validating")) {
      cluster_.policies[resource.plural + "/" + name] = object;
    } else {
      cluster_.objects.push_back(name);
    }
    kube::WriteAnswer answer;
    answer.accepted = true;
    answer.http_status = 201;
    answer.object = cluster_.admit(WithNamespace(object, resource, name_space));
    last_ = answer.object;
    return answer;
  }

  Result<std::string> Get(const kube::ApiResource&, std::string_view, std::string_view) override {
    return last_;
  }

  Status Delete(const kube::ApiResource& resource, std::string_view,
                std::string_view name) override {
    if (cluster_.keeps_policies) return Fail(ErrorCode::kIo, "the connection is gone");
    cluster_.policies.erase(resource.plural + "/" + std::string(name));
    std::erase(cluster_.objects, std::string(name));
    return {};
  }

 private:
  static Result<kube::WriteAnswer> Refused(kube::ApiStatus status) {
    kube::WriteAnswer answer;
    answer.http_status = status.code;
    answer.status = std::move(status);
    return answer;
  }

  std::string NameOf(std::string_view object) {
    io::KeyTable keys;
    io::Tree tree;
    if (!io::ReadJson(std::string(object), {}, keys, tree)) return {};
    return std::string(
        io::NodeView(tree, keys, tree.roots()[0].node).Get("metadata").Get("name").Text());
  }

  static std::string WithNamespace(std::string_view object, const kube::ApiResource& resource,
                                   std::string_view name_space) {
    std::string json(object);
    if (!resource.namespaced || json.find("\"namespace\":") != std::string::npos) return json;
    return ReplaceAll(json, "\"metadata\":{",
                      fmt::format("\"metadata\":{{\"namespace\":\"{}\",", name_space));
  }

  Status Judge(const kube::ApiResource& resource, std::string_view manager,
               kube::WriteAnswer& answer) {
    io::KeyTable keys;
    std::vector<io::Tree> trees(cluster_.policies.size() + 2);
    std::vector<io::NodeView> nodes;
    size_t i = 0;
    for (const auto& [name, json] : cluster_.policies) {
      OURO_TRY_STATUS(io::ReadJson(json, {}, keys, trees[i]));
      nodes.emplace_back(trees[i], keys, trees[i].roots()[0].node);
      ++i;
    }
    OURO_TRY(const auto set, rules::PolicySet::Compile(nodes, {}, keys));
    rules::PolicyRunner runner(set, keys);
    OURO_TRY_STATUS(io::ReadJson(answer.object, {}, keys, trees[i]));
    OURO_TRY_STATUS(
        io::ReadJson(fmt::format("{{\"fieldManager\":\"{}\"}}", manager), {}, keys, trees[i + 1]));
    rules::AdmissionRequest request;
    request.object = io::NodeView(trees[i], keys, trees[i].roots()[0].node);
    request.options = io::NodeView(trees[i + 1], keys, trees[i + 1].roots()[0].node);
    request.operation = "CREATE";
    request.group = resource.group;
    request.version = resource.version;
    request.kind = resource.kind;
    request.resource_group = resource.group;
    request.resource_version = resource.version;
    request.resource = resource.plural;
    request.dry_run = true;
    OURO_TRY(const auto results, runner.Judge(request));
    std::vector<std::string> warnings;
    for (const rules::PolicyResult& result : results) {
      for (const rules::PolicyDecision& decision : result.decisions) {
        if (decision.ignored) continue;
        if (result.deny && answer.accepted) Deny(result, decision, answer);
        if (!result.warn) continue;
        warnings.push_back(fmt::format(
            "Validation failed for ValidatingAdmissionPolicy '{}' with binding '{}': {}",
            result.policy, result.binding, decision.message));
      }
    }
    AddWarnings(warnings, answer);
    return {};
  }

  static void Deny(const rules::PolicyResult& result, const rules::PolicyDecision& decision,
                   kube::WriteAnswer& answer) {
    answer.accepted = false;
    answer.http_status = answer.status.code = 403;
    answer.object.clear();
    answer.status.reason = "Forbidden";
    answer.status.message = fmt::format(
        "things \"x\" is forbidden: ValidatingAdmissionPolicy '{}' with binding '{}' denied "
        "request: {}",
        result.policy, result.binding, decision.message);
  }

  // Warnings with control characters are lost, and so is what goes beyond 4,096 characters; then
  // each is cut to 256.
  static void AddWarnings(const std::vector<std::string>& warnings, kube::WriteAnswer& answer) {
    std::vector<std::string> whole;
    size_t size = 0;
    for (const std::string& warning : warnings) {
      if (std::any_of(warning.begin(), warning.end(), [](char c) { return c >= 0 && c < 32; })) {
        continue;
      }
      whole.push_back(warning);
      size += warning.size();
    }
    const bool cuts = size > 4096;
    size = 0;
    for (const std::string& warning : whole) {
      if (cuts && size >= 4096) return;
      answer.warnings.push_back(cuts ? warning.substr(0, 256) : warning);
      size += answer.warnings.back().size();
    }
  }

  FakeCluster& cluster_;
  std::string last_;
};

// A server of version 1.33 that serves some kinds.
inline Server FakeServer(FakeCluster& cluster) {
  Server server;
  server.name = "kube://fake";
  server.version = {"v1.33.0", 1, 33, ""};
  const auto add = [&](std::string group, std::string version, std::string kind, std::string plural,
                       bool namespaced) {
    kube::ApiResource resource;
    resource.group = std::move(group);
    resource.version = std::move(version);
    resource.kind = std::move(kind);
    resource.plural = std::move(plural);
    resource.namespaced = namespaced;
    resource.verbs = {"create", "get", "delete"};
    server.discovery.resources.push_back(std::move(resource));
  };
  const std::string admission = "admissionregistration.k8s.io";
  add("", "v1", "Pod", "pods", true);
  add("", "v1", "ConfigMap", "configmaps", true);
  add("apps", "v1", "Deployment", "deployments", true);
  add(admission, "v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies", false);
  add(admission, "v1", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings",
      false);
  server.connect = [&cluster](bool) -> Result<std::unique_ptr<Api>> {
    return std::unique_ptr<Api>(std::make_unique<FakeApi>(cluster));
  };
  return server;
}

}  // namespace ouro::prove
