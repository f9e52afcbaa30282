// CEL text of checks, prepared to stand inside a policy. Internal to the export.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ouro::rules {

// What the names that only checks know become in a policy.
struct PortableNames {
  int kubernetes_minor = 0;
  // Parameter → CEL literal of its value.
  std::map<std::string, std::string, std::less<>> parameters;
};

struct PortableText {
  std::string text;  // on one line but for texts that hold line ends; without comments
  // Names of the check's environment that it uses freely: object, pod, container, containerType,
  // item, itemKey, params, kubernetes, serviceAccount. A loop variable of such a name is none.
  std::set<std::string, std::less<>> names;
  // Parameters that stand in `text` as variables.<ParameterVariable(name)>.
  std::set<std::string, std::less<>> parameters;

  bool Uses(std::string_view name) const { return names.find(name) != names.end(); }
};

// Replaces `kubernetes.minor` and parameters by their values (a parameter by a policy variable),
// and `object` by dyn(object), because the API server checks policies against the schemas of all
// kinds they match. All other names stay, so that the expression reads as in the check. kParse when
// the text is no CEL.
Result<PortableText> MakePortable(std::string_view expression, const PortableNames& names);

// Name of the policy variable that holds a parameter.
std::string ParameterVariable(std::string_view parameter);

// CEL literal of a JSON text; kParse when it is no JSON. Map keys are texts.
Result<std::string> CelLiteral(std::string_view json);
// A CEL string literal in single quotes.
std::string CelString(std::string_view text);

// Breaks a CEL text at blanks between tokens, so that lines fit into `width` columns where they
// can; lines after the first begin with `indent` blanks. Texts with line ends stay as they are.
std::string WrapCel(std::string_view text, int indent, int width);

}  // namespace ouro::rules
