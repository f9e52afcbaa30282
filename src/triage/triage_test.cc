#include "triage/triage.h"

#include <doctest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "fmt/format.h"

namespace ouro::triage {
namespace {

using model::Finding;
using model::FindingStatus;
using model::Severity;

Finding Sample() {
  Finding f;
  f.check = "OURO-K8S-0001";
  f.concept_name = "privileged";
  f.aliases = {"checkov:CKV_K8S_16", "kubescape:C-0057"};
  f.title = "Container runs privileged";
  f.resource = {"apps/v1", "Deployment", "shop", "web", "app"};
  f.field_path = "spec.template.spec.containers[app].securityContext.privileged";
  f.location.file = "shop/web.yaml";
  f.location.line = 14;
  f.location.column = 23;
  f.severity = Severity::kCritical;
  return f;
}

Finding With(const std::function<void(Finding&)>& change) {
  Finding f = Sample();
  change(f);
  return f;
}

// Everything that folding may decide, as text, so that results can be compared.
std::string Describe(const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& f : findings) {
    out += fmt::format("{} {} {}:{}:{} n={} sev={} {} by={} also=", f.id, f.check, f.location.file,
                       f.location.line, f.location.column, f.count, static_cast<int>(f.severity),
                       static_cast<int>(f.status), f.suppressed ? f.suppressed->by : "");
    for (const auto& place : f.other_locations)
      out += fmt::format("{}:{} ", place.file, place.line);
    out += '\n';
  }
  return out;
}

TEST_CASE("the fingerprint is 32 hexadecimal digits and permanent") {
  const std::string id = Fingerprint(Sample());
  CHECK(id.size() == 32);
  CHECK(id.find_first_not_of("0123456789abcdef") == std::string::npos);
  // Stored baselines hold this value: a change of the tuple needs a new domain and a migration.
  CHECK(id == "0412c6cd4e15d461361386f26563aed6");
}

TEST_CASE("what does not enter the identity") {
  const std::vector<std::pair<const char*, std::function<void(Finding&)>>> rows = {
      {"severity", [](Finding& f) { f.severity = Severity::kLow; }},
      {"message", [](Finding& f) { f.message = "other words"; }},
      {"title", [](Finding& f) { f.title = "other words"; }},
      {"file", [](Finding& f) { f.location.file = "moved/web.yaml"; }},
      {"line", [](Finding& f) { f.location.line = 99; }},
      {"JSON path with index", [](Finding& f) { f.location.json_path = "$.spec.containers[3]"; }},
      {"served version", [](Finding& f) { f.resource.api_version = "apps/v1beta1"; }},
      {"aliases", [](Finding& f) { f.aliases.clear(); }},
      {"stage", [](Finding& f) { f.stage = "admission"; }},
      {"status", [](Finding& f) { f.status = FindingStatus::kSuppressed; }},
      {"count", [](Finding& f) { f.count = 7; }},
  };
  for (const auto& [name, change] : rows) {
    CAPTURE(name);
    CHECK(Fingerprint(With(change)) == Fingerprint(Sample()));
  }
}

TEST_CASE("what makes another finding") {
  const std::vector<std::pair<const char*, std::function<void(Finding&)>>> rows = {
      {"class", [](Finding& f) { f.finding_class = model::FindingClass::kLint; }},
      {"check", [](Finding& f) { f.check = "OURO-K8S-0002"; }},
      {"concept", [](Finding& f) { f.concept_name = "host-network"; }},
      {"group", [](Finding& f) { f.resource.api_version = "extensions/v1beta1"; }},
      {"kind", [](Finding& f) { f.resource.kind = "DaemonSet"; }},
      {"namespace", [](Finding& f) { f.resource.namespace_name = "prod"; }},
      {"name", [](Finding& f) { f.resource.name = "api"; }},
      {"container", [](Finding& f) { f.resource.container = "sidecar"; }},
      {"field", [](Finding& f) { f.field_path += "x"; }},
      {"text moved between fields",
       [](Finding& f) {
         f.resource.namespace_name = "shopw";
         f.resource.name = "eb";
       }},
  };
  for (const auto& [name, change] : rows) {
    CAPTURE(name);
    CHECK(Fingerprint(With(change)) != Fingerprint(Sample()));
  }
}

TEST_CASE("core objects have the empty group, whatever the version") {
  const auto core = [](const char* version) {
    return Fingerprint(With([&](Finding& f) { f.resource.api_version = version; }));
  };
  CHECK(core("v1") == core("v2"));
  CHECK(core("v1") != core("apps/v1"));
}

TEST_CASE("a finding about no object has its file as subject") {
  const auto in = [](const char* file) {
    return Fingerprint(With([&](Finding& f) {
      f.resource = {};
      f.location.file = file;
    }));
  };
  CHECK(in("a/Dockerfile") != in("b/Dockerfile"));
}

TEST_CASE("without a concept the check stands for it") {
  const auto bare = With([](Finding& f) { f.concept_name.clear(); });
  const auto named = With([](Finding& f) { f.concept_name = f.check; });
  CHECK(Fingerprint(bare) == Fingerprint(named));
}

TEST_CASE("findings that are fingerprinted together get what each gets alone") {
  std::vector<model::Finding> findings = {Sample(), Sample(), Sample(), Sample(), Sample()};
  findings[1].resource.name = "another";
  findings[2].concept_name = "another concept of the same check";
  findings[3].finding_class = model::FindingClass::kLint;
  findings[4].check = "OURO-K8S-9999";
  AssignFingerprints(findings);
  std::set<std::string> ids;
  for (const model::Finding& finding : findings) {
    CHECK(finding.id == Fingerprint(finding));
    ids.insert(finding.id);
  }
  CHECK(ids.size() == findings.size());
}

TEST_CASE("duplicates fold into the first place, counted, with the other places") {
  std::vector<Finding> findings(4, Sample());
  findings[0].location.file = "z.yaml";
  findings[1].location.file = "b.yaml";
  findings[2].location.file = "a.yaml";
  findings[3].location.file = "a.yaml";  // the same place twice is one place, two observations
  findings.push_back(With([](Finding& f) { f.resource.name = "api"; }));
  AssignFingerprints(findings);
  FoldDuplicates(findings);
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].location.file == "a.yaml");
  CHECK(findings[0].count == 4);
  REQUIRE(findings[0].other_locations.size() == 2);
  CHECK(findings[0].other_locations[0].file == "b.yaml");
  CHECK(findings[0].other_locations[1].file == "z.yaml");
  CHECK(findings[1].count == 1);
}

