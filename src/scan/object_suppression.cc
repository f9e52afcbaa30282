// Suppressions in annotations and labels of objects and of their pod templates.
#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "scan/object.h"
#include "scan/suppression.h"
#include "scan/suppression_text.h"

namespace ouro::scan {
namespace {

using io::kNoNode;
using io::NodeType;

constexpr std::string_view kOurKey = "ouro.dev/ignore";
constexpr std::string_view kKubeLinterPrefix = "ignore-check.kube-linter.io/";
constexpr std::string_view kKubeLinterAll = "kube-linter.io/ignore-all";
constexpr std::string_view kKubeScoreIgnore = "kube-score/ignore";
constexpr std::string_view kKubeScoreEnable = "kube-score/enable";
constexpr std::string_view kPolarisPrefix = "polaris.fairwinds.com/";

// What a kubeaudit override label allows, as that tool's result names. Source: kubeaudit's
// documentation of each auditor, "Override Errors".
struct AuditOverride {
  std::string_view name;
  std::array<std::string_view, 5> results;
};
constexpr std::array<AuditOverride, 11> kAuditOverrides = {{
    {"allow-automount-service-account-token",
     {"AutomountServiceAccountTokenTrueAndDefaultSA", "AutomountServiceAccountTokenDeprecated"}},
    {"allow-disabled-apparmor",
     {"AppArmorAnnotationMissing", "AppArmorDisabled", "AppArmorBadValue"}},
    {"allow-disabled-seccomp",
     {"SeccompProfileMissing", "SeccompDisabledPod", "SeccompDisabledContainer"}},
    {"allow-namespace-host-IPC", {"NamespaceHostIPCTrue"}},
    {"allow-namespace-host-PID", {"NamespaceHostPIDTrue"}},
    {"allow-namespace-host-network", {"NamespaceHostNetworkTrue"}},
    {"allow-non-default-deny-egress-network-policy",
     {"MissingDefaultDenyEgressNetworkPolicy", "MissingDefaultDenyIngressAndEgressNetworkPolicy",
      "AllowAllEgressNetworkPolicyExists"}},
    {"allow-non-default-deny-ingress-network-policy",
     {"MissingDefaultDenyIngressNetworkPolicy", "MissingDefaultDenyIngressAndEgressNetworkPolicy",
      "AllowAllIngressNetworkPolicyExists"}},
    {"allow-privilege-escalation", {"AllowPrivilegeEscalationTrue", "AllowPrivilegeEscalationNil"}},
    {"allow-privileged", {"PrivilegedTrue", "PrivilegedNil"}},
    {"allow-read-only-root-filesystem-false",
     {"ReadOnlyRootFilesystemFalse", "ReadOnlyRootFilesystemNil"}},
}};
constexpr std::array<std::string_view, 5> kRunAsRootResults = {
    "RunAsNonRootPSCNilCSCNil", "RunAsNonRootCSCFalse", "RunAsNonRootPSCFalseCSCNil",
    "RunAsUserCSCRoot", "RunAsUserPSCRoot"};

struct Entry {
  std::string_view key;
  std::string_view value;
  bool is_text = true;  // false: the value is no string
  uint32_t offset = 0;
};

class Collector {
 public:
  Collector(const io::Tree& tree, uint32_t object_node, const io::KeyTable& keys,
            std::vector<InlineSuppression>& out, std::vector<model::Problem>& problems)
      : tree_(tree), object_(object_node), keys_(keys), out_(out), problems_(problems) {}

  void Collect();

 private:
  uint32_t Child(uint32_t node, std::string_view key) const {
    const io::KeyId id = keys_.Find(key);
    return node == kNoNode || id == io::kNoKey ? kNoNode : tree_.Child(node, id);
  }
  std::string_view TextOfChild(uint32_t node, std::string_view key) const {
    const uint32_t child = Child(node, key);
    return child == kNoNode ? std::string_view() : tree_.Text(child);
  }
  std::vector<Entry> Entries(uint32_t owner, std::string_view map) const;

  void TakeAnnotation(const Entry& entry);
  void TakeLabel(const Entry& entry, const std::vector<uint32_t>& templates);
  void TakeOurs(const Entry& entry);
  void TakeCheckov(const Entry& entry);
  void TakePolaris(const Entry& entry);
  void TakeKubeScore(const std::vector<Entry>& outer, const std::vector<Entry>& inner);
  void TakeAuditOverride(std::string_view name, std::string_view container, const Entry& entry,
                         const std::vector<uint32_t>& templates);
  void TakeCapabilities(const std::vector<Entry>& labels, uint32_t pod_template);
  void Add(std::string_view by, std::string selector, std::string_view reason, const Entry& entry,
           std::string_view container = {}, std::string field = {});
  void Warn(const Entry& entry, std::string_view message);

