#include "rules/admission_policy_selector.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::rules {

namespace {

constexpr size_t kLabelNameSize = 63;
constexpr size_t kLabelPrefixSize = 253;

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Letters, digits, '-', '_' and '.', with a letter or digit at both ends.
bool IsLabelWord(std::string_view text) {
  if (text.empty() || text.size() > kLabelNameSize) return false;
  if (!IsAlphanumeric(text.front()) || !IsAlphanumeric(text.back())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return IsAlphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

// A DNS-1123 subdomain: lower-case labels of letters, digits and '-', joined by dots.
bool IsSubdomain(std::string_view text) {
  if (text.empty() || text.size() > kLabelPrefixSize) return false;
  for (const std::string_view part : SplitText(text, '.')) {
    if (part.empty() || part.front() == '-' || part.back() == '-') return false;
    const bool fits = std::all_of(part.begin(), part.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
    if (!fits) return false;
  }
  return true;
}

bool IsLabelKey(std::string_view key) {
  const size_t slash = key.find('/');
  if (slash == std::string_view::npos) return IsLabelWord(key);
  return IsSubdomain(key.substr(0, slash)) && IsLabelWord(key.substr(slash + 1));
}

bool IsLabelValue(std::string_view value) {
  return value.empty() || IsLabelWord(value);
}

void Complain(LabelSelector& selector, std::string message) {
  if (selector.error.empty()) selector.error = std::move(message);
}

void Validate(const LabelRequirement& requirement, LabelSelector& selector) {
  using Operator = LabelRequirement::Operator;
  if (!IsLabelKey(requirement.key)) {
    Complain(selector, fmt::format("key: Invalid value: \"{}\"", Printable(requirement.key)));
  }
  const bool wants_values = requirement.op == Operator::kIn || requirement.op == Operator::kNotIn;
  if (wants_values && requirement.values.empty()) {
    Complain(selector,
             "values: Invalid value: []: for 'in', 'notin' operators, values set can't "
             "be empty");
  }
  if (!wants_values && !requirement.values.empty()) {
    Complain(selector, "values: values set must be empty for exists and does not exist");
  }
  for (const std::string& value : requirement.values) {
    if (!IsLabelValue(value)) {
      Complain(selector, fmt::format("values: Invalid value: \"{}\"", Printable(value)));
    }
  }
}

bool IsAbsent(const io::NodeView& view) {
  return !view.exists() || view.type() == io::NodeType::kNull;
}

Status ReadExpression(const io::NodeView& view, LabelSelector& selector) {
  using Operator = LabelRequirement::Operator;
  if (!view.IsMap() || !view.Get("key").IsString() || !view.Get("operator").IsString()) {
    return Fail(ErrorCode::kInvalid, "an entry of matchExpressions needs key and operator");
  }
  LabelRequirement requirement;
  requirement.key = view.Get("key").Text();
  const std::string_view op = view.Get("operator").Text();
  if (op == "In") {
    requirement.op = Operator::kIn;
  } else if (op == "NotIn") {
    requirement.op = Operator::kNotIn;
  } else if (op == "Exists") {
    requirement.op = Operator::kExists;
  } else if (op == "DoesNotExist") {
    requirement.op = Operator::kDoesNotExist;
  } else {
    Complain(selector, fmt::format("\"{}\" is not a valid label selector operator", Printable(op)));
    return {};
  }
  const io::NodeView values = view.Get("values");
  if (!IsAbsent(values) && !values.IsList()) {
    return Fail(ErrorCode::kInvalid, "values of matchExpressions must be a list of strings");
  }
  for (const io::NodeView& value : values.Children()) {
    if (!value.IsString()) {
      return Fail(ErrorCode::kInvalid, "values of matchExpressions must be strings");
    }
    requirement.values.emplace_back(value.Text());
  }
  Validate(requirement, selector);
  selector.requirements.push_back(std::move(requirement));
  return {};
}

Answer Satisfies(const LabelRequirement& requirement, const LabelLookup& label) {
  using Operator = LabelRequirement::Operator;
  if (label.present == Answer::kUnknown) return Answer::kUnknown;
  const bool present = label.present == Answer::kYes;
  const bool listed = present && std::find(requirement.values.begin(), requirement.values.end(),
                                           label.value) != requirement.values.end();
  bool holds = false;
  switch (requirement.op) {
    case Operator::kIn:
      holds = listed;
      break;
    case Operator::kNotIn:
      holds = !listed;
      break;
    case Operator::kExists:
      holds = present;
      break;
    case Operator::kDoesNotExist:
      holds = !present;
      break;
  }
  return holds ? Answer::kYes : Answer::kNo;
}

}  // namespace

Result<LabelSelector> ReadLabelSelector(const io::NodeView& view) {
  LabelSelector selector;
  if (IsAbsent(view)) return selector;
  if (!view.IsMap()) return Fail(ErrorCode::kInvalid, "a label selector is an object");
  const io::NodeView labels = view.Get("matchLabels");
  if (!IsAbsent(labels) && !labels.IsMap()) {
    return Fail(ErrorCode::kInvalid, "matchLabels must be an object");
  }
  for (const auto& [key, value] : labels.Members()) {
    if (!value.IsString()) return Fail(ErrorCode::kInvalid, "matchLabels must hold strings");
    LabelRequirement requirement;
    requirement.key = key;
    requirement.op = LabelRequirement::Operator::kIn;
    requirement.values.emplace_back(value.Text());
    Validate(requirement, selector);
    selector.requirements.push_back(std::move(requirement));
  }
  const io::NodeView expressions = view.Get("matchExpressions");
  if (!IsAbsent(expressions) && !expressions.IsList()) {
    return Fail(ErrorCode::kInvalid, "matchExpressions must be a list");
  }
  for (const io::NodeView& expression : expressions.Children()) {
    OURO_TRY_STATUS(ReadExpression(expression, selector));
  }
  return selector;
}

Answer Selects(const LabelSelector& selector, const LabelSource& labels) {
  Answer result = Answer::kYes;
  for (const LabelRequirement& requirement : selector.requirements) {
    const Answer answer = Satisfies(requirement, labels(requirement.key));
    if (answer == Answer::kNo) return Answer::kNo;
    if (answer == Answer::kUnknown) result = Answer::kUnknown;
  }
  return result;
}

LabelSource LabelsOf(const io::NodeView& labels) {
  return [labels](std::string_view key) {
    const io::NodeView value = labels.exists() ? labels.Get(key) : io::NodeView();
    return value.exists() ? LabelLookup{Answer::kYes, value.Text()} : LabelLookup{};
  };
}

}  // namespace ouro::rules
