#include "prove/explain.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::prove {
namespace {

// Sources: Kubernetes API reference (defaults of each field), k8s.io/kubernetes
// pkg/apis/core/v1/defaults.go, pkg/registry/core/pod/strategy.go (AppArmor),
// plugin/pkg/admission/serviceaccount.
constexpr std::array kDefaultings = {
    Defaulting{"OURO-K8S-0005", "ports[].hostPort",
               "with hostNetwork the API server sets hostPort to containerPort"},
    Defaulting{"OURO-K8S-0017",
               "metadata.annotations['container.apparmor.security.beta.kubernetes.io/*']",
               "the API server writes the AppArmor profile of a container into an annotation too"},
    Defaulting{"OURO-K8S-0017", "securityContext.appArmorProfile",
               "the API server writes the AppArmor profile of an annotation into its field too"},
    Defaulting{"OURO-K8S-0026", "volumes[].emptyDir",
               "a volume without a source becomes an emptyDir"},
    Defaulting{"OURO-K8S-0026", "volumes[]",
               "the API server adds a volume with the token of the service account"},
};

bool SameVerdict(const CheckVerdict& a, const CheckVerdict& b) {
  return IsSame(Leg::kFile, a, Leg::kLive, b);
}

uint32_t RootOf(const io::Tree& tree) {
  return tree.roots().size() == 1 ? tree.roots().front().node : io::kNoNode;
}

// "a[0].b" → "a[].b", so that equal explanations of many objects are one line.
std::string General(std::string_view path) {
  std::string out;
  bool in_index = false;
  for (const char c : path) {
    if (c == ']') in_index = false;
    if (!in_index || c < '0' || c > '9') out += c;
    if (c == '[') in_index = true;
  }
  return out;
}

}  // namespace

std::span<const Defaulting> DefaultingTable() {
  return kDefaultings;
}

Explainer::Explainer(LegJudge& judge, std::string_view file_json, std::string_view live_json,
                     UnknownFields unknown_fields)
    : judge_(judge),
      file_json_(file_json),
      live_json_(live_json),
      unknown_fields_(std::move(unknown_fields)) {}

Status Explainer::Prepare() {
  if (prepared_) return {};
  OURO_TRY_STATUS(io::ReadJson(std::string(file_json_), {}, keys_, file_));
  OURO_TRY_STATUS(io::ReadJson(std::string(live_json_), {}, keys_, live_));
  const uint32_t before = RootOf(file_);
  const uint32_t after = RootOf(live_);
  if (before == io::kNoNode || after == io::kNoNode) {
    return Fail(ErrorCode::kParse, "an object that was judged is no JSON");
  }
  for (Change& change : Compare(file_, before, live_, after, keys_)) {
    if (change.kind == ChangeKind::kAdded) {
      ListBelow(live_, keys_, change.path, change.node, added_);
    } else if (change.kind == ChangeKind::kDropped) {
      dropped_.push_back(std::move(change));
    }
  }
  prepared_ = true;
  return {};
}

Result<CheckVerdict> Explainer::LiveWithout(const std::vector<uint32_t>& nodes, size_t number) {
  OURO_TRY(const std::string json, JsonWithout(live_, keys_, RootOf(live_), nodes));
  OURO_TRY(const Judged judged, judge_.Live(json));
  return judged.verdicts[number].value_or(CheckVerdict());
}

Result<CheckVerdict> Explainer::FileWithout(const std::vector<uint32_t>& nodes, size_t number) {
  OURO_TRY(const std::string json, JsonWithout(file_, keys_, RootOf(file_), nodes));
  OURO_TRY(const Judged judged, judge_.Json(json, {}));
  return judged.verdicts[number].value_or(CheckVerdict());
}

Result<std::string> Explainer::DroppedReason() {
  if (dropped_reason_) return *dropped_reason_;
  OURO_TRY(const std::vector<std::string> unknown, unknown_fields_());
  const bool all = std::all_of(dropped_.begin(), dropped_.end(), [&](const Change& change) {
    return std::any_of(unknown.begin(), unknown.end(),
                       [&](const std::string& path) { return StartsWith(path, change.path); });
  });
  dropped_reason_ = all ? "the API server does not know this field and drops it"
                        : "the API server does not keep this field";
  return *dropped_reason_;
}

Result<std::optional<Explanation>> Explainer::Explain(std::string_view check, size_t number) {
  OURO_TRY_STATUS(Prepare());
  OURO_TRY(const CheckVerdict file, FileWithout({}, number));
  OURO_TRY(const CheckVerdict live, LiveWithout({}, number));
  const Defaulting* used = nullptr;
  std::vector<uint32_t> added;
  for (const PathNode& place : added_) {
    for (const Defaulting& row : kDefaultings) {
      if ((row.check != check && row.check != "*") || !PathEndsWith(place.path, row.field))
        continue;
      used = &row;
      added.push_back(place.node);
      break;
    }
  }
  std::sort(added.begin(), added.end());
  CheckVerdict live_before = live;
  if (used != nullptr) {
    OURO_TRY(live_before, LiveWithout(added, number));
    if (SameVerdict(file, live_before)) {
      return Explanation{std::string(used->field), std::string(used->reason)};
    }
  }
  if (dropped_.empty()) return std::nullopt;
  // Of the dropped fields, those that matter to this check: without any one of the others the
  // verdict stays.
  std::vector<uint32_t> dropped;
  for (const Change& change : dropped_) dropped.push_back(change.node);
  std::sort(dropped.begin(), dropped.end());
  OURO_TRY(const CheckVerdict file_after, FileWithout(dropped, number));
  if (!SameVerdict(file_after, live_before)) return std::nullopt;
  Explanation explanation;
  for (const Change& change : dropped_) {
    OURO_TRY(const CheckVerdict alone, FileWithout({change.node}, number));
    if (SameVerdict(alone, file)) continue;
    if (!explanation.field.empty()) explanation.field += ", ";
    explanation.field += General(change.path);
  }
  if (used != nullptr) {
    if (!explanation.field.empty()) explanation.field += ", ";
    explanation.field += used->field;
  }
  OURO_TRY(explanation.reason, DroppedReason());
  if (used != nullptr) explanation.reason += fmt::format("; {}", used->reason);
  return explanation;
}

}  // namespace ouro::prove
