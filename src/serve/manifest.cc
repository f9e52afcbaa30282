#include "serve/manifest.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "model/workload.h"

namespace ouro::serve {
namespace {

constexpr std::string_view kWebhookName = "admission.ouro.dev";
constexpr std::string_view kGatekeeperGroup = "constraints.gatekeeper.sh";
constexpr size_t kDnsLabelSizeMax = 63;
constexpr int64_t kPortMax = 65'535;

struct KnownKind {
  std::string_view group;
  std::string_view kind;
};

// Where checks may name a kind without its group.
constexpr std::array kKnownKinds = {
    KnownKind{"", "ConfigMap"},
    KnownKind{"", "Endpoints"},
    KnownKind{"", "LimitRange"},
    KnownKind{"", "Namespace"},
    KnownKind{"", "Node"},
    KnownKind{"", "PersistentVolume"},
    KnownKind{"", "PersistentVolumeClaim"},
    KnownKind{"", "ResourceQuota"},
    KnownKind{"", "Secret"},
    KnownKind{"", "Service"},
    KnownKind{"", "ServiceAccount"},
    KnownKind{"admissionregistration.k8s.io", "MutatingWebhookConfiguration"},
    KnownKind{"admissionregistration.k8s.io", "ValidatingAdmissionPolicy"},
    KnownKind{"admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"},
    KnownKind{"admissionregistration.k8s.io", "ValidatingWebhookConfiguration"},
    KnownKind{"apiextensions.k8s.io", "CustomResourceDefinition"},
    KnownKind{"autoscaling", "HorizontalPodAutoscaler"},
    KnownKind{"certificates.k8s.io", "CertificateSigningRequest"},
    KnownKind{"networking.k8s.io", "Ingress"},
    KnownKind{"networking.k8s.io", "IngressClass"},
    KnownKind{"networking.k8s.io", "NetworkPolicy"},
    KnownKind{"policy", "PodDisruptionBudget"},
    KnownKind{"policy", "PodSecurityPolicy"},
    KnownKind{"rbac.authorization.k8s.io", "ClusterRole"},
    KnownKind{"rbac.authorization.k8s.io", "ClusterRoleBinding"},
    KnownKind{"rbac.authorization.k8s.io", "Role"},
    KnownKind{"rbac.authorization.k8s.io", "RoleBinding"},
    KnownKind{"storage.k8s.io", "StorageClass"},
};

class Resources {
 public:
  void AddKind(std::string_view group, std::string_view kind) {
    by_group_[std::string(group)].insert(PluralOf(group, kind));
    if (!group.empty() || kind != "Pod") return;
    // Containers come into a running pod through these.
    by_group_[""].insert("pods/ephemeralcontainers");
    by_group_[""].insert("pods/resize");
  }
  void AddWorkloads() {
    for (const model::WorkloadKind& row : model::WorkloadKinds()) AddKind(row.group, row.kind);
  }
  // "Kind" or "group/Kind", with "core" for the group without a name.
  void AddNamed(std::string_view name) {
    const size_t slash = name.find('/');
    if (slash != std::string_view::npos) {
      const std::string_view group = name.substr(0, slash);
      return AddKind(group == "core" ? std::string_view() : group, name.substr(slash + 1));
    }
    bool known = false;
    const auto add = [&](std::string_view group, std::string_view kind) {
      if (kind != name) return;
      AddKind(group, kind);
      known = true;
    };
    for (const KnownKind& row : kKnownKinds) add(row.group, row.kind);
    for (const model::WorkloadKind& row : model::WorkloadKinds()) add(row.group, row.kind);
    if (!known) AddKind("*", name);
  }
  void AddAll() { by_group_["*"] = {"*"}; }

  std::vector<ResourceRule> Take() const {
    std::vector<ResourceRule> rules;
    const auto all = by_group_.find("*");
    if (all != by_group_.end() && all->second.count("*") > 0) return {{"*", {"*", "*/*"}}};
    for (const auto& [group, names] : by_group_) {
      rules.push_back({group, {names.begin(), names.end()}});
    }
    return rules;
  }

 private:
  std::map<std::string, std::set<std::string>> by_group_;
};

bool IsDnsLabel(std::string_view text) {
  if (text.empty() || text.size() > kDnsLabelSizeMax) return false;
  if (text.front() == '-' || text.back() == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::string Base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<uint8_t>(bytes[i + k]) : 0U);
    }
    for (size_t k = 0; k < 4; ++k) {
      out += k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return out;
}

std::string Quoted(const std::string& text) {
  std::string out;
  AppendJsonString(out, text);
  return out;
}

std::string QuotedList(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const std::string& text : texts) quoted.push_back(Quoted(text));
  return "[" + JoinText(quoted, ", ") + "]";
}

// https, a host, no user, query or fragment (admissionregistration.k8s.io/v1, WebhookClientConfig).
Result<std::string> ServiceUrl(const std::string& url) {
  constexpr std::string_view kScheme = "https://";
  const bool good = StartsWith(url, kScheme) && url.size() > kScheme.size() &&
                    url[kScheme.size()] != '/' &&
                    url.find_first_of("?#@ \"\\") == std::string::npos;
  if (!good) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("--url \"{}\": write https://HOST[:PORT], without user, query and "
                            "fragment",
                            Printable(url)));
  }
  std::string base = url;
  while (EndsWith(base, "/")) base.pop_back();
  return EndsWith(base, "/validate") ? base : base + "/validate";
}

