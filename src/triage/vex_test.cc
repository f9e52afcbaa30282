#include "triage/vex.h"

#include <algorithm>

#include <doctest.h>

using namespace ouro;
using namespace ouro::triage;
using model::VexStatement;
using model::VexStatus;

namespace {

model::Finding Vuln() {
  model::Finding finding;
  finding.finding_class = model::FindingClass::kVuln;
  finding.vuln.Make().id = "CVE-2024-1";
  finding.vuln->aliases = {"GHSA-aaaa"};
  finding.package.Make().purl = "pkg:deb/debian/openssl@1.1.1k-1?arch=amd64";
  finding.package->type = "deb";
  finding.package->name = "openssl";
  finding.package->version = "1.1.1k-1";
  finding.image.Make().reference = "registry.example:5000/shop/api:1.2";
  finding.image->digest = "sha256:aa";
  return finding;
}

VexStatement Says(VexStatus status, std::string product, std::string at, std::string author) {
  VexStatement statement;
  statement.vulnerability = "CVE-2024-1";
  statement.status = status;
  if (!product.empty()) statement.products = {{std::move(product), {}, {}, {}}};
  statement.timestamp = std::move(at);
  statement.author = std::move(author);
  return statement;
}

VexMatch Match(model::VexProduct product, const std::vector<std::string>& products = {}) {
  return MatchProduct(product, Vuln(), products, NaturalVersionOrder);
}

}  // namespace

TEST_CASE("packages are matched by purl, with and without version, by qualifiers and ranges") {
  CHECK(Match({"pkg:deb/debian/openssl", {}, {}, {}}) == VexMatch::kProduct);
  CHECK(Match({"pkg:deb/debian/openssl@1.1.1k-1", {}, {}, {}}) == VexMatch::kVersion);
  CHECK(Match({"pkg:deb/debian/openssl@1.1.1k-2", {}, {}, {}}) == VexMatch::kNone);
  CHECK(Match({"pkg:deb/ubuntu/openssl", {}, {}, {}}) == VexMatch::kNone);
  CHECK(Match({"pkg:deb/debian/openssl?arch=amd64", {}, {}, {}}) == VexMatch::kProduct);
  CHECK(Match({"pkg:deb/debian/openssl?arch=arm64", {}, {}, {}}) == VexMatch::kNone);
  CHECK(Match({"pkg:deb/debian/openssl?distro=bookworm", {}, {}, {}}) == VexMatch::kProduct);
  CHECK(Match({"pkg:deb/debian/openssl", "< 1.1.1n", {}, {}}) == VexMatch::kRange);
  CHECK(Match({"pkg:deb/debian/openssl", "vers:deb/>=3.0", {}, {}}) == VexMatch::kNone);
  CHECK(Match({"openssl", {}, {}, {}}) == VexMatch::kProduct);
  CHECK(Match({"opensslx", {}, {}, {}}) == VexMatch::kNone);
}

TEST_CASE("images are matched by digest, reference, repository and purl") {
  CHECK(Match({"sha256:aa", {}, {}, {}}) == VexMatch::kVersion);
  CHECK(Match({"registry.example:5000/shop/api:1.2", {}, {}, {}}) == VexMatch::kVersion);
  CHECK(Match({"registry.example:5000/shop/api:1.3", {}, {}, {}}) == VexMatch::kNone);
  CHECK(Match({"registry.example:5000/shop/api", {}, {}, {}}) == VexMatch::kProduct);
  CHECK(Match({"pkg:oci/api@sha256%3Aaa", {}, {}, {}}) == VexMatch::kVersion);
  CHECK(Match({"pkg:oci/api@sha256%3Abb", {}, {}, {}}) == VexMatch::kNone);
  CHECK(Match({"pkg:oci/api?repository_url=registry.example:5000/shop/api", {}, {}, {}}) ==
        VexMatch::kProduct);
  CHECK(Match({"pkg:oci/api?repository_url=registry.example:5000/shop", {}, {}, {}}) ==
        VexMatch::kProduct);
  CHECK(Match({"pkg:oci/api?repository_url=elsewhere/api", {}, {}, {}}) == VexMatch::kNone);
  CHECK(Match({"pkg:docker/shop/api@1.2", {}, {}, {}}) == VexMatch::kVersion);
  CHECK(Match({"pkg:docker/other/api", {}, {}, {}}) == VexMatch::kNone);
  CHECK(Match({"free name", {}, {}, {"sha256:aa"}}) == VexMatch::kVersion);
  CHECK(Match({"", {}, {}, {"sha256:bb"}}) == VexMatch::kNone);
  CHECK(Match({"", {}, {}, {}}) == VexMatch::kProduct);
}