TEST_CASE("a suppression in one place does not hide the finding of another") {
  std::vector<Finding> findings(2, Sample());
  findings[0].location.file = "a.yaml";
  findings[0].status = FindingStatus::kSuppressed;
  findings[0].suppressed = model::Suppression{"ouro.dev/ignore", "", ""};
  findings[1].location.file = "b.yaml";
  AssignFingerprints(findings);
  FoldDuplicates(findings);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].status == FindingStatus::kOpen);
  CHECK(!findings[0].suppressed);
  CHECK(findings[0].location.file == "b.yaml");
  CHECK(findings[0].other_locations.at(0).file == "a.yaml");
}

TEST_CASE("findings without id stay apart, and at most 20 places are kept") {
  std::vector<Finding> findings(3, Sample());
  FoldDuplicates(findings);
  CHECK(findings.size() == 3);
  findings.assign(50, Sample());
  for (size_t i = 0; i < findings.size(); ++i)
    findings[i].location.line = static_cast<int64_t>(50 - i);
  AssignFingerprints(findings);
  FoldDuplicates(findings);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].count == 50);
  CHECK(findings[0].location.line == 1);
  CHECK(findings[0].other_locations.size() == kOtherLocationCountMax);
  CHECK(findings[0].other_locations.back().line == 21);
}

// A run with many near-equal findings, made from a seed.
std::vector<Finding> Generated(uint32_t seed) {
  std::mt19937 random(seed);
  const auto pick = [&](uint32_t n) { return static_cast<int>(random() % n); };
  std::vector<Finding> findings;
  for (int i = 0; i < 60; ++i) {
    Finding f = Sample();
    f.check = fmt::format("OURO-K8S-000{}", pick(3));
    f.resource.name = fmt::format("web{}", pick(4));
    f.location.file = fmt::format("{}.yaml", static_cast<char>('a' + pick(3)));
    f.location.line = pick(5) + 1;
    f.location.column = pick(2) + 1;
    f.severity = static_cast<Severity>(pick(5));
    f.message = fmt::format("m{}", pick(3));
    if (pick(3) == 0) {
      f.status = FindingStatus::kSuppressed;
      f.suppressed = model::Suppression{pick(2) == 0 ? "baseline" : "x", "", ""};
    }
    findings.push_back(std::move(f));
  }
  AssignFingerprints(findings);
  return findings;
}

