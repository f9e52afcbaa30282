#include <doctest.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "rules/example.h"
#include "rules/rule_set.h"

using namespace ouro;

TEST_CASE("every example of every built-in check agrees") {
  for (const auto& check : rules::BuiltinChecksWithExamples()) {
    for (const auto& result : rules::RunExamples(check)) {
      CHECK_MESSAGE(result.agrees, result.file, ":", result.line, ": ", result.name, ": ",
                    result.reason);
    }
  }
}

TEST_CASE("the library is complete and consistent") {
  const auto checks = rules::BuiltinChecksWithExamples();
  REQUIRE(checks.size() >= 40);
  std::set<std::string> ids;
  std::set<std::string> concepts;
  for (const auto& check : checks) {
    CAPTURE(check.id);
    CHECK(ids.insert(check.id).second);
    CHECK(concepts.insert(check.concept_name).second);
    CHECK(StartsWith(check.id, "OURO-K8S-"));
    CHECK(EndsWith(check.source_file, "/" + check.concept_name + ".yaml"));
    CHECK(!check.references.empty());
    CHECK(!EndsWith(check.title, "."));
    CHECK(EndsWith(check.description, "."));
    CHECK(EndsWith(check.remediation, "."));
    std::set<std::string> aliases;
    for (const auto& alias : check.aliases)
      CHECK(aliases.insert(alias.tool + ":" + alias.id).second);
    if (!check.not_evaluable.empty()) continue;
    const auto count = [&](bool pass) {
      return std::count_if(check.examples.begin(), check.examples.end(),
                           [&](const auto& example) { return example.pass == pass; });
    };
    CHECK(count(true) >= 1);
    CHECK(count(false) >= 1);
    CHECK(!check.message.empty());
  }
}

TEST_CASE("the library without examples is the same library") {
  const auto& plain = rules::BuiltinChecks();
  const auto full = rules::BuiltinChecksWithExamples();
  REQUIRE(plain.size() == full.size());
  for (size_t i = 0; i < plain.size(); ++i) {
    CHECK(plain[i].id == full[i].id);
    CHECK(plain[i].expression == full[i].expression);
    CHECK(plain[i].examples.empty());
  }
  CHECK(StartsWith(rules::BuiltinCheckSource(plain[0].id), "id: " + plain[0].id));
  CHECK(rules::BuiltinCheckSource("OURO-K8S-9999").empty());
}

TEST_CASE("every alias expression compiles, for every version") {
  for (const int minor : {0, 18, 25, 34, rules::kNewestKubernetesMinor}) {
    for (const char* profile : {"default", "all", "pss-baseline", "pss-restricted", "nsa", "cis"}) {
      rules::SelectionOptions options;
      options.profile = profile;
      const auto selected = rules::SelectChecks(rules::BuiltinChecks(), options);
      REQUIRE(selected);
      CHECK(!selected->empty());
      io::KeyTable keys;
      rules::RuleSetOptions rule_set_options;
      rule_set_options.kubernetes_minor = minor;
      const auto set = rules::RuleSet::Compile(*selected, rule_set_options, keys);
      CHECK_MESSAGE(set, (set ? "" : set.error().ToString()));
    }
  }
}
