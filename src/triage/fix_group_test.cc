#include "triage/fix_group.h"

#include <algorithm>

#include <doctest.h>

using namespace ouro;
using namespace ouro::triage;
using model::Finding;

namespace {

Finding Vuln(std::string id, std::string type, std::string name, std::string version,
             std::string fixed_in, int priority) {
  Finding finding;
  finding.id = id;
  finding.issue = id;
  finding.finding_class = model::FindingClass::kVuln;
  model::Package& package = finding.package.Make();
  package.type = type;
  package.name = name;
  package.version = version;
  package.purl = "pkg:" + type + "/" + name + "@" + version;
  finding.vuln.Make().id = std::move(id);
  finding.vuln->fixed_in = std::move(fixed_in);
  finding.image.Make().reference = "registry.example:5000/shop/api:1.2";
  finding.judgement.Make().priority = priority;
  return finding;
}

Finding Misconfig(std::string id, std::string field, int priority) {
  Finding finding;
  finding.id = std::move(id);
  finding.check = "OURO-K8S-0001";
  finding.concept_name = "privileged";
  finding.resource = {"apps/v1", "Deployment", "shop", "web", "app"};
  finding.field_path = std::move(field);
  finding.judgement.Make().priority = priority;
  return finding;
}

}  // namespace

TEST_CASE("OS packages of one image are one upgrade; libraries are one upgrade each") {
  const std::vector<Finding> findings = {
      Vuln("CVE-1", "deb", "libssl1.1", "1.1.1k", "1.1.1n", 60),
      Vuln("CVE-2", "deb", "zlib1g", "1.2.11", "1.2.13", 20),
      Vuln("CVE-3", "npm", "lodash", "4.17.15", "4.17.19", 30),
      Vuln("CVE-4", "npm", "lodash", "4.17.15", "4.17.21", 30),
  };
  const std::vector<FixGroup> groups = GroupFixes(findings, {});
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].kind == FixKind::kOsPackages);
  CHECK(groups[0].target == "registry.example:5000/shop/api");
  CHECK(groups[0].priority_sum == 80);
  CHECK(
      groups[0].action ==
      "upgrade the deb packages of registry.example:5000/shop/api: libssl1.1 to 1.1.1n, zlib1g to "
      "1.2.13");
  CHECK(groups[1].action == "upgrade lodash 4.17.15 to 4.17.21 in registry.example:5000/shop/api");
  CHECK(groups[1].effort == 1);
}

TEST_CASE("the version is the lowest that fixes all; a new major version is more work") {
  const std::vector<Finding> findings = {
      Vuln("CVE-1", "npm", "a", "2.3.0", "1.9.9, 2.3.5, 3.0.1", 10),
      Vuln("CVE-2", "npm", "b", "2.3.0", "1.9.9, 3.0.1", 10),
      Vuln("CVE-3", "npm", "c", "", "1.10.0,1.9.0", 10),
      Vuln("CVE-4", "npm", "d", "9.0.0", "1.0.0, 2.0.0", 10),
  };
  std::vector<FixGroup> groups = GroupFixes(findings, {});
  std::sort(groups.begin(), groups.end(),
            [](const FixGroup& a, const FixGroup& b) { return a.target < b.target; });
  REQUIRE(groups.size() == 4);
  CHECK(groups[0].action.find("to 2.3.5 ") != std::string::npos);
  CHECK(groups[1].action.find("to 3.0.1 ") != std::string::npos);
  CHECK(groups[1].effort == 3);
  CHECK(groups[2].action.find("to 1.9.0 ") != std::string::npos);
  CHECK(groups[3].action.find("to 2.0.0 ") != std::string::npos);
}

TEST_CASE("what lies in a base image goes with it, over all images that have it") {
  std::vector<Finding> findings = {Vuln("CVE-1", "deb", "a", "1", "2", 10),
                                   Vuln("CVE-2", "deb", "b", "1", "", 10)};
  findings[0].image->layer = "sha256:base";
  findings[1].image->layer = "sha256:base";
  findings[1].image->reference = "other";
  FixGroupOptions options;
  options.base_layers = {{"sha256:base", "debian:12"}};
  const std::vector<FixGroup> groups = GroupFixes(findings, options);
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].action == "move to a newer debian:12");
  CHECK(GroupFixes(findings, {}).size() == 2);
}

TEST_CASE("without a fixed version there is much to do") {
  const std::vector<FixGroup> groups = GroupFixes({Vuln("CVE-1", "deb", "a", "1", "", 80)}, {});
  CHECK(groups.at(0).kind == FixKind::kNoFix);
  CHECK(groups.at(0).Score() == doctest::Approx(10));
}

TEST_CASE("one field of one object closes what several tools say of it, counted once") {
  std::vector<Finding> findings = {Misconfig("1", "spec.x", 80), Misconfig("2", "spec.x", 60)};
  findings[0].issue = findings[1].issue = "issue";
  findings[0].fix = {{"set", "$.spec.x", "false"}};
  const std::vector<FixGroup> groups = GroupFixes(findings, {});
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].priority_sum == 80);
  CHECK(groups[0].issue_count == 1);
  CHECK(groups[0].action == "set $.spec.x to false in Deployment shop/web");
}

TEST_CASE("one template closes all objects that it renders") {
  std::vector<Finding> findings = {Misconfig("1", "spec.x", 10), Misconfig("2", "spec.x", 10)};
  findings[1].resource.name = "other";
  CHECK(GroupFixes(findings, {}).size() == 2);
  for (Finding& finding : findings) finding.location.file = "chart/templates/web.yaml";
  const std::vector<FixGroup> groups = GroupFixes(findings, {});
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].kind == FixKind::kChartValue);
}

TEST_CASE("suppressed findings are in no group, open ones in exactly one, in any order") {
  std::vector<Finding> findings;
  for (int i = 0; i < 40; ++i) {
    const std::string id = "CVE-" + std::to_string(100 + i);
    findings.push_back(i % 3 == 0
                           ? Misconfig(id, "spec.f" + std::to_string(i % 5), i)
                           : Vuln(id, i % 2 == 0 ? "deb" : "npm", "p" + std::to_string(i % 7),
                                  "1.0", i % 4 == 0 ? "" : "1." + std::to_string(i), i));
    if (i % 10 == 9) findings.back().status = model::FindingStatus::kSuppressed;
  }
  const std::vector<FixGroup> groups = GroupFixes(findings, {});
  size_t count = 0;
  for (const FixGroup& group : groups) count += group.findings.size();
  CHECK(count == 36);
  for (size_t i = 1; i < groups.size(); ++i) CHECK(groups[i - 1].Score() >= groups[i].Score());
  std::reverse(findings.begin(), findings.end());
  const std::vector<FixGroup> again = GroupFixes(findings, {});
  REQUIRE(again.size() == groups.size());
  for (size_t i = 0; i < groups.size(); ++i) {
    CHECK(again[i].id == groups[i].id);
    CHECK(again[i].action == groups[i].action);
    CHECK(again[i].priority_sum == groups[i].priority_sum);
  }
}