TEST_CASE("with subcomponents both must fit: the product the place, the part the package") {
  const model::VexProduct in_image = {
      "registry.example:5000/shop/api", {}, {"pkg:deb/debian/openssl"}, {}};
  CHECK(Match(in_image) == VexMatch::kProduct);
  CHECK(Match({"registry.example:5000/shop/api", {}, {"pkg:deb/debian/zlib"}, {}}) ==
        VexMatch::kNone);
  CHECK(Match({"elsewhere", {}, {"pkg:deb/debian/openssl"}, {}}) == VexMatch::kNone);
  CHECK(Match({"", {}, {"pkg:deb/debian/openssl@1.1.1k-1"}, {}}) == VexMatch::kVersion);
  CHECK(Match({"pkg:golang/example.org/app@1.0", {}, {"pkg:deb/debian/openssl"}, {}},
              {"pkg:golang/example.org/app@1.0"}) == VexMatch::kVersion);
  CHECK(Match({"pkg:golang/example.org/app@2.0", {}, {"pkg:deb/debian/openssl"}, {}},
              {"pkg:golang/example.org/app@1.0"}) == VexMatch::kNone);
}

TEST_CASE("the newest statement holds, and other authors who disagree are named") {
  const std::string product = "pkg:deb/debian/openssl";
  const std::vector<VexStatement> statements = {
      Says(VexStatus::kAffected, product, "2026-01-02T00:00:00Z", "distributor"),
      Says(VexStatus::kNotAffected, product, "2026-01-03T00:00:00Z", "vendor"),
      Says(VexStatus::kUnderInvestigation, product, "2026-01-01T00:00:00Z", "vendor"),
      Says(VexStatus::kNotAffected, product, "2025-01-01T00:00:00Z", "third"),
      Says(VexStatus::kFixed, product, "", "fourth"),
  };
  const VexVerdict verdict = VexIndex(statements).Find(Vuln());
  CHECK(verdict.statement == &statements[1]);
  REQUIRE(verdict.conflicts.size() == 1);
  CHECK(verdict.conflicts[0] == &statements[0]);
}

TEST_CASE("aliases find a statement; another vulnerability or no product does not") {
  VexStatement by_alias = Says(VexStatus::kNotAffected, "sha256:aa", "2026-01-01", "a");
  by_alias.vulnerability = "GHSA-aaaa";
  VexStatement other = Says(VexStatus::kAffected, "sha256:aa", "2026-02-01", "b");
  other.vulnerability = "CVE-2024-2";
  const std::vector<VexStatement> statements = {by_alias, other,
                                                Says(VexStatus::kAffected, "", "2026-03-01", "c")};
  CHECK(VexIndex(statements).Find(Vuln()).statement == &statements[0]);
  CHECK(VexIndex(statements).Find(model::Finding()).statement == nullptr);
}

TEST_CASE("of equal times the cautious statement holds; fixed needs a version") {
  std::vector<VexStatement> statements = {
      Says(VexStatus::kNotAffected, "sha256:aa", "2026-01-01", "a"),
      Says(VexStatus::kAffected, "pkg:deb/debian/openssl", "2026-01-01", "b")};
  CHECK(VexIndex(statements).Find(Vuln()).statement->status == VexStatus::kAffected);
  statements = {Says(VexStatus::kFixed, "pkg:deb/debian/openssl", "2026-01-01", "a")};
  CHECK(VexIndex(statements).Find(Vuln()).statement == nullptr);
  statements = {Says(VexStatus::kFixed, "pkg:deb/debian/openssl@1.1.1k-1", "2026-01-01", "a")};
  CHECK(VexIndex(statements).Find(Vuln()).statement == &statements[0]);
}

