// Label selectors, as policies and bindings write them.
//
// Source: k8s.io/apimachinery pkg/apis/meta/v1 (LabelSelectorAsSelector), pkg/labels (Requirement),
// pkg/api/validate/content (names of labels).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "io/tree.h"

namespace ouro::rules {

// What a question about facts that may be missing is answered with.
enum class Answer : uint8_t { kNo, kYes, kUnknown };

struct LabelRequirement {
  enum class Operator : uint8_t { kIn, kNotIn, kExists, kDoesNotExist };
  std::string key;
  Operator op = Operator::kExists;
  std::vector<std::string> values;  // kIn and kNotIn: at least one; otherwise empty

  bool operator==(const LabelRequirement&) const = default;
};

// All requirements must hold; none selects everything.
struct LabelSelector {
  std::vector<LabelRequirement> requirements;
  // Why the selector cannot be used; empty when it can. The API server only finds out when it
  // matches a request, and then denies it by the policy's failurePolicy.
  std::string error;

  bool empty() const { return requirements.empty() && error.empty(); }
};

// Reads {"matchLabels":{…},"matchExpressions":[…]}; nothing and null select everything. kInvalid
// when the shape is wrong; values that only make the selector unusable are told in `error`.
Result<LabelSelector> ReadLabelSelector(const io::NodeView& view);

// One label of the thing to select: its value, nothing when it has no such label; kUnknown when it
// is not known whether it has.
struct LabelLookup {
  Answer present = Answer::kNo;
  std::string_view value;
};
using LabelSource = std::function<LabelLookup(std::string_view key)>;

// Does the selector (its `error` is empty) select what has these labels? kUnknown only when no
// known label decides.
Answer Selects(const LabelSelector& selector, const LabelSource& labels);

// Labels of a map node (metadata.labels); a node that is no map has none.
LabelSource LabelsOf(const io::NodeView& labels);

}  // namespace ouro::rules
