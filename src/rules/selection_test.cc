#include "rules/selection.h"

#include <doctest.h>

using namespace ouro;

namespace {

rules::Check MakeCheck(const char* id, const char* concept_name, bool opt_in,
                       std::vector<rules::Alias> aliases, std::vector<std::string> profiles) {
  rules::Check check;
  check.id = id;
  check.concept_name = concept_name;
  check.expression = "true";
  check.opt_in = opt_in;
  check.aliases = std::move(aliases);
  check.profiles = std::move(profiles);
  check.parameters = {{"max", "int", "3", ""}};
  return check;
}

rules::Alias MakeAlias(const char* tool, const char* id, const char* expression = "") {
  rules::Alias alias;
  alias.tool = tool;
  alias.id = id;
  alias.expression = expression;
  if (*expression != 0) alias.rules = {{{}, expression, "", "", {}}};
  return alias;
}

std::vector<rules::Check> Library() {
  return {
      MakeCheck("OURO-K8S-0001", "privileged", false,
                {MakeAlias("checkov", "CKV_K8S_16"), MakeAlias("pss", "baseline:privileged")},
                {"pss-baseline", "pss-restricted"}),
      MakeCheck("OURO-K8S-0002", "caps", true,
                {MakeAlias("pss", "baseline:caps", "1 == 1"),
                 MakeAlias("pss", "restricted:caps", "2 == 2"), MakeAlias("nsa", "1.2")},
                {"pss-baseline", "pss-restricted"}),
      MakeCheck("OURO-K8S-0003", "sys-admin", false,
                {MakeAlias("pss", "baseline:caps"), MakeAlias("checkov", "CKV_K8S_39", "3 == 3")},
                {}),
  };
}

std::string Names(const rules::SelectionOptions& options) {
  static const auto kLibrary = Library();
  const auto selected = rules::SelectChecks(kLibrary, options);
  if (!selected) return selected.error().message;
  std::string names;
  for (const auto& check : *selected) names += check.selected_as + "(" + check.expression + ") ";
  return names;
}

}  // namespace

TEST_CASE("profiles") {
  CHECK(Names({}) == "OURO-K8S-0001(true) OURO-K8S-0003(true) ");
  CHECK(Names({.profile = "all"}) ==
        "OURO-K8S-0001(true) OURO-K8S-0002(true) OURO-K8S-0003(true) ");
  CHECK(Names({.profile = "pss-baseline"}) ==
        "pss:baseline:privileged(true) pss:baseline:caps(1 == 1) ");
  CHECK(Names({.profile = "pss-restricted"}) ==
        "pss:baseline:privileged(true) pss:restricted:caps(2 == 2) ");
  CHECK(Names({.profile = "nsa"}) == "OURO-K8S-0002(true) ");
  CHECK(Names({.profile = "bogus"}).find("known are all, cis, default, nsa") != std::string::npos);
}

TEST_CASE("--only names checks by any tool's id") {
  CHECK(Names({.only = {"checkov:CKV_K8S_16"}}) == "checkov:CKV_K8S_16(true) ");
  CHECK(Names({.only = {"checkov:CKV_K8S_39"}}) == "checkov:CKV_K8S_39(3 == 3) ");
  CHECK(Names({.only = {"checkov:CKV_K8S_*"}}).find("CKV_K8S_39") != std::string::npos);
  CHECK(Names({.only = {"caps"}}) == "OURO-K8S-0002(true) ");
  CHECK(Names({.only = {"OURO-K8S-0003"}}) == "OURO-K8S-0003(true) ");
  CHECK(Names({.only = {"pss:baseline"}}) == Names({.profile = "pss-baseline"}));
  CHECK(Names({.only = {"pss:caps"}}) == "pss:baseline:caps(1 == 1) ");
  CHECK(Names({.only = {"pss:baseline:caps"}}) == "pss:baseline:caps(1 == 1) ");
  CHECK(Names({.only = {"checkov:CKV_K8S_61"}}) ==
        "no check is called \"checkov:CKV_K8S_61\"; did you mean \"checkov:CKV_K8S_16\"?");
}

TEST_CASE("--skip, parameters and severities") {
  CHECK(Names({.skip = {"privileged"}}) == "OURO-K8S-0003(true) ");
  CHECK(Names({.skip = {"nobody"}}).find("no check is called") == 0);
  CHECK(
      Names({.parameters = {{"OURO-K8S-0001", {{"max", "\"x\""}}}}}).find("must be of type int") !=
      std::string::npos);
  CHECK(Names({.parameters = {{"OURO-K8S-0001", {{"maks", "1"}}}}}).find("\"max\"") !=
        std::string::npos);
  const auto library = Library();
  const auto selected =
      rules::SelectChecks(library, {.only = {"OURO-K8S-0001"},
                                    .parameters = {{"OURO-K8S-0001", {{"max", "7"}}}},
                                    .severities = {{"checkov:CKV_K8S_16", model::Severity::kLow},
                                                   {"OURO-K8S-0001", model::Severity::kInfo}}});
  REQUIRE(selected);
  CHECK(selected->at(0).parameters.at("max") == "7");
  CHECK(selected->at(0).severity == model::Severity::kInfo);
  CHECK(selected->at(0).severity_source == "ouro.yaml");
}
