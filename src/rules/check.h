// A check: one YAML file under checks/, read strictly. docs/formats/check.md documents every key.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "io/tree.h"
#include "model/severity.h"

namespace ouro::rules {

// What a check is applied to; one evaluation per subject.
enum class Target : uint8_t {
  kObject,      // match: {kinds: [...]} or {rbac: rules|bindings|subjects}
  kPod,         // match: {pod: spec}: once per pod template
  kContainers,  // match: {pod: containers}: every container, init and ephemeral container
};

struct Match {
  Target target = Target::kObject;
  // kObject: "Kind" or "group/Kind" ("rbac.authorization.k8s.io/Role", "core/ConfigMap"); a check
  // on pods may narrow to workload kinds too. Empty: every kind.
  std::vector<std::string> kinds;
  // kContainers: subset of containers, initContainers, ephemeralContainers; empty: all three.
  std::vector<std::string> container_lists;
  // Path of a list (or map) below the subject: one evaluation per entry, bound to `item`, which is
  // then the subject. Empty: none.
  std::string each;
  // CEL condition; subjects for which it is false are not judged at all. Empty: always.
  std::string when;
};

// A typed parameter with its default; set in ouro.yaml under `params: {<check id>: {name: value}}`.
struct Parameter {
  std::string name;
  std::string type;          // bool, int, double, string, list(string), list(int)
  std::string default_json;  // JSON text
  std::string description;
};

struct FixTemplate {
  std::string path;        // relative to the subject; "." is the subject itself
  std::string value_json;  // empty: remove
};

// One question of a check. Most checks have one; the key `also` adds more, for a concept that may
// be wrong in several places of an object (a field of the pod, a field of a container, an
// annotation).
struct Rule {
  Match match;
  std::string expression;  // key `expr`: true when the subject is good
  std::string message;     // CEL string expression; empty: the check's title
  std::string at;          // path relative to the subject; empty: the subject itself
  std::vector<FixTemplate> fixes;
};

// Another tool's id for this concept. With an own expression it means something narrower or wider.
struct Alias {
  std::string tool;  // checkov, kubescape, trivy, polaris, kubeaudit, kubesec, kubelinter,
                     // kubescore, pss, cis, nsa, mitre, …
  std::string id;
  std::string expression;  // empty: the check's own
  // Replaces all rules of the check when not empty; what an alias leaves out (match, message, at)
  // is the check's own. rules[0].expression == expression.
  std::vector<Rule> rules;
  std::map<std::string, std::string> parameters;  // name → JSON text, overriding defaults
};

struct Example {
  bool pass = true;
  std::string name;          // for messages; may be empty
  std::string yaml;          // one or more documents (JSON where the check file uses a short form)
  std::string alias;         // "tool:id": judged by that alias' own expression; empty: the check
  std::string at;            // json_path that one finding must have; empty: any
  int64_t count = 0;         // exact number of findings; 0: any
  int kubernetes_minor = -1;  // -1: newest
  int64_t line = 0;
};

struct Check {
  std::string id;            // OURO-<AREA>-<4 digits>
  std::string concept_name;  // key `concept`
  std::string title;
  std::string description;
  std::string remediation;
  model::Severity severity = model::Severity::kMedium;
  // The first rule, field by field (see Rule), and the others.
  Match match;
  std::string expression;
  std::string message;
  std::string at;
  std::vector<Rule> also;
  std::vector<Parameter> parameters;
  std::vector<Alias> aliases;
  std::vector<std::string> references;  // URLs of named sources
  std::vector<FixTemplate> fixes;       // of the first rule
  std::vector<Example> examples;
  std::vector<std::string> profiles;  // besides `all`; "default" unless opt_in
  bool opt_in = false;                // runs only when named by --only, a profile or ouro.yaml
  bool needs_inventory = false;       // key `needs: inventory`
  // Why files alone cannot answer; such a check yields a problem, never a pass.
  std::string not_evaluable;
  std::string source_file;  // where it was read from
};

// Is the JSON text a value of the parameter's type? Whole numbers are doubles too.
bool ParameterFits(const Parameter& parameter, std::string_view json);

// All rules of a check in order, the first included. Copies.
std::vector<Rule> RulesOf(const Check& check);

// Reads one check file. Unknown keys, missing keys and wrong types are kInvalid with
// file:line:column and the nearest known key.
Result<Check> ReadCheck(std::string source, std::string_view file_name);

// The built-in library in order of id, read once from the embedded data, without its examples: a
// scan has no use for them and starts sooner. Thread-safe.
const std::vector<Check>& BuiltinChecks();

// The same with examples, for `ouro rule show` and `ouro rule test`. Reads anew at each call.
std::vector<Check> BuiltinChecksWithExamples();

// The embedded file of a built-in check as it stands in checks/; empty for an unknown id.
std::string BuiltinCheckSource(std::string_view id);

}  // namespace ouro::rules