TEST_CASE("folding and sorting do not depend on the order of the input and are idempotent") {
  for (uint32_t seed = 0; seed < 50; ++seed) {
    std::vector<Finding> original = Generated(seed);
    std::vector<Finding> folded = original;
    FoldDuplicates(folded);
    int64_t count = 0;
    for (const Finding& f : folded) count += f.count;
    CHECK(count == static_cast<int64_t>(original.size()));
    std::mt19937 random(seed);
    std::vector<Finding> shuffled = original;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    FoldDuplicates(shuffled);
    CHECK(Describe(shuffled) == Describe(folded));
    FoldDuplicates(shuffled);
    CHECK(Describe(shuffled) == Describe(folded));
    SortFindings(shuffled);
    CHECK(Describe(shuffled) == Describe(folded));
  }
}

TEST_CASE("folding parts first and the whole afterwards gives the same") {
  for (uint32_t seed = 0; seed < 50; ++seed) {
    std::vector<Finding> whole = Generated(seed);
    std::vector<Finding> pieces;
    std::mt19937 random(seed);
    for (size_t begin = 0; begin < whole.size();) {
      const size_t end = std::min(whole.size(), begin + 1 + random() % 40);
      std::vector<Finding> piece(whole.begin() + static_cast<std::ptrdiff_t>(begin),
                                 whole.begin() + static_cast<std::ptrdiff_t>(end));
      FoldDuplicates(piece);
      pieces.insert(pieces.end(), piece.begin(), piece.end());
      begin = end;
    }
    FoldDuplicates(whole);
    FoldDuplicates(pieces);
    CHECK(Describe(pieces) == Describe(whole));
  }
}

TEST_CASE("selectors") {
  Finding f = Sample();
  f.id = Fingerprint(f);
  struct Row {
    std::string selector;
    bool matches;
  };
  const std::vector<Row> rows = {
      {"OURO-K8S-0001", true},
      {"OURO-K8S-0002", false},
      {"checkov:CKV_K8S_16", true},
      {"checkov:CKV_K8S_1", false},
      {"CKV_K8S_16", false},
      {"privileged", true},
      {"privilege", false},
      {"*", true},
      {"checkov:*", true},
      {"trivy:*", false},
      {"OURO-*", true},
      {f.id, true},
      {"", false},
      {" OURO-K8S-0001 ", true},
      {"priv*", false},
      {"ouro-k8s-0001", false},
      {"checkov:CKV_K8S_?6", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.selector);
    CHECK(SelectorMatches(row.selector, f) == row.matches);
  }
  Finding imported;
  imported.check = "kics:a1";
  CHECK(SelectorMatches("kics:*", imported));
  CHECK_FALSE(SelectorMatches("", imported));
}

SuppressionRule Rule(std::string selector) {
  SuppressionRule rule;
  rule.by = "ouro.dev/ignore";
  rule.selector = std::move(selector);
  rule.reason = "known";
  return rule;
}

