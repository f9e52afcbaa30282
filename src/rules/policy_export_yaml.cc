// The manifest of an exported policy as YAML text.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "rules/policy_export_spec.h"

namespace ouro::rules {
namespace {

// Words that YAML 1.1 readers take for something else than a text.
constexpr std::string_view kOtherWords[] = {"",     "~",   "null", "true", "false", "yes",
                                            "no",   "on",  "off",  "y",    "n",     ".nan",
                                            ".inf", "---", "...",  "=",    "<<"};

// May the text stand without quotes? Letters, digits and a few marks that mean nothing in YAML, not
// beginning like a number.
bool IsPlain(std::string_view text) {
  const std::string lower = LowerAscii(text);
  for (const std::string_view word : kOtherWords) {
    if (lower == word) return false;
  }
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto is_plain = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') ||
           std::string_view("-_./ ").find(c) != std::string_view::npos;
  };
  return is_letter(text.front()) && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), is_plain);
}

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonString(out, text);
  return out;
}

std::string Scalar(std::string_view text) {
  return !text.empty() && IsPlain(text) ? std::string(text) : Quoted(text);
}

// May the text be a literal block? No line may begin with a blank at the start, end in one or hold
// a control character, because readers would disagree about it.
bool IsBlock(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.front() == '\n' || text.back() == '\n') {
    return false;
  }
  for (const std::string_view line : SplitText(text, '\n')) {
    if (!line.empty() && line.back() == ' ') return false;
    for (const char c : line) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    }
  }
  return IsValidUtf8(text);
}

class Printer {
 public:
  std::string Run(const ExportSpec& spec) {
    Head(spec, "ValidatingAdmissionPolicy", spec.annotations.size());
    Line(2, "failurePolicy: " + spec.failure_policy);
    Line(2, "matchConstraints:");
    Constraints(spec);
    Expressions(spec.match_conditions, "matchConditions");
    Expressions(spec.variables, "variables");
    Line(2, "validations:");
    for (const ExportValidation& validation : spec.validations) {
      Text(2, "- expression", validation.expression);
      Line(4, "message: " + Scalar(validation.message));
      if (!validation.message_expression.empty()) {
        Text(4, "messageExpression", validation.message_expression);
      }
      Line(4, "reason: Forbidden");
    }
    Line(0, "---");
    Head(spec, "ValidatingAdmissionPolicyBinding", 1);
    Line(2, "policyName: " + spec.name);
    Line(2, "validationActions: [" + JoinText(spec.actions, ", ") + "]");
    return std::move(out_);
  }

 private:
  void Line(size_t indent, const std::string& text) {
    out_.append(indent, ' ');
    out_ += text;
    out_ += '\n';
  }

  void Text(size_t indent, const std::string& key, std::string_view text) {
    const size_t inner = indent + (StartsWith(key, "- ") ? 4 : 2);
    if (!IsBlock(text)) return Line(indent, key + ": " + Quoted(text));
    Line(indent, key + ": |-");
    for (const std::string_view line : SplitText(text, '\n')) {
      if (line.empty()) {
        out_ += '\n';
      } else {
        Line(inner, std::string(line));
      }
    }
  }

  // With the first `annotation_count` annotations.
  void Head(const ExportSpec& spec, const std::string& kind, size_t annotation_count) {
    Line(0, "apiVersion: " + spec.api_version);
    Line(0, "kind: " + kind);
    Line(0, "metadata:");
    Line(2, "name: " + spec.name);
    Line(2, "labels:");
    Line(4, "app.kubernetes.io/managed-by: ouro");
    Line(2, "annotations:");
    for (size_t i = 0; i < annotation_count; ++i) {
      Line(4, spec.annotations[i].first + ": " + Scalar(spec.annotations[i].second));
    }
    Line(0, "spec:");
  }

  static std::string FlowList(const std::vector<std::string>& items) {
    std::vector<std::string> quoted;
    for (const std::string& item : items) quoted.push_back(Scalar(item));
    return "[" + JoinText(quoted, ", ") + "]";
  }

  void Constraints(const ExportSpec& spec) {
    if (!spec.excluded_namespaces.empty()) {
      Line(4, "namespaceSelector:");
      Line(6, "matchExpressions:");
      Line(6, "- key: kubernetes.io/metadata.name");
      Line(8, "operator: NotIn");
      Line(8, "values: " + FlowList(spec.excluded_namespaces));
    }
    Line(4, "resourceRules:");
    for (const ExportResources& rule : spec.resources) {
      Line(4, "- apiGroups: " + FlowList({rule.group}));
      Line(6, "apiVersions: " + FlowList({rule.version}));
      Line(6, "operations: " + FlowList(rule.operations));
      Line(6, "resources: " + FlowList(rule.resources));
    }
  }

  void Expressions(const std::vector<ExportExpression>& list, const std::string& key) {
    if (list.empty()) return;
    Line(2, key + ":");
    for (const ExportExpression& named : list) {
      Line(2, "- name: " + named.name);
      Text(4, "expression", named.expression);
    }
  }

  std::string out_;
};

}  // namespace

std::string PrintPolicy(const ExportSpec& spec) {
  return Printer().Run(spec);
}

}  // namespace ouro::rules
