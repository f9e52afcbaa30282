#include "rules/policy_export.h"

#include <doctest.h>

#include <algorithm>

#include "base/text.h"
#include "io/tree.h"
#include "rules/policy_export_cost.h"
#include "rules/policy_export_rule.h"
#include "rules/policy_export_run.h"
#include "rules/policy_export_text.h"
#include "rules/rule_set.h"

namespace ouro::rules {
namespace {

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string Portable(std::string_view text, int minor = 33) {
  PortableNames names;
  names.kubernetes_minor = minor;
  names.parameters = {{"allowed", "['a', 'b']"}, {"limit", "5"}};
  const auto portable = MakePortable(text, names);
  return portable ? portable->text : portable.error().ToString();
}

Check OwnCheck(const std::string& rest) {
  auto check = ReadCheck(
      "id: ACME-0001\nconcept: own\ntitle: Own check\ndescription: d\n"
      "remediation: r\nseverity: low\n" +
          rest,
      "own.yaml");
  REQUIRE_MESSAGE(check, check.error().ToString());
  return std::move(*check);
}

ExportResult ExportOwn(const Check& check, const ExportOptions& options = {}) {
  SelectionOptions selection;
  selection.profile = "all";
  const std::vector<Check> library = {check};
  const auto selected = SelectChecks(library, selection);
  REQUIRE(selected);
  auto result = ExportPolicies(*selected, options);
  REQUIRE_MESSAGE(result, result.error().ToString());
  return std::move(*result);
}

std::string ReasonOf(const ExportResult& result) {
  return result.refused.empty() ? "exported" : result.refused[0].reason;
}

class Messages : public HitSink {
 public:
  void OnHit(Hit&& hit) override {
    if (hit.kind != HitKind::kFail) return;
    text += (text.empty() ? "" : "; ") + ReplaceAll(hit.message, "\n", " ");
  }
  std::string text;
};

// Subjects of several rules are asked one by one by a check and rule by rule by a policy.
std::string Sorted(std::string_view text) {
  const std::string lines = ReplaceAll(text, "; ", "\n");
  std::vector<std::string> parts;
  for (const std::string_view part : SplitText(lines, '\n')) parts.emplace_back(part);
  std::sort(parts.begin(), parts.end());
  return JoinText(parts, "; ");
}

}  // namespace

TEST_CASE("names of checks become what a policy knows") {
  CHECK(Portable("kubernetes.minor >= 31 && item == 'x'") == "33 >= 31 && item == 'x'");
  CHECK(Portable("item in params.allowed") == "item in variables.param_allowed");
  CHECK(Portable("has(params.limit)") == "has({'allowed': ['a', 'b'], 'limit': 5}.limit)");
  CHECK(Portable("object.metadata.name == object.spec.x") ==
        "object.metadata.name == dyn(object).spec.x");
  CHECK(Portable("a .b // why\n + c") == "a .b + c");
}

TEST_CASE("loop variables hide names of checks") {
  CHECK(Portable("[1].all(object, object > 0) && object.a") ==
        "[1].all(object, object > 0) && dyn(object).a");
  CHECK(Portable("[params.limit].all(params, params.limit)") ==
        "[variables.param_limit].all(params, params.limit)");
  // The policy's own `variables` would be hidden, so the value stands there itself.
  CHECK(Portable("[1].all(variables, variables < params.limit)") ==
        "[1].all(variables, variables < 5)");
}

TEST_CASE("long expressions are broken between tokens only") {
  const std::string text = "aaaa == 'b b b b b b' && cccc == 'd' || eeee.ffff(gggg, hhhh)";
  const std::string wrapped = WrapCel(text, 4, 24);
  CHECK(ReplaceAll(wrapped, "\n    ", " ") == text);
  for (const std::string_view line : SplitText(wrapped, '\n')) CHECK(line.size() <= 26);
}

TEST_CASE("every check of the library says the same as its policy, in the same words") {
  const std::vector<Check> library = BuiltinChecksWithExamples();
  for (const int minor : {kOldestExportMinor, 32, kNewestKubernetesMinor}) {
    SelectionOptions selection;
    selection.profile = "all";
    const auto checks = SelectChecks(library, selection);
    REQUIRE(checks);
    ExportOptions options;
    options.kubernetes_minor = minor;
    int64_t exported = 0;
    for (const SelectedCheck& selected : *checks) {
      auto expressions = ExpressionsOf(selected, options);
      if (!expressions) continue;
      ++exported;
      CAPTURE(selected.check->id);
      const auto program = ExportProgram::Compile(expressions->spec, minor);
      REQUIRE_MESSAGE(program, program.error().ToString());
      io::KeyTable keys;
      RuleSetOptions rules_options;
      rules_options.kubernetes_minor = minor;
      const auto rules = RuleSet::Compile({selected}, rules_options, keys);
      REQUIRE(rules);
      RuleRunner runner(*rules, keys);
      const auto samples = SamplesOf(selected, expressions->kinds);
      CHECK(!samples.empty());
      CHECK(ProveSame(selected, minor, samples, **program).has_value());
      for (const SampleObject& sample : samples) {
        io::Tree tree;
        REQUIRE(io::ReadJson(sample.json, {}, keys, tree));
        Messages wanted;
        runner.Run(tree, tree.roots()[0].node, wanted);
        const ExportOutcome got = (*program)->Judge(sample.json);
        CHECK(got.WithinBudget());
        CHECK(Sorted(got.text) == Sorted(wanted.text));
      }
    }
    // One asks other objects, one is not evaluable, one is about a custom kind, and one has no rule
    // for old versions.
    CHECK(exported >= 43);
  }
}

TEST_CASE("an error of `when` is no pass") {
  const ExportResult result =
      ExportOwn(OwnCheck("match: {pod: containers, when: container.name.size() > "
                         "int(container.image)}\nexpr: 'true || "
                         "container.x'\nexamples:\n  pass:\n    - container: {image: '5'}\n"));
  // The expression is always true, so nothing can fail, and the rule is left out.
  CHECK(Contains(ReasonOf(result), "none of its rules"));
}

TEST_CASE("a policy that would say something else is refused") {
  // A list judged as a map: items have no keys to speak of before two-variable loops.
  ExportOptions old;
  old.kubernetes_minor = 30;
  const Check check = OwnCheck("match: {pod: spec, each: spec.volumes}\nexpr: itemKey < 1\n");
  CHECK(Contains(ReasonOf(ExportOwn(check, old)), "itemKey of spec.volumes"));
  CHECK(ExportOwn(check).refused.empty());
}

TEST_CASE("functions of later versions are refused") {
  const Check check = OwnCheck("match: {pod: containers}\nexpr: \"isSemver(container.image)\"\n");
  ExportOptions options;
  options.kubernetes_minor = 33;
  CHECK(Contains(ReasonOf(ExportOwn(check, options)), "isSemver"));
  options.kubernetes_minor = 34;
  CHECK(ExportOwn(check, options).refused.empty());
}

TEST_CASE("a policy that breaks the cost budget is refused") {
  const Check check = OwnCheck(
      "match: {kinds: [ConfigMap]}\nexpr: \"!has(object.items) || object.items.all(a, "
      "object.items.all(b, object.items.all(c, a == b || b == c || a != c)))\"\nexamples:\n  "
      "pass:\n"
      "    - object: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, items: [x]}\n");
  CHECK(Contains(ReasonOf(ExportOwn(check)), "it costs"));
}

TEST_CASE("a result of type dyn becomes a boolean") {
  const ExportResult result =
      ExportOwn(OwnCheck("match: {kinds: [ConfigMap]}\nexpr: object.immutable\n"));
  REQUIRE(result.policies.size() == 1);
  CHECK(Contains(result.policies[0].manifest, "(dyn(object).immutable) && true"));
}

TEST_CASE("custom kinds are matched on request, and known by group where names are shared") {
  const Check check = OwnCheck("match: {pod: spec}\nexpr: '!pod.?spec.?hostPID.orValue(false)'\n");
  ExportOptions options;
  options.include_custom_kinds = true;
  const std::string manifest = ExportOwn(check, options).policies.at(0).manifest;
  CHECK(Contains(manifest, "rollouts"));
  CHECK(Contains(manifest, "object.apiVersion.startsWith('batch.volcano.sh/')"));
  CHECK(!Contains(ExportOwn(check).policies.at(0).manifest, "rollouts"));
}

TEST_CASE("manifests can be read back") {
  const ExportResult result = ExportOwn(
      OwnCheck("match: {kinds: [ConfigMap]}\nexpr: \"object.metadata.name != \\\"a'b\\\\n\\\"\"\n"
               "message: \"'x: #y ' + object.metadata.name\"\n"));
  REQUIRE(result.policies.size() == 1);
  io::KeyTable keys;
  io::Tree tree;
  REQUIRE(io::ReadYaml(result.policies[0].manifest, {}, keys, tree));
  REQUIRE(tree.roots().size() == 2);
  const io::NodeView policy(tree, keys, tree.roots()[0].node);
  const auto validations = policy.Get("spec").Get("validations").Children();
  REQUIRE(validations.size() == 1);
  CHECK(validations[0].Get("expression").Text() == "object.metadata.name != \"a'b\\n\"");
  CHECK(policy.Get("metadata").Get("name").Text() == "ouro-acme-0001");
}

TEST_CASE("deny and warn exclude each other, and old servers are refused") {
  ExportOptions options;
  options.actions = {"Deny", "Warn"};
  CHECK(!ExportPolicies({}, options));
  options.actions = {"Warn", "Audit"};
  CHECK(ExportPolicies({}, options));
  options.kubernetes_minor = kOldestExportMinor - 1;
  CHECK(!ExportPolicies({}, options));
}

}  // namespace ouro::rules
