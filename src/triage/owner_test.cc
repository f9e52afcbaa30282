#include "triage/owner.h"

#include <doctest.h>

#include "base/text.h"

using namespace ouro;
using namespace ouro::triage;

namespace {

std::string Owners(std::string_view text, std::string_view path) {
  return JoinText(Codeowners::Parse(text).value().Find(path).owners, " ");
}

}  // namespace

TEST_CASE("CODEOWNERS: the last rule that matches wins") {
  constexpr std::string_view kText =
      "# everything\n*  @all\n*.yaml @yaml @ops # inline\n/deploy/ @deploy\ndocs/* @docs\n"
      "apps/ @apps\n/build/logs @logs\n**/secret @vault\n/deploy/free\n";
  CHECK(Owners(kText, "README") == "@all");
  CHECK(Owners(kText, "a/b/c.yaml") == "@yaml @ops");
  CHECK(Owners(kText, "deploy/a/b.yaml") == "@deploy");
  CHECK(Owners(kText, "other/deploy/b") == "@all");
  CHECK(Owners(kText, "docs/a.md") == "@docs");
  CHECK(Owners(kText, "docs/deep/a.md") == "@all");
  CHECK(Owners(kText, "x/apps/y/z") == "@apps");
  CHECK(Owners(kText, "apps") == "@all");
  CHECK(Owners(kText, "build/logs/today") == "@logs");
  CHECK(Owners(kText, "a/b/secret/key") == "@vault");
  CHECK(Owners(kText, "secret") == "@vault");
  CHECK(Owners(kText, "deploy/free/x") == "");
  CHECK(Codeowners::Parse(kText).value().Find("deploy/free/x").line == 9);
  CHECK(Codeowners::Parse(kText).value().Find("./README").line == 2);
}

TEST_CASE("CODEOWNERS: '**' in the middle, names with blanks and '#', what is no rule") {
  CHECK(Owners("/a/**/z @x", "a/z") == "@x");
  CHECK(Owners("/a/**/z @x", "a/b/c/z/d") == "@x");
  CHECK(Owners("/a/**/z @x", "b/a/z").empty());
  CHECK(Owners("my\\ file.md @x", "d/my file.md") == "@x");
  CHECK(Owners("\\#notes @x", "#notes") == "@x");
  CHECK(Owners("*.tf user@example.org", "main.tf") == "user@example.org");
  CHECK(Codeowners::Parse("!a @x\nb @y\n").value().skipped_line_count() == 1);
  CHECK(Owners("", "a").empty());
}

TEST_CASE("CODEOWNERS: sections of GitLab own together, each by its own last match") {
  constexpr std::string_view kText =
      "* @all\n[Docs] @writers\n*.md\nREADME.md @lead\n^[Security][2] @sec\n/deploy/\n"
      "[docs]\n/deploy/a.md @late\n";
  CHECK(Owners(kText, "x/a.md") == "@all @writers");
  CHECK(Owners(kText, "README.md") == "@all @lead");
  CHECK(Owners(kText, "deploy/a.md") == "@all @late @sec");
  CHECK(Owners(kText, "deploy/b") == "@all @sec");
}

TEST_CASE("CODEOWNERS: a hostile file takes no long time") {
  std::string pattern = "/";
  std::string path = "a";
  for (int i = 0; i < 300; ++i) {
    pattern += "**/a*/";
    path += "/aaaa";
  }
  CHECK(Owners(pattern + "b @x", path).empty());
  CHECK_FALSE(Codeowners::Parse(std::string(4 << 20, '*')).has_value());
}

TEST_CASE("the way from an object to its owner") {
  const Codeowners codeowners = Codeowners::Parse("/deploy/ @deploy @second\n/none/\n").value();
  OwnerPolicy policy;
  policy.namespaces = {{"kube-*", "platform"}};
  policy.paths = {{"none/*", "nobody"}, {"*.yaml", "yaml"}};
  policy.default_owner = "everyone";
  policy.base_image_owner = "images";
  OwnerFacts facts;
  facts.path = "deploy/a.yaml";
  CHECK(FindOwner(policy, &codeowners, facts) ==
        OwnerAnswer{"@deploy", {"@deploy", "@second"}, "CODEOWNERS line 1"});
  CHECK(FindOwner(policy, nullptr, facts).owner == "yaml");
  facts.namespace_name = "kube-system";
  CHECK(FindOwner(policy, &codeowners, facts).why == "namespace rule kube-*");
  facts.namespace_labels = {{"owner", "ns"}};
  CHECK(FindOwner(policy, &codeowners, facts).why == "label owner of the namespace");
  facts.labels = {{"owner", "low"}, {"team", "high"}};
  CHECK(FindOwner(policy, &codeowners, facts).owner == "high");
  facts.in_base_image = true;
  CHECK(FindOwner(policy, &codeowners, facts).owner == "images");
  // A file that CODEOWNERS takes out goes on to the path rules.
  CHECK(FindOwner(policy, &codeowners, {{}, {}, "", "none/x", false}).owner == "nobody");
  CHECK(FindOwner(policy, &codeowners, {{}, {}, "shop", "x", false}).why == "default");
  policy.default_owner.clear();
  CHECK(FindOwner(policy, &codeowners, {}).owner.empty());
}
