#include "engine/config.h"

#include <doctest.h>

#include "base/text.h"
#include "engine/settings.h"
#include "rules/cel.h"
#include "scan/test_folder.h"

namespace ouro::engine {
namespace {

TEST_CASE("every kind of setting is read") {
  const auto config = ReadConfig(R"(
exclude:
  paths: [vendor/]
  namespaces: kube-system
  labels: [a=b]
  objects: [{kind: Job, name: "x-*"}]
profile: all
kubernetes_version: 1.30
only: [a]
skip: [b, c]
check_folders: [policies]
params:
  OURO-X-0001: {limit: 3, names: [a, b]}
severity: {privileged: low}
ignore:
- {check: [p, q], kind: Pod, reason: why, until: 2027-01-31, file: "a/*"}
policy:
  fail_on: never
  incomplete: block
  strict: true
  rules:
  - {name: r, checks: [p], severity: high, namespaces: [n1], kinds: [Pod], action: react}
store: s.db
baseline:
)",
                                 "ouro.yaml");
  REQUIRE_MESSAGE(config.has_value(), (config ? "" : config.error().ToString()));
  CHECK(config->exclude_paths == std::vector<std::string>{"vendor/"});
  REQUIRE(config->exclude_objects.size() == 3);
  CHECK(config->exclude_objects[0].namespace_name == "kube-system");
  CHECK(config->exclude_objects[2].name == "x-*");
  CHECK(config->kubernetes_version == "1.30");
  CHECK(config->parameters.at("OURO-X-0001").at("names") == "[\"a\",\"b\"]");
  CHECK(config->severities.at("privileged") == model::Severity::kLow);
  REQUIRE(config->suppressions.size() == 2);
  CHECK(config->suppressions[1].selector == "q");
  CHECK(config->suppressions[1].file_glob == "a/*");
  CHECK_FALSE(config->policy.fail_on.has_value());
  CHECK(config->policy.incomplete == gate::OnIncomplete::kBlock);
  CHECK(config->policy.strict);
  CHECK(config->policy.origin == "ouro.yaml");
  REQUIRE(config->policy.rules.size() == 1);
  CHECK(config->policy.rules[0].action == gate::Action::kReact);
  CHECK(config->baseline.empty());
  CHECK(config->origins.at("profile") == "ouro.yaml:7:1");
  CHECK(config->origins.count("baseline") == 0);
}

TEST_CASE("what is wrong is told with place and nearest word") {
  struct Case {
    std::string_view yaml;
    std::string_view place;
    std::string_view message;
  };
  const Case cases[] = {
      {"polciy: {}\n", "f:1:1", "did you mean policy?"},
      {"a: 1\nb: 2\n", "f:1:1", "unknown key \"a\""},
      {"policy:\n  fail_no: high\n", "f:2:3", "did you mean fail_on?"},
      {"policy:\n  fail_on: hihg\n", "f:2:3", "policy.fail_on must be critical, high"},
      {"exclude: [a]\n", "f:1:1", "exclude must be a map"},
      {"exclude:\n  objects:\n  - {knd: Pod}\n", "f:3:6", "did you mean kind?"},
      {"exclude:\n  objects:\n  - {}\n", "f:3:5", "must be a map with"},
      {"exclude:\n  names: [\"\"]\n", "f:2:3", "not empty"},
      {"ignore:\n- {reason: x}\n", "f:2:3", "names a check"},
      {"ignore:\n- {check: x, until: 2027-02-30}\n", "f:2:14", "must be a date"},
      {"policy: {rules: [{checks: [a]}]}\n", "f:1:18", "with an action"},
      {"policy: {strict: yes please}\n", "f:1:10", "must be true or false"},
      {"kubernetes_version: 2.0\n", "f:1:1", "Kubernetes version"},
      {"only: {a: b}\n", "f:1:1", "must be a list"},
      {"profile: a\nprofile: b\n", "f", "profile"},
      {"- a\n", "f:1:1", "a map of settings"},
      {"profile: a\n---\nprofile: b\n", "f", "one document"},
      {"profile: [\n", "f", ""},
  };
  for (const Case& one : cases) {
    CAPTURE(one.yaml);
    const auto config = ReadConfig(std::string(one.yaml), "f");
    REQUIRE_FALSE(config);
    CAPTURE(config.error().ToString());
    CHECK(StartsWith(config.error().where, one.place));
    CHECK(config.error().message.find(one.message) != std::string::npos);
  }
}

TEST_CASE("an empty file and the commented file change nothing") {
  const Config defaults;
  for (const std::string& text : {std::string(), std::string("# c\n"), CommentedConfig()}) {
    const auto config = ReadConfig(text, "f");
    REQUIRE(config);
    CHECK(config->origins.empty());
    for (const Setting& setting : AllSettings())
      CHECK(setting.show(*config) == setting.show(defaults));
  }
}

TEST_CASE("the examples of the commented file are correct settings") {
  std::string text;
  for (const std::string_view line : SplitText(CommentedConfig(), '\n')) {
    if (!StartsWith(line, "# ")) continue;
    const std::string_view setting = line.substr(2);
    if (StartsWith(TrimSpace(setting), "#")) continue;
    text += std::string(setting) + "\n";
  }
  // The first three lines are prose.
  text.erase(0, text.find("exclude:"));
  const auto config = ReadConfig(text, "f");
  REQUIRE_MESSAGE(config.has_value(), (config ? "" : config.error().ToString()));
  CHECK(config->origins.size() == AllSettings().size());
}

TEST_CASE("the table of settings: names are unique, parents stand together, texts are there") {
  std::vector<std::string_view> names;
  for (const Setting& setting : AllSettings()) {
    CHECK(std::count(names.begin(), names.end(), setting.name) == 0);
    names.push_back(setting.name);
    CHECK_FALSE(setting.doc.empty());
    CHECK(setting.doc.back() == '.');
    CHECK_FALSE(setting.example.empty());
  }
}

TEST_CASE("files are found upwards and their paths are relative to them") {
  const scan::TestFolder folder;
  folder.Write("ouro.yaml", "store: s.db\ncheck_folders: [/abs, rel]\n");
  folder.Write("a/b/c.yaml", "");
  const std::string found = FindConfigFile(folder.At("a/b/c.yaml"));
  REQUIRE(EndsWith(found, "/ouro.yaml"));
  const auto config = ReadConfigFile(folder.At("ouro.yaml"));
  REQUIRE(config);
  CHECK(config->store == folder.At("s.db"));
  CHECK(config->check_folders == std::vector<std::string>{"/abs", folder.At("rel")});
  CHECK(ReadConfigFile(folder.At("missing.yaml")).error().code == ErrorCode::kNotFound);
}

TEST_CASE("Kubernetes versions") {
  std::string warning;
  CHECK(ParseKubernetesVersion("", warning) == -1);
  CHECK(ParseKubernetesVersion("1.29", warning) == 29);
  CHECK(ParseKubernetesVersion("v1.0", warning) == 0);
  CHECK(ParseKubernetesVersion("1.30.4", warning) == 30);
  CHECK(warning.empty());
  CHECK(ParseKubernetesVersion("1.999", warning) == rules::kNewestKubernetesMinor);
  CHECK_FALSE(warning.empty());
  for (const std::string_view text :
       {"2.0", "1", "1.", "1.x", "x", "1.-1", "1.2.3.4", "v", "1.29 "}) {
    CAPTURE(text);
    CHECK_FALSE(ParseKubernetesVersion(text, warning));
  }
}

}  // namespace
}  // namespace ouro::engine