  const io::Tree& tree_;
  uint32_t object_;
  const io::KeyTable& keys_;
  std::vector<InlineSuppression>& out_;
  std::vector<model::Problem>& problems_;
  size_t first_ = 0;
  bool limit_told_ = false;
};

void Collector::Warn(const Entry& entry, std::string_view message) {
  const io::Position place = tree_.PositionOf(entry.offset);
  model::Problem problem;
  problem.kind = ErrorCodeName(ErrorCode::kInvalid);
  problem.line = place.line;
  problem.column = place.column;
  problem.message = fmt::format("{} suppresses nothing: {}", Printable(entry.key), message);
  problem.warning = true;
  problems_.push_back(std::move(problem));
}

void Collector::Add(std::string_view by, std::string selector, std::string_view reason,
                    const Entry& entry, std::string_view container, std::string field) {
  if (static_cast<int64_t>(out_.size() - first_) >= limits::kSuppressionCount) {
    if (!limit_told_) {
      Warn(entry,
           fmt::format("the object has more than {} suppressions", limits::kSuppressionCount));
    }
    limit_told_ = true;
    return;
  }
  InlineSuppression suppression;
  suppression.by = by;
  suppression.selector = std::move(selector);
  suppression.reason = TrimSpace(reason);
  suppression.container = container;
  suppression.field = std::move(field);
  suppression.object_node = object_;
  suppression.offset = entry.offset;
  out_.push_back(std::move(suppression));
}

std::vector<Entry> Collector::Entries(uint32_t owner, std::string_view map) const {
  std::vector<Entry> entries;
  const uint32_t node = Child(Child(owner, "metadata"), map);
  if (node == kNoNode || tree_.node(node).type != NodeType::kMap) return entries;
  for (uint32_t i = node + 1; i < tree_.node(node).next; i = tree_.node(i).next) {
    const io::Node& child = tree_.node(i);
    if ((child.flags & io::kNodeOverridden) != 0 || child.key == io::kNoKey) continue;
    const std::string_view key = keys_.Text(child.key);
    if (key.find('/') == std::string_view::npos) continue;
    const bool is_text = tree_.node(tree_.Resolve(i)).type == NodeType::kString;
    entries.push_back({key, tree_.Text(i), is_text, child.key_start});
  }
  return entries;
}

void Collector::TakeOurs(const Entry& entry) {
  if (!entry.is_text) return Warn(entry, "its value is no string: put it in quotes");
  const size_t first = out_.size();
  if (const Status parsed = ParseSuppressionText(entry.value, out_); !parsed) {
    return Warn(entry, parsed.error().message);
  }
  for (size_t i = first; i < out_.size(); ++i) {
    out_[i].object_node = object_;
    out_[i].offset = entry.offset;
  }
}

// A value of several lines is one skip a line; a line that names no check suppresses nothing, least
// of all everything.
void Collector::TakeCheckov(const Entry& entry) {
  if (!entry.is_text) return Warn(entry, "its value is no string: put it in quotes");
  bool any = false;
  for (const std::string_view raw : SplitText(entry.value, '\n')) {
    const std::string_view line = TrimSpace(raw);
    if (line.empty()) continue;
    any = true;
    InlineSuppression parsed;
    if (const Status status = internal::ParseCheckovSkip(line, '=', parsed); !status) {
      Warn(entry, status.error().message);
      continue;
    }
    Add(parsed.by, std::move(parsed.selector), parsed.reason, entry);
  }
  if (!any) Warn(entry, "its value is empty: write CKV_K8S_16=reason");
}

void Collector::TakePolaris(const Entry& entry) {
  const std::string_view name = entry.key.substr(kPolarisPrefix.size());
  const bool all = name == "exempt";
  if (!all && !EndsWith(name, "-exempt")) return;
  if (!EqualsIgnoreCase(entry.value, "true")) {
    const bool off = EqualsIgnoreCase(entry.value, "false") || entry.value.empty();
    if (!entry.is_text || !off) Warn(entry, "its value must be the string \"true\"");
    return;
  }
  const std::string_view check = all ? std::string_view("*") : name.substr(0, name.size() - 7);
  Add("polaris-exempt", "polaris:" + std::string(check), {}, entry);
}

bool IsCheckovKey(std::string_view key) {
  for (const std::string_view owner : {"checkov.io/skip", "bridgecrew.io/skip", "cortex.io/skip"}) {
    if (StartsWith(key, owner)) return true;
  }
  return false;
}

bool IsOurKey(std::string_view key) {
  if (!StartsWith(key, kOurKey)) return false;
  // "ouro.dev/ignore-2", "ouro.dev/ignore.web": annotation keys are unique, so one may number them.
  const std::string_view rest = key.substr(kOurKey.size());
  return rest.empty() || rest.front() == '-' || rest.front() == '.' || rest.front() == '_';
}

void Collector::TakeAnnotation(const Entry& entry) {
  if (IsOurKey(entry.key)) return TakeOurs(entry);
  if (IsCheckovKey(entry.key)) return TakeCheckov(entry);
  if (StartsWith(entry.key, kPolarisPrefix)) return TakePolaris(entry);
  if (entry.key == kKubeLinterAll) {
    return Add("kube-linter.io/ignore-all", "kubelinter:*", entry.value, entry);
  }
  if (StartsWith(entry.key, kKubeLinterPrefix)) {
    const std::string_view check = entry.key.substr(kKubeLinterPrefix.size());
    if (!internal::IsSelector(check)) return Warn(entry, "it names no check behind the slash");
    Add("ignore-check.kube-linter.io", "kubelinter:" + std::string(check), entry.value, entry);
  }
}

// kube-score: what the pod template says wins over what the object says, "ignore" over "enable" on
// the same place. Source: kube-score's README, "Ignoring a test" and "Enable optional tests".
void Collector::TakeKubeScore(const std::vector<Entry>& outer, const std::vector<Entry>& inner) {
  const auto ids_of = [](const std::vector<Entry>& entries, std::string_view key) {
    std::vector<std::pair<std::string_view, Entry>> ids;
    for (const Entry& entry : entries) {
      if (entry.key != key) continue;
      for (const std::string_view id : SplitText(entry.value, ',')) {
        if (!TrimSpace(id).empty()) ids.emplace_back(TrimSpace(id), entry);
      }
    }
    return ids;
  };
  const auto enabled = ids_of(inner, kKubeScoreEnable);
  for (const auto& [id, entry] : ids_of(inner, kKubeScoreIgnore)) {
    if (!internal::IsSelector(id)) {
      Warn(entry, fmt::format("\"{}\" is no check id", Printable(id.substr(0, 60))));
      continue;
    }
    Add(kKubeScoreIgnore, "kubescore:" + std::string(id), {}, entry);
  }
  for (const auto& [id, entry] : ids_of(outer, kKubeScoreIgnore)) {
    const std::string_view wanted = id;
    const bool taken_back = std::any_of(enabled.begin(), enabled.end(),
                                        [&](const auto& other) { return other.first == wanted; });
    if (taken_back) continue;
    if (!internal::IsSelector(id)) {
      Warn(entry, fmt::format("\"{}\" is no check id", Printable(id.substr(0, 60))));
      continue;
    }
    Add(kKubeScoreIgnore, "kubescore:" + std::string(id), {}, entry);
  }
}

struct AuditLabel {
  std::string_view container;  // empty: the whole pod
  std::string_view name;       // "allow-…"
};

// "container.kubeaudit.io/web.allow-x", "kubeaudit.io/allow-x" and the spellings of older releases,
// "container.audit.kubernetes.io/web.allow-x" and "audit.kubernetes.io/pod.allow-x".
std::optional<AuditLabel> ParseAuditLabel(std::string_view key) {
  for (const std::string_view prefix :
       {"container.kubeaudit.io/", "container.audit.kubernetes.io/"}) {
    if (!StartsWith(key, prefix)) continue;
    const std::string_view rest = key.substr(prefix.size());
    const size_t dot = rest.find(".allow-");
    if (dot == std::string_view::npos || dot == 0) return AuditLabel{rest, {}};
    return AuditLabel{rest.substr(0, dot), rest.substr(dot + 1)};
  }
  for (const std::string_view prefix :
       {"kubeaudit.io/", "audit.kubernetes.io/pod.", "audit.kubernetes.io/namespace."}) {
    if (StartsWith(key, prefix)) return AuditLabel{{}, key.substr(prefix.size())};
  }
  return std::nullopt;
}

constexpr std::string_view kCapabilityPrefix = "allow-capability-";
constexpr std::string_view kHostPathPrefix = "allow-host-path-mount-";

void Collector::TakeAuditOverride(std::string_view name, std::string_view container,
                                  const Entry& entry, const std::vector<uint32_t>& templates) {
  const auto add = [&](std::string_view result) {
    if (!result.empty()) {
      Add("kubeaudit.io", "kubeaudit:" + std::string(result), entry.value, entry, container);
    }
  };
  if (StartsWith(name, kCapabilityPrefix)) return;  // TakeCapabilities
  if (StartsWith(name, kHostPathPrefix)) {
    // The finding is about the volume, not about one container that mounts it.
    const std::string volume(name.substr(kHostPathPrefix.size()));
    Add("kubeaudit.io", "kubeaudit:SensitivePathsMounted", entry.value, entry, {},
        fmt::format("volumes[name={}]", volume));
    return;
  }
  if (name == "allow-run-as-root") {
    for (const std::string_view result : kRunAsRootResults) add(result);
    return;
  }
  for (const AuditOverride& known : kAuditOverrides) {
    if (known.name != name) continue;
    for (const std::string_view result : known.results) add(result);
    return;
  }
  if (templates.empty() && !StartsWith(name, "allow-")) return;
  std::vector<std::string_view> names = {"allow-run-as-root"};
  for (const AuditOverride& known : kAuditOverrides) names.push_back(known.name);
  const std::string_view nearest = NearestWord(name, names);
  Warn(entry, nearest.empty() ? std::string("kubeaudit has no such override")
                              : fmt::format("did you mean {}?", nearest));
}

std::string LowerCapability(std::string_view text) {
  std::string name = LowerAscii(text);
  if (StartsWith(name, "cap_")) name.erase(0, 4);
  return ReplaceAll(name, "_", "-");
}

// A container's capability findings are suppressed when every capability that it adds is allowed by
// a label; those about one capability also when that one is.
void Collector::TakeCapabilities(const std::vector<Entry>& labels, uint32_t pod_template) {
  const bool any = std::any_of(labels.begin(), labels.end(), [](const Entry& entry) {
    const auto label = ParseAuditLabel(entry.key);
    return label && StartsWith(label->name, kCapabilityPrefix);
  });
  if (!any) return;
  const uint32_t spec = Child(pod_template, "spec");
  for (const std::string_view list_name : {"containers", "initContainers", "ephemeralContainers"}) {
    const uint32_t list = Child(spec, list_name);
    if (list == kNoNode || tree_.node(list).type != NodeType::kList) continue;
    for (uint32_t i = list + 1; i < tree_.node(list).next; i = tree_.node(i).next) {
      const uint32_t container = tree_.Resolve(i);
      const std::string_view name = TextOfChild(container, "name");
      const uint32_t added =
          Child(Child(Child(container, "securityContext"), "capabilities"), "add");
      if (added == kNoNode || tree_.node(added).type != NodeType::kList) continue;
      bool all_allowed = true;
      const Entry* last = nullptr;
      for (uint32_t item = added + 1; item < tree_.node(added).next; item = tree_.node(item).next) {
        const std::string capability = LowerCapability(tree_.Text(item));
        const auto allows = [&](const Entry& entry) {
          const auto label = ParseAuditLabel(entry.key);
          return label && (label->container.empty() || label->container == name) &&
                 StartsWith(label->name, kCapabilityPrefix) &&
                 label->name.substr(kCapabilityPrefix.size()) == capability;
        };
        const auto found = std::find_if(labels.begin(), labels.end(), allows);
        all_allowed = all_allowed && found != labels.end();
        if (found == labels.end()) continue;
        last = &*found;
        if (capability == "sys-admin" || capability == "sys-module") {
          Add("kubeaudit.io", "cap-" + capability, found->value, *found, name);
        }
      }
      if (all_allowed && last != nullptr) {
        Add("kubeaudit.io", "kubeaudit:CapabilityAdded", last->value, *last, name);
      }
    }
  }
}

void Collector::TakeLabel(const Entry& entry, const std::vector<uint32_t>& templates) {
  const auto label = ParseAuditLabel(entry.key);
  if (!label) return;
  if (!StartsWith(label->name, "allow-")) {
    return Warn(entry, "write container.kubeaudit.io/<container>.allow-<what>");
  }
  TakeAuditOverride(label->name, label->container, entry, templates);
}

void Collector::Collect() {
  first_ = out_.size();
  const std::vector<uint32_t> templates = PodTemplates(
      tree_, object_, keys_, TextOfChild(object_, "apiVersion"), TextOfChild(object_, "kind"));
  std::vector<uint32_t> owners = {object_};
  for (const uint32_t pod_template : templates) {
    if (pod_template != object_) owners.push_back(pod_template);
  }
  std::vector<Entry> inner;
  for (const uint32_t owner : owners) {
    const std::vector<Entry> annotations = Entries(owner, "annotations");
    for (const Entry& entry : annotations) TakeAnnotation(entry);
    if (owner != object_) inner.insert(inner.end(), annotations.begin(), annotations.end());
    const std::vector<Entry> labels = Entries(owner, "labels");
    for (const Entry& entry : labels) TakeLabel(entry, templates);
    if (labels.empty()) continue;
    for (const uint32_t pod_template : templates) TakeCapabilities(labels, pod_template);
  }
  TakeKubeScore(Entries(object_, "annotations"), inner);
}

}  // namespace

void CollectObjectSuppressions(const io::Tree& tree, uint32_t object_node, const io::KeyTable& keys,
                               std::vector<InlineSuppression>& out,
                               std::vector<model::Problem>& problems) {
  Collector(tree, object_node, keys, out, problems).Collect();
}

}  // namespace ouro::scan
