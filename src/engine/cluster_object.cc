#include "engine/cluster_object.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/cluster_json.h"

namespace ouro::engine {
namespace {

// Fields of a pod's spec that the rule runner itself looks at, whatever the expressions say.
constexpr std::array<std::string_view, 6> kSpecAlways = {
    "containers",         "initContainers", "ephemeralContainers",
    "serviceAccountName", "serviceAccount", "automountServiceAccountToken"};
// Metadata that rules, suppressions, excludes and reports look at.
constexpr std::array<std::string_view, 5> kMetadataAlways = {"name", "namespace", "generateName",
                                                             "labels", "annotations"};
// What happened to a pod on its node, written down by network plugins and the kubelet: status in
// the place of annotations. Sources: the documentation of Calico, Multus (Network Plumbing Working
// Group, "Kubernetes Network Custom Resource Definition De-facto Standard"), OVN-Kubernetes, the
// kubelet.
constexpr std::array<std::string_view, 8> kNodeAnnotations = {
    "cni.projectcalico.org/containerID",  "cni.projectcalico.org/podIP",
    "cni.projectcalico.org/podIPs",       "k8s.v1.cni.cncf.io/network-status",
    "k8s.v1.cni.cncf.io/networks-status", "k8s.ovn.org/pod-networks",
    "kubernetes.io/config.seen",          "kubernetes.io/config.hash"};
// Labels that number the replicas of one workload (Kubernetes documentation, "Well-Known Labels,
// Annotations and Taints").
constexpr std::array<std::string_view, 3> kReplicaLabels = {
    "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/job-completion-index"};
// Parts of these names by which a rule would speak of them.
constexpr std::array<std::string_view, 4> kNodeAnnotationMarks = {
    "cni.projectcalico.org", "k8s.v1.cni.cncf.io", "k8s.ovn.org", "kubernetes.io/config."};
constexpr std::string_view kMirrorAnnotation = "kubernetes.io/config.mirror";

// The API server's admission of service accounts names the volume so, with five random characters
// of this alphabet (Kubernetes documentation, "Service account admission controller").
constexpr std::string_view kTokenVolume = "\"kube-api-access-";
constexpr std::string_view kRandomAlphabet = "bcdfghjklmnpqrstvwxz2456789";
constexpr size_t kRandomSize = 5;
constexpr size_t kMemoCountMax = 1024;  // member names remembered; objects hold a few dozen

template <size_t N>
bool IsOneOf(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Appends `json` with the random part of token volume names made equal.
void AppendWithoutRandomNames(std::string& out, std::string_view json) {
  size_t at = 0;
  while (true) {
    const void* found =
        memmem(json.data() + at, json.size() - at, kTokenVolume.data(), kTokenVolume.size());
    if (found == nullptr) break;
    const size_t start = static_cast<size_t>(static_cast<const char*>(found) - json.data());
    const size_t random = start + kTokenVolume.size();
    const std::string_view rest = json.substr(random);
    const bool is_random =
        rest.size() > kRandomSize && rest[kRandomSize] == '"' &&
        rest.substr(0, kRandomSize).find_first_not_of(kRandomAlphabet) == std::string_view::npos;
    out.append(json.substr(at, random - at));
    at = random;
    if (is_random) {
      out.append(kRandomSize, 'x');
      at += kRandomSize;
    }
  }
  out.append(json.substr(at));
}

void AppendMember(std::string& out, std::string_view key, std::string_view value) {
  if (out.back() != '{') out += ',';
  out += '"';
  out += key;
  out += "\":";
  out += value;
}

bool IsPlain(std::string_view key) {
  return key.find('\\') == std::string_view::npos;
}

}  // namespace

// Views of one item. An empty view is an absent member.
struct ObjectReader::Parts {
  std::string_view api_version;  // scalars with their quotes
  std::string_view kind;
  std::string_view metadata;
  std::string_view spec;
  std::string_view annotations;
  std::string_view node_name;
  std::string_view replicas;
  bool has_plain_keys = true;
};

bool ObjectReader::Plan::NamesNodeAnnotations(const FieldUse& use) {
  return std::any_of(kNodeAnnotationMarks.begin(), kNodeAnnotationMarks.end(),
                     [&](std::string_view mark) { return use.Mentions(mark); });
}

bool ObjectReader::Plan::Keeps(Memo& memo, std::string_view parent, std::string_view key,
                               bool always) {
  if (always) return true;
  if (const auto known = memo.find(key); known != memo.end()) return known->second;
  const bool keeps = use.Reads({parent, key});
  if (memo.size() < kMemoCountMax) memo.emplace(key, keeps);
  return keeps;
}

bool ObjectReader::Plan::KeepsMetadata(std::string_view key) {
  return Keeps(keeps_metadata_, "metadata", key, IsOneOf(kMetadataAlways, key));
}

bool ObjectReader::Plan::KeepsSpec(std::string_view key) {
  return Keeps(keeps_spec_, "spec", key, IsOneOf(kSpecAlways, key));
}

ObjectReader::Plan& ObjectReader::PlanFor(std::string_view api_version, std::string_view kind) {
  plan_key_.assign(api_version).append("\n").append(kind);
  auto& plan = plans_[plan_key_];
  if (!plan) plan = std::make_unique<Plan>(rules_, api_version, kind);
  return *plan;
}

// The text of a JSON string with its quotes; empty for every other value.
std::string ObjectReader::TextOf(std::string_view value) {
  if (value.size() < 2 || value.front() != '"') return {};
  const std::string_view inside = value.substr(1, value.size() - 2);
  if (IsPlain(inside)) return std::string(inside);
  if (!io::ReadJson(std::string(value), {}, keys_, tree_)) return {};
  if (tree_.roots().empty() || tree_.roots().front().failed) return {};
  return std::string(tree_.Text(tree_.roots().front().node));
}

bool ObjectReader::FindParts(std::string_view item, Parts& parts, LiveObject& out) {
  parts = Parts();
  members_.clear();
  metadata_.clear();
  spec_.clear();
  const auto collect = [&parts](Members& members) {
    return [&parts, &members](std::string_view key, std::string_view value) {
      parts.has_plain_keys = parts.has_plain_keys && IsPlain(key);
      members.push_back({key, value});
      return true;
    };
  };
  if (!ForEachMember(item, collect(members_))) return false;
  for (const auto& [key, value] : members_) {
    if (key == "apiVersion") parts.api_version = value;
    if (key == "kind") parts.kind = value;
    if (key == "metadata") parts.metadata = value;
    if (key == "spec") parts.spec = value;
  }
  const bool has_metadata = !parts.metadata.empty() && parts.metadata != "null";
  if (has_metadata && !ForEachMember(parts.metadata, collect(metadata_))) return false;
  if (!ReadMetadata(parts, out)) return false;
  if (parts.spec.empty() || parts.spec.front() != '{') return true;
  if (!ForEachMember(parts.spec, collect(spec_))) return false;
  for (const auto& [key, value] : spec_) {
    if (key == "nodeName") parts.node_name = value;
    if (key == "replicas") parts.replicas = value;
  }
  return true;
}

void ObjectReader::ReadController(std::string_view references, LiveObject& out) {
  ForEachItem(references, [&](std::string_view reference) {
    Controller controller;
    bool is_controller = false;
    ForEachMember(reference, [&](std::string_view key, std::string_view value) {
      if (key == "apiVersion") controller.api_version = TextOf(value);
      if (key == "kind") controller.kind = TextOf(value);
      if (key == "name") controller.name = TextOf(value);
      if (key == "uid") controller.uid = TextOf(value);
      if (key == "controller") is_controller = value == "true";
      return true;
    });
    if (is_controller) out.controller = std::move(controller);
    return !is_controller;
  });
}

bool ObjectReader::ReadMetadata(Parts& parts, LiveObject& out) {
  std::string_view generate_name;
  std::string_view references;
  for (const auto& [key, value] : metadata_) {
    if (key == "name") out.name = TextOf(value);
    if (key == "namespace") out.name_space = TextOf(value);
    if (key == "uid") out.uid = TextOf(value);
    if (key == "generateName") generate_name = value;
    if (key == "ownerReferences") references = value;
    if (key == "annotations") parts.annotations = value;
  }
  if (!references.empty()) ReadController(references, out);
  if (out.name.empty()) out.name = TextOf(generate_name);
  if (parts.annotations.empty() || parts.annotations.front() != '{') return true;
  return ForEachMember(parts.annotations, [&](std::string_view key, std::string_view) {
    parts.has_plain_keys = parts.has_plain_keys && IsPlain(key);
    out.mirror = out.mirror || key == kMirrorAnnotation;
    return true;
  });
}

// Member names are compared as written; one that is written with escapes is brought into its plain
// form first, so that no spelling hides a field.
Result<std::string> ObjectReader::WithPlainKeys(std::string_view item) {
  io::KeyTable keys;
  OURO_TRY_STATUS(io::ReadJson(std::string(item), {}, keys, tree_));
  const auto& roots = tree_.roots();
  if (roots.size() != 1 || roots.front().failed) {
    return Fail(ErrorCode::kParse, "the object is not JSON");
  }
  return io::ToJson(tree_, keys, roots.front().node);
}

Status ObjectReader::Read(std::string_view item, std::string_view api_version,
                          std::string_view kind, LiveObject& out) {
  const auto find = [&](std::string_view text, Parts& parts) -> Status {
    Forget(out);
    if (FindParts(text, parts, out)) return {};
    return Fail(ErrorCode::kParse, "the object is not JSON");
  };
  Parts parts;
  std::string plain;
  OURO_TRY_STATUS(find(item, parts));
  if (!parts.has_plain_keys) {
    OURO_TRY(plain, WithPlainKeys(item));
    OURO_TRY_STATUS(find(plain, parts));
  }
  out.api_version = api_version;
  out.kind = kind;
  if (std::string own = TextOf(parts.api_version); !own.empty()) out.api_version = std::move(own);
  if (std::string own = TextOf(parts.kind); !own.empty()) out.kind = std::move(own);
  if (out.kind.empty() || out.api_version.empty()) {
    return Fail(ErrorCode::kInvalid, "it has no apiVersion or no kind: no Kubernetes object");
  }
  if (out.name.empty()) return Fail(ErrorCode::kInvalid, "the object has no name");
  Plan& plan = PlanFor(out.api_version, out.kind);
  out.mirror = out.mirror && plan.is_pod;
  if (out.mirror || (out.controller.kind == "Node" && out.controller.api_version == "v1")) {
    out.controller = {};
    const std::string suffix = "-" + TextOf(parts.node_name);
    if (out.mirror && suffix.size() > 1 && EndsWith(out.name, suffix) &&
        out.name.size() > suffix.size()) {
      out.name.resize(out.name.size() - suffix.size());
    }
  }
  const bool is_replica_set = out.kind == "ReplicaSet" || out.kind == "ReplicationController";
  out.old_revision = is_replica_set && !out.controller.empty() && parts.replicas == "0";
  WriteText(plan, out);
  return {};
}

void ObjectReader::Forget(LiveObject& object) {
  object.name.clear();
  object.name_space.clear();
  object.uid.clear();
  object.controller = {};
  object.mirror = false;
  object.old_revision = false;
  object.text.clear();
  object.key.clear();
}

void ObjectReader::WriteText(Plan& plan, LiveObject& out) {
  std::string& text = out.text;
  text += '{';
  for (const auto& [key, value] : members_) {
    if (key == "apiVersion" || key == "kind") continue;
    if (key == "status" && plan.drop_status) continue;
    if (key == "metadata" && !metadata_.empty()) {
      WriteMetadata(plan, out);
    } else if (key == "spec" && plan.is_pod && !spec_.empty()) {
      WritePodSpec(plan, out);
    } else {
      AppendMember(text, key, value);
    }
  }
  std::string quoted;
  AppendJsonString(quoted, out.api_version);
  AppendMember(text, "apiVersion", quoted);
  quoted.clear();
  AppendJsonString(quoted, out.kind);
  AppendMember(text, "kind", quoted);
  text += '}';
  if (plan.is_pod && !out.controller.empty()) {
    const Controller& by = out.controller;
    out.key.append(text).append("\n").append(by.api_version).append("\n").append(by.kind);
    out.key.append("\n").append(by.name).append("\n").append(by.uid);
  }
}

void ObjectReader::WriteMetadata(Plan& plan, LiveObject& out) {
  std::string& text = out.text;
  AppendMember(text, "metadata", "{");
  const bool keeps_name =
      !plan.is_pod || out.controller.empty() || plan.reads_name || options_.names_matter;
  for (const auto& [key, value] : metadata_) {
    if (!plan.KeepsMetadata(key)) continue;
    if ((key == "name" || key == "generateName") && !keeps_name) continue;
    if (key == "name" && out.mirror) {
      std::string quoted;
      AppendJsonString(quoted, out.name);
      AppendMember(text, key, quoted);
    } else if (key == "annotations" && plan.is_pod && !plan.reads_node_annotations) {
      AppendMember(text, key, "");
      WriteAnnotations(value, out);
    } else if (key == "labels" && plan.is_pod && !options_.labels_matter) {
      AppendMember(text, key, "");
      WriteLabels(value, plan, out);
    } else {
      AppendMember(text, key, value);
    }
  }
  text += '}';
}

void ObjectReader::WriteAnnotations(std::string_view annotations, LiveObject& out) {
  if (annotations.empty() || annotations.front() != '{') {
    out.text += annotations;
    return;
  }
  out.text += '{';
  ForEachMember(annotations, [&](std::string_view key, std::string_view value) {
    if (!IsOneOf(kNodeAnnotations, key)) AppendMember(out.text, key, value);
    return true;
  });
  out.text += '}';
}

void ObjectReader::WriteLabels(std::string_view labels, const Plan& plan, LiveObject& out) {
  if (labels.empty() || labels.front() != '{') {
    out.text += labels;
    return;
  }
  out.text += '{';
  ForEachMember(labels, [&](std::string_view key, std::string_view value) {
    const bool is_number = IsOneOf(kReplicaLabels, key);
    if (!is_number || plan.use.Reads({"metadata", "labels", key})) {
      AppendMember(out.text, key, value);
    }
    return true;
  });
  out.text += '}';
}

void ObjectReader::WritePodSpec(Plan& plan, LiveObject& out) {
  AppendMember(out.text, "spec", "{");
  for (const auto& [key, value] : spec_) {
    if (!plan.KeepsSpec(key)) continue;
    AppendMember(out.text, key, "");
    AppendWithoutRandomNames(out.text, value);
  }
  out.text += '}';
}

}  // namespace ouro::engine
