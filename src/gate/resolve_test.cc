#include "gate/resolve.h"

#include <doctest.h>

#include <random>
#include <vector>

#include "gate/gate_fixture.h"

namespace ouro::gate {
namespace {

using model::Severity;

model::Finding Vuln(const char* id, Severity severity, const char* purl, bool fixable = false) {
  model::Finding finding;
  finding.id = std::string("f-") + id;
  finding.finding_class = model::FindingClass::kVuln;
  finding.check = id;
  finding.concept_name = "vulnerable-package";
  finding.severity = severity;
  finding.vuln.Make().id = id;
  finding.package.Make().purl = purl;
  if (fixable) finding.vuln->fixed_in = "9.9";
  return finding;
}

struct Answer {
  std::string rule;
  Action action;
  size_t losers;
};

Answer Ask(const Policy& policy, const model::Finding& finding, const Subject& subject) {
  Resolver resolver(policy, subject, 0);
  Facts facts = FactsOf(finding);
  facts.cluster = subject.cluster;
  facts.environment = subject.environment;
  facts.application = subject.application;
  facts.subject_labels = &subject.labels;
  const Ruling& ruling = resolver.Resolve(facts);
  return {resolver.RuleName(ruling.winner.rule), ruling.winner.action, ruling.losers.size()};
}

constexpr const char* kPurl = "pkg:deb/debian/openssl@1.1.1k-1?arch=amd64";

TEST_CASE("four levels: floor, specificity, nearest level, stricter action, default") {
  const Policy policy = PolicyOf(R"(
fail_on: critical
rules:
- {name: global id, checks: [CVE-1], action: observe}
- {name: floor, checks: [CVE-2], action: react, locked: true}
- {name: global high, severity: high, action: react}
clusters:
- {cluster: eu, rules: [{name: eu package, packages: ["pkg:deb/debian/openssl"], action: block}]}
environments:
- environment: prod
  defaults: {low: react}
  rules:
  - {name: prod high, severity: high, action: block}
  - {name: prod high too, severity: high, action: observe}
applications:
- {application: shop, environment: prod, rules: [{name: shop all, severity: info, action: observe}]}
- {application: shop, rules: [{name: shop cve, checks: [CVE-2], action: observe}]}
- {application: fix, rules: [{name: fixable, severity: info, action: block-if-fixable}]}
- {application: heir, rules: [{name: heir, severity: medium, action: inherit}]}
)");
  struct Row {
    const char* id;
    Severity severity;
    const char* cluster;
    const char* environment;
    const char* application;
    bool fixable;
    const char* rule;
    Action action;
  };
  const Row rows[] = {
      // No level but the global one.
      {"CVE-1", Severity::kCritical, "", "", "", false, "global id", Action::kObserve},
      {"CVE-9", Severity::kHigh, "", "", "", false, "global high", Action::kReact},
      {"CVE-9", Severity::kMedium, "", "", "", false, "the defaults by severity", Action::kObserve},
      // A nearer level does not beat a more specific rule.
      {"CVE-1", Severity::kHigh, "eu", "prod", "shop", false, "global id", Action::kObserve},
      // A package beats a severity of a nearer level.
      {"CVE-9", Severity::kHigh, "eu", "prod", "", false, "eu package", Action::kBlock},
      // The nearest level, and in it the stricter of two.
      {"CVE-9", Severity::kHigh, "", "prod", "", false, "prod high", Action::kBlock},
      {"CVE-9", Severity::kHigh, "", "prod", "shop", false, "shop all", Action::kObserve},
      // The floor holds against a more specific and nearer rule.
      {"CVE-2", Severity::kLow, "", "", "shop", false, "floor", Action::kReact},
      // Defaults of the nearest level that has one.
      {"CVE-9", Severity::kLow, "", "prod", "", false, "the defaults by severity", Action::kReact},
      {"CVE-9", Severity::kLow, "", "dev", "", false, "the defaults by severity", Action::kObserve},
      // block-if-fixable
      {"CVE-9", Severity::kLow, "", "", "fix", true, "fixable", Action::kBlock},
      {"CVE-9", Severity::kLow, "", "", "fix", false, "fixable", Action::kObserve},
      // inherit: what the farther levels say.
      {"CVE-9", Severity::kHigh, "", "prod", "heir", false, "heir", Action::kBlock},
      {"CVE-9", Severity::kHigh, "", "dev", "heir", false, "heir", Action::kReact},
      {"CVE-9", Severity::kMedium, "", "dev", "heir", false, "heir", Action::kObserve},
  };
  for (const Row& row : rows) {
    CAPTURE(row.id);
    CAPTURE(row.rule);
    Subject subject;
    subject.cluster = row.cluster;
    subject.environment = row.environment;
    subject.application = row.application;
    const Answer answer = Ask(policy, Vuln(row.id, row.severity, kPurl, row.fixable), subject);
    CHECK(answer.rule == row.rule);
    CHECK(answer.action == row.action);
  }
}

TEST_CASE("expressions: true, false, and what cannot be evaluated") {
  const Policy policy = PolicyOf(R"(
fail_on: never
rules:
- name: shown
  when: "finding.package.name == 'openssl' && subject.environment == 'prod'"
  action: react
- {name: broken block, checks: [CVE-2], when: "finding.nothing.there == 1", action: block}
- {name: broken observe, checks: [CVE-2], when: "finding.nothing.there == 1", action: observe}
)");
  Subject prod;
  prod.environment = "prod";
  model::Finding finding = Vuln("CVE-1", Severity::kLow, kPurl);
  finding.package->name = "openssl";
  CHECK(Ask(policy, finding, prod).rule == "shown");
  CHECK(Ask(policy, finding, {}).action == Action::kObserve);
  finding.check = finding.vuln->id = "CVE-2";
  CHECK(Ask(policy, finding, {}).rule == "broken block");
  CHECK(Ask(policy, finding, {}).losers == 0);
}

// ---- generated ----------------------------------------------------------------------------------

using Random = std::mt19937;

template <typename T>
const T& Pick(Random& random, const std::vector<T>& values) {
  return values[random() % values.size()];
}

bool Chance(Random& random, unsigned percent) {
  return random() % 100 < percent;
}

const std::vector<std::string> kNames = {"CVE-1",     "CVE-2", "privileged", "checkov:CKV_1",
                                         "checkov:*", "CVE-?", "host-*",     ""};
const std::vector<std::string> kPlaces = {"a", "b", "prod", "dev-*", "*"};

Selector RandomSelector(Random& random) {
  Selector s;
  if (Chance(random, 30)) s.classes = {Pick<std::string>(random, {"vuln", "misconfig", "*"})};
  if (Chance(random, 40)) s.checks = {Pick(random, kNames), Pick(random, kNames)};
  if (Chance(random, 15)) s.findings = {"f-CVE-1", "f-x"};
  if (Chance(random, 20)) {
    s.packages = {{Pick<std::string>(random, {"pkg:deb/debian/openssl", "pkg:deb/*", "openssl"}),
                   Chance(random, 30) ? "<1.1.1n" : ""}};
  }
  if (Chance(random, 40)) s.severity_min = static_cast<Severity>(random() % 5);
  if (Chance(random, 15)) s.cvss_min = static_cast<double>(random() % 10);
  if (Chance(random, 15)) s.epss_min = 0.5;
  if (Chance(random, 15)) s.kev = Chance(random, 50);
  if (Chance(random, 15)) s.fixable = Chance(random, 50);
  if (Chance(random, 15)) s.is_new = Chance(random, 50);
  if (Chance(random, 10)) s.exposure = {"exposed", "unknown"};
  if (Chance(random, 15)) s.namespaces = {Pick(random, kPlaces)};
  if (Chance(random, 10)) s.kinds = {"Pod", "Deploy*"};
  if (Chance(random, 10)) s.stages = {"ci"};
  if (Chance(random, 10)) s.environments = {Pick(random, kPlaces)};
  if (Chance(random, 10)) s.labels = {"tier=web"};
  if (Chance(random, 10)) s.newer_than_days = 10;
  if (Chance(random, 10)) s.fix_age_days_min = 10;
  return s;
}

model::Finding RandomFinding(Random& random) {
  model::Finding finding = Vuln(Pick<const char*>(random, {"CVE-1", "CVE-2", "CVE-33"}),
                                static_cast<Severity>(random() % 5), kPurl, Chance(random, 40));
  if (Chance(random, 40)) {
    finding = model::Finding();
    finding.id = "f-x";
    finding.check = Pick<std::string>(random, {"OURO-1", "host-path"});
    finding.concept_name = Pick<std::string>(random, {"privileged", "other"});
    finding.severity = static_cast<Severity>(random() % 5);
  }
  if (Chance(random, 50)) finding.aliases = {"checkov:CKV_1"};
  finding.resource.namespace_name = Pick<std::string>(random, {"a", "b", "", "dev-1"});
  finding.resource.kind = Pick<std::string>(random, {"Pod", "Deployment", ""});
  finding.stage = Pick<std::string>(random, {"ci", "cd"});
  if (Chance(random, 50)) finding.first_seen = "1970-03-01T00:00:00Z";
  if (finding.vuln && Chance(random, 50)) finding.vuln->kev = true;
  if (finding.vuln && Chance(random, 50)) finding.vuln->epss = 0.7;
  if (finding.vuln && Chance(random, 50)) finding.vuln->cvss.push_back({"", 7.0, ""});
  return finding;
}

TEST_CASE("the index finds what the plain meaning finds") {
  Random random(11);
  const Subject subject;
  for (int turn = 0; turn < 60; ++turn) {
    std::vector<Selector> selectors;
    for (int i = 0; i < 150; ++i) selectors.push_back(RandomSelector(random));
    SelectorIndex index;
    for (size_t i = 0; i < selectors.size(); ++i) index.Add(selectors[i], i % 2 == 0);
    index.Seal();
    constexpr UnixSeconds kNow = 70 * 86'400;
    ConditionRunner runner(subject, kNow);
    for (int i = 0; i < 20; ++i) {
      const model::Finding finding = RandomFinding(random);
      Facts facts = FactsOf(finding);
      facts.is_new = Chance(random, 50);
      runner.SetFinding(facts);
      std::vector<SelectorMatch> found;
      index.Match(facts, kNow, runner, found);
      std::vector<SelectorMatch> expected;
      for (size_t s = 0; s < selectors.size(); ++s) {
        SelectorMatch match{static_cast<uint32_t>(s), Specificity::kNone, false};
        match.specificity =
            MatchSelector(selectors[s], s % 2 == 0, facts, kNow, runner, match.uncertain);
        if (match.specificity != Specificity::kNone) expected.push_back(match);
      }
      CHECK(found == expected);
    }
  }
}

Policy RandomPolicy(Random& random) {
  Policy policy;
  policy.fail_on = static_cast<Severity>(random() % 5);
  const auto rule = [&](Level level) {
    PolicyRule r;
    static_cast<Selector&>(r) = RandomSelector(random);
    r.name = "r" + std::to_string(random() % 1000);
    r.action = static_cast<Action>(random() % 3);
    r.locked = Chance(random, 15);
    if (!r.locked && level != Level::kGlobal && Chance(random, 20)) r.applies = Applies::kInherit;
    if (Chance(random, 10)) r.applies = Applies::kIfFixable;
    return r;
  };
  for (int i = 0; i < 8; ++i) policy.rules.push_back(rule(Level::kGlobal));
  for (const Level level : {Level::kCluster, Level::kEnvironment, Level::kApplication}) {
    PolicyLevel entry;
    entry.level = level;
    if (Chance(random, 50)) entry.environment = "prod";
    for (int i = 0; i < 4; ++i) entry.rules.push_back(rule(level));
    if (Chance(random, 30)) entry.defaults[random() % 5] = static_cast<Action>(random() % 3);
    policy.levels.push_back(entry);
  }
  return policy;
}

std::vector<PolicyRule*> AllRules(Policy& policy) {
  std::vector<PolicyRule*> rules;
  for (PolicyRule& rule : policy.rules) rules.push_back(&rule);
  for (PolicyLevel& level : policy.levels) {
    for (PolicyRule& rule : level.rules) rules.push_back(&rule);
  }
  return rules;
}

// One step stricter: a harder action, a lock, a lower threshold, a harder default.
void MakeStricter(Random& random, Policy& policy) {
  const std::vector<PolicyRule*> rules = AllRules(policy);
  PolicyRule& rule = *rules[random() % rules.size()];
  switch (random() % 4) {
    case 0:
      if (rule.applies != Applies::kInherit) rule.action = Action::kBlock;
      if (rule.applies == Applies::kIfFixable) rule.applies = Applies::kAlways;
      break;
    case 1:
      if (rule.applies != Applies::kInherit && rule.action == Action::kBlock) rule.locked = true;
      break;
    case 2:
      policy.fail_on = Severity::kInfo;
      break;
    default:
      for (PolicyLevel& level : policy.levels) {
        for (auto& action : level.defaults) {
          if (action) action = Action::kBlock;
        }
      }
  }
}

TEST_CASE("a stricter policy never judges more mildly") {
  Random random(5);
  Subject subject;
  subject.environment = "prod";
  int changed = 0;
  for (int turn = 0; turn < 400; ++turn) {
    const Policy policy = RandomPolicy(random);
    Policy stricter = policy;
    MakeStricter(random, stricter);
    for (int i = 0; i < 10; ++i) {
      const model::Finding finding = RandomFinding(random);
      const Action before = Ask(policy, finding, subject).action;
      const Action after = Ask(stricter, finding, subject).action;
      CHECK(after >= before);
      changed += after > before ? 1 : 0;
    }
  }
  CHECK(changed > 100);  // the steps do something
}

TEST_CASE("the order of rules and levels does not show") {
  Random random(9);
  Subject subject;
  subject.environment = "prod";
  for (int turn = 0; turn < 200; ++turn) {
    const Policy policy = RandomPolicy(random);
    Policy shuffled = policy;
    std::shuffle(shuffled.rules.begin(), shuffled.rules.end(), random);
    std::shuffle(shuffled.levels.begin(), shuffled.levels.end(), random);
    for (PolicyLevel& level : shuffled.levels) {
      std::shuffle(level.rules.begin(), level.rules.end(), random);
    }
    const model::Finding finding = RandomFinding(random);
    const Answer one = Ask(policy, finding, subject);
    const Answer two = Ask(shuffled, finding, subject);
    CHECK(one.action == two.action);
    CHECK(one.rule == two.rule);
    CHECK(one.losers == two.losers);
  }
}

}  // namespace
}  // namespace ouro::gate