TEST_CASE(
    "applying: not affected closes with its reason, affected keeps open, conflicts are told") {
  std::vector<VexStatement> statements = {
      Says(VexStatus::kNotAffected, "sha256:aa", "2026-01-02", "vendor"),
      Says(VexStatus::kAffected, "sha256:aa", "2026-01-01", "other")};
  statements[0].justification = model::VexJustification::kVulnerableCodeNotPresent;
  statements[0].document = "doc-1";
  std::vector<model::Finding> findings = {Vuln(), Vuln(), model::Finding()};
  findings[1].status = model::FindingStatus::kError;
  std::vector<model::Problem> problems;
  const VexCounts counts = ApplyVex(findings, VexIndex(statements), problems);
  CHECK(counts.suppressed == 1);
  CHECK(counts.conflicts == 1);
  REQUIRE(findings[0].suppressed.has_value());
  CHECK(findings[0].suppressed->by == "vex");
  CHECK(findings[0].suppressed->reason ==
        "not_affected: vulnerable_code_not_present, says vendor in doc-1");
  CHECK(findings[1].status == model::FindingStatus::kError);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].warning);
  // Applying again changes nothing.
  CHECK(ApplyVex(findings, VexIndex(statements), problems).suppressed == 0);
  std::vector<model::Finding> open = {Vuln()};
  statements[0].status = VexStatus::kAffected;
  CHECK(ApplyVex(open, VexIndex(statements), problems).confirmed == 1);
  CHECK(open[0].status == model::FindingStatus::kOpen);
}

TEST_CASE("decisions become statements that match their own finding again") {
  const VexStatement statement =
      StatementOf(Vuln(), {"not_affected", "vulnerable_code_not_in_execute_path", "only the client",
                           "security team", "2026-11-21T10:00:00Z"});
  CHECK(statement.status == VexStatus::kNotAffected);
  CHECK(statement.impact == "only the client");
  REQUIRE(statement.products.size() == 1);
  const std::vector<VexStatement> statements = {statement};
  CHECK(VexIndex(statements).Find(Vuln()).match == VexMatch::kVersion);
  CHECK(StatementOf(Vuln(), {"risk_accepted", "", "until spring", "", ""}).response ==
        "will_not_fix");
  CHECK(StatementOf(Vuln(), {"false_positive", "", "", "", ""}).justification ==
        model::VexJustification::kComponentNotPresent);
  CHECK(StatementOf(Vuln(), {"resolved", "", "", "", ""}).status == VexStatus::kFixed);
  CHECK(StatementOf(Vuln(), {"new", "", "", "", ""}).status == VexStatus::kUnderInvestigation);
  CHECK(StatementOf(Vuln(), {"triaged", "", "", "", ""}).status == VexStatus::kAffected);
  CHECK(StatementOf(model::Finding(), {}).vulnerability.empty());
}

TEST_CASE("merging joins products, drops repeats and does not depend on the order") {
  std::vector<VexStatement> statements = {Says(VexStatus::kNotAffected, "b", "2026-01-01", "a"),
                                          Says(VexStatus::kNotAffected, "a", "2026-01-01", "a"),
                                          Says(VexStatus::kAffected, "a", "2026-01-01", "a"),
                                          Says(VexStatus::kNotAffected, "b", "2026-01-01", "a")};
  const std::vector<VexStatement> merged = MergeStatements(statements);
  REQUIRE(merged.size() == 2);
  CHECK(merged[1].products.size() == 2);
  std::reverse(statements.begin(), statements.end());
  CHECK(MergeStatements(statements) == merged);
}

TEST_CASE("words of the three formats") {
  for (const VexStatus status : {VexStatus::kUnderInvestigation, VexStatus::kAffected,
                                 VexStatus::kNotAffected, VexStatus::kFixed}) {
    CHECK(model::ParseVexStatus(model::VexStatusName(status)) == status);
  }
  CHECK(model::ParseVexStatus("known_not_affected") == VexStatus::kNotAffected);
  CHECK(model::ParseVexStatus("exploitable") == VexStatus::kAffected);
  CHECK_FALSE(model::ParseVexStatus("maybe").has_value());
  CHECK(model::ParseVexJustification("code_not_reachable") ==
        model::VexJustification::kVulnerableCodeNotInExecutePath);
  CHECK(model::ParseVexJustification("") == model::VexJustification::kNone);
}