Result<std::string> ClientConfig(const ManifestOptions& options) {
  std::string out = "  clientConfig:\n";
  if (!options.url.empty()) {
    OURO_TRY(const std::string url, ServiceUrl(options.url));
    out += fmt::format("    url: {}\n", Quoted(url));
  } else {
    out += fmt::format("    service: {{namespace: {}, name: {}, port: {}, path: /validate}}\n",
                       options.service_namespace, options.service_name, options.service_port);
  }
  if (options.ca_bundle.empty()) {
    out += "    # No caBundle: the API server trusts what its machine trusts.\n";
  } else {
    out += fmt::format("    caBundle: {}\n", Base64(options.ca_bundle));
  }
  return out;
}

// Requests about which a refusal could only do harm: those of the kubelet (mirror pods of what runs
// already, and status), of the API server itself (its own roles, at its start), and of the two
// controllers that only take away.
constexpr std::string_view kMatchConditions = R"(  matchConditions:
  - name: not-from-kubelets
    expression: '!has(request.userInfo.groups) || !("system:nodes" in request.userInfo.groups)'
  - name: not-from-the-api-server
    expression: 'request.userInfo.username != "system:apiserver"'
  - name: not-from-garbage-collection
    expression: >-
      !(request.userInfo.username in [
      "system:serviceaccount:kube-system:generic-garbage-collector",
      "system:serviceaccount:kube-system:namespace-controller"])
)";

}  // namespace

std::string PluralOf(std::string_view group, std::string_view kind) {
  std::string name = LowerAscii(kind);
  if (group == kGatekeeperGroup || name == "endpoints") return name;
  if (EndsWith(name, "y") && !EndsWith(name, "ay") && !EndsWith(name, "ey")) {
    name.pop_back();
    return name + "ies";
  }
  if (EndsWith(name, "s") || EndsWith(name, "x") || EndsWith(name, "ch")) return name + "es";
  return name + "s";
}

std::vector<ResourceRule> ResourcesOf(const rules::RuleSet& rules) {
  Resources resources;
  for (const rules::SelectedCheck& selected : rules.checks()) {
    if (selected.check->needs_inventory) continue;
    for (const rules::Rule& rule : selected.rules) {
      for (const std::string& kind : rule.match.kinds) resources.AddNamed(kind);
      if (!rule.match.kinds.empty()) continue;
      if (rule.match.target == rules::Target::kObject) {
        resources.AddAll();
      } else {
        resources.AddWorkloads();
      }
    }
  }
  return resources.Take();
}

Result<std::string> WebhookManifest(const ManifestOptions& options,
                                    const std::vector<ResourceRule>& resources) {
  if (resources.empty()) {
    return Fail(ErrorCode::kInvalid, "no check is chosen that could be judged at admission");
  }
  OURO_TRY(const std::string client, ClientConfig(options));
  const bool blocks = options.level == Level::kBlock;
  std::vector<std::string> excluded = {"kube-system"};
  if (!options.own_namespace.empty() && options.own_namespace != excluded.front()) {
    if (!IsDnsLabel(options.own_namespace)) {
      return Fail(ErrorCode::kInvalid, fmt::format("\"{}\" is no name of a namespace",
                                                   Printable(options.own_namespace)));
    }
    excluded.push_back(options.own_namespace);
  }
  std::string out = fmt::format(
      "apiVersion: admissionregistration.k8s.io/v1\n"
      "kind: ValidatingWebhookConfiguration\n"
      "metadata:\n  name: ouro\n"
      "webhooks:\n- name: {}\n"
      "  admissionReviewVersions: [v1]\n"
      "  sideEffects: None\n"
      "  matchPolicy: Equivalent\n"
      "  timeoutSeconds: {}\n"
      "  # What the API server does when ouro does not answer.\n"
      "  failurePolicy: {}\n",
      kWebhookName, limits::kWebhookTimeoutMilliseconds / 1000, blocks ? "Fail" : "Ignore");
  out += client;
  out += fmt::format(
      "  namespaceSelector:\n    matchExpressions:\n"
      "    - {{key: kubernetes.io/metadata.name, operator: NotIn, values: {}}}\n",
      QuotedList(excluded));
  out += kMatchConditions;
  out += "  rules:\n";
  for (const ResourceRule& rule : resources) {
    out += fmt::format(
        "  - apiGroups: {}\n    apiVersions: [\"*\"]\n    operations: [CREATE, UPDATE]\n"
        "    resources: {}\n    scope: \"*\"\n",
        QuotedList({rule.group}), QuotedList(rule.resources));
  }
  return out;
}

Status ReadService(std::string_view text, ManifestOptions& options) {
  const auto refuse = [&] {
    return Fail(ErrorCode::kInvalid,
                fmt::format("--service does not know \"{}\": write NAMESPACE/NAME[:PORT]",
                            Printable(text)));
  };
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return refuse();
  const size_t colon = text.find(':', slash);
  const std::string_view name = text.substr(
      slash + 1, colon == std::string_view::npos ? std::string_view::npos : colon - slash - 1);
  if (!IsDnsLabel(text.substr(0, slash)) || !IsDnsLabel(name)) return refuse();
  if (colon != std::string_view::npos) {
    const auto port = ParseInt64(text.substr(colon + 1));
    if (!port || *port < 1 || *port > kPortMax) return refuse();
    options.service_port = static_cast<int>(*port);
  }
  options.service_namespace = text.substr(0, slash);
  options.service_name = name;
  return {};
}

}  // namespace ouro::serve
