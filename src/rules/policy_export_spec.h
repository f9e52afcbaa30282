// A policy as its parts, before it is printed. Internal to the export (policy_export.h).
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace ouro::rules {

struct ExportExpression {
  std::string name;
  std::string expression;
};

// One rule of a check.
struct ExportValidation {
  std::string expression;
  std::string message;             // plain text, one line
  std::string message_expression;  // may be empty
};

struct ExportResources {
  std::string group;
  std::string version;  // "*" where it is not known
  std::vector<std::string> operations;
  std::vector<std::string> resources;  // sorted; {"*"}: all of the group
};

struct ExportSpec {
  std::string name;
  std::string api_version;
  // The first one says which check it is; it stands on the binding too.
  std::vector<std::pair<std::string, std::string>> annotations;
  std::string failure_policy;
  std::vector<std::string> excluded_namespaces;
  std::vector<ExportResources> resources;
  std::vector<ExportExpression> match_conditions;
  std::vector<ExportExpression> variables;  // each may use those before it
  std::vector<ExportValidation> validations;
  std::vector<std::string> actions;  // of the binding
};

// The manifest: policy and binding as two YAML documents. Whatever stands in the texts, a YAML
// reader gives them back byte for byte.
std::string PrintPolicy(const ExportSpec& spec);

}  // namespace ouro::rules