TEST_CASE("the scope of a suppression") {
  struct Row {
    const char* name;
    std::function<void(SuppressionRule&)> scope;
    bool matches;
  };
  const std::vector<Row> rows = {
      {"none", [](SuppressionRule&) {}, true},
      {"file", [](SuppressionRule& r) { r.file = "shop/web.yaml"; }, true},
      {"other file", [](SuppressionRule& r) { r.file = "web.yaml"; }, false},
      {"file is no glob", [](SuppressionRule& r) { r.file = "*"; }, false},
      {"file glob", [](SuppressionRule& r) { r.file_glob = "shop/*"; }, true},
      {"other file glob", [](SuppressionRule& r) { r.file_glob = "prod/*"; }, false},
      {"document", [](SuppressionRule& r) { r.document = 0; }, true},
      {"other document", [](SuppressionRule& r) { r.document = 1; }, false},
      {"line", [](SuppressionRule& r) { r.line = 14; }, true},
      {"other line", [](SuppressionRule& r) { r.line = 15; }, false},
      {"namespace", [](SuppressionRule& r) { r.resource.namespace_name = "sh*"; }, true},
      {"other namespace", [](SuppressionRule& r) { r.resource.namespace_name = "prod"; }, false},
      {"kind", [](SuppressionRule& r) { r.resource.kind = "Deployment"; }, true},
      {"name", [](SuppressionRule& r) { r.resource.name = "w?b"; }, true},
      {"other name", [](SuppressionRule& r) { r.resource.name = "api"; }, false},
      {"container", [](SuppressionRule& r) { r.container = "app"; }, true},
      {"other container", [](SuppressionRule& r) { r.container = "sidecar"; }, false},
      {"version", [](SuppressionRule& r) { r.resource.api_version = "apps/*"; }, true},
      {"all must hold",
       [](SuppressionRule& r) {
         r.file = "shop/web.yaml";
         r.line = 15;
       },
       false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    std::vector<SuppressionRule> rules = {Rule("*")};
    row.scope(rules[0]);
    std::vector<Finding> findings = {Sample()};
    std::vector<model::Problem> problems;
    ApplySuppressions(findings, rules, 0, problems);
    CHECK((findings[0].status == FindingStatus::kSuppressed) == row.matches);
    CHECK(rules[0].matched == (row.matches ? 1 : 0));
    CHECK(findings[0].suppressed.has_value() == row.matches);
    CHECK(problems.empty());
  }
}

TEST_CASE("a suppression holds to the end of its last day in UTC") {
  struct Row {
    const char* until;
    const char* now;
    bool holds;
  };
  const std::vector<Row> rows = {
      {"", "2026-11-21T12:00:00Z", true},
      {"2026-11-21", "2026-11-21T00:00:00Z", true},
      {"2026-11-21", "2026-11-21T23:59:59Z", true},
      {"2026-11-21", "2026-11-22T00:00:00Z", false},
      {"2026-11-20", "2026-11-21T12:00:00Z", false},
      {"2028-02-29", "2028-02-29T23:59:59Z", true},
      {"2026-11-21T08:00:00Z", "2026-11-21T20:00:00Z", true},
      {"1969-12-31", "1969-12-31T10:00:00Z", true},
      {"next week", "2026-11-21T12:00:00Z", false},
      {"2026-13-01", "2026-11-21T12:00:00Z", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.until);
    CAPTURE(row.now);
    std::vector<SuppressionRule> rules = {Rule("privileged")};
    rules[0].until = row.until;
    std::vector<Finding> findings = {Sample(), Sample()};
    std::vector<model::Problem> problems;
    ApplySuppressions(findings, rules, ParseRfc3339(row.now).value(), problems);
    CHECK((findings[0].status == FindingStatus::kSuppressed) == row.holds);
    REQUIRE(problems.size() == (row.holds ? 0 : 1));
    if (row.holds) continue;
    CHECK(problems[0].warning);
    CHECK(problems[0].message.find("2 findings open") != std::string::npos);
  }
}

TEST_CASE(
    "the first rule that holds wins; an expired one is told only where it leaves something open") {
  std::vector<SuppressionRule> rules = {Rule("*"), Rule("privileged"), Rule("OURO-K8S-0001")};
  rules[0].until = "2020-01-01";
  rules[1].by = "checkov.io/skip";
  std::vector<Finding> findings = {Sample()};
  std::vector<model::Problem> problems;
  ApplySuppressions(findings, rules, 1'800'000'000, problems);
  REQUIRE(findings[0].suppressed);
  CHECK(findings[0].suppressed->by == "checkov.io/skip");
  CHECK(findings[0].suppressed->reason == "known");
  CHECK(rules[1].matched == 1);
  CHECK(rules[2].matched == 0);
  CHECK(problems.empty());
}

TEST_CASE("rules bound to a file keep their place among the others") {
  std::vector<SuppressionRule> rules = {Rule("nothing"), Rule("*"), Rule("*")};
  rules[1].by = "first";
  rules[2].by = "second";
  for (const bool bound_first : {true, false}) {
    rules[1].file = bound_first ? "shop/web.yaml" : "";
    rules[2].file = bound_first ? "" : "shop/web.yaml";
    std::vector<Finding> findings = {Sample()};
    std::vector<model::Problem> problems;
    ApplySuppressions(findings, rules, 0, problems);
    CHECK(findings[0].suppressed->by == "first");
  }
}

TEST_CASE("a baseline hides what it knows and leaves other suppressions alone") {
  std::vector<Finding> findings = {Sample(), With([](Finding& f) { f.resource.name = "api"; }),
                                   Sample()};
  AssignFingerprints(findings);
  findings[2].status = FindingStatus::kSuppressed;
  findings[2].suppressed = model::Suppression{"ouro.dev/ignore", "why", ""};
  ApplyBaseline(findings, {findings[0].id});
  CHECK(findings[0].suppressed->by == "baseline");
  CHECK(findings[1].status == FindingStatus::kOpen);
  CHECK(findings[2].suppressed->by == "ouro.dev/ignore");
  model::Counts counts;
  std::vector<model::Problem> problems(3);
  problems[1].warning = true;
  CountFindings(findings, problems, counts);
  CHECK(counts.open[static_cast<size_t>(Severity::kCritical)] == 1);
  CHECK(counts.suppressed == 1);
  CHECK(counts.baseline == 1);
  CHECK(counts.not_examined == 2);
}

}  // namespace
}  // namespace ouro::triage
