// Reports for the tests of this module: small, and each for one situation.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "report/report.h"

namespace ouro::report::samples {

inline model::Report Empty() {
  model::Report report;
  report.run = {"0.1.0", "scan", {"shop"}, "default", "1.37", "2026-11-21T15:04:05Z"};
  report.decision.sentence = "clean: nothing was examined, no object was found in 0 files";
  report.decision.rule = "default: fail-on high";
  return report;
}

inline model::RuleInfo Rule(std::string id, std::string title, model::Severity severity) {
  model::RuleInfo rule;
  rule.id = std::move(id);
  rule.concept_name = "privileged";
  rule.title = std::move(title);
  rule.description = "A privileged container can do everything that the node can.";
  rule.remediation = "Remove privileged and add only the capabilities that the program needs.";
  rule.severity = severity;
  rule.aliases = {"checkov:CKV_K8S_16", "kubescape:C-0057"};
  rule.references = {"https://kubernetes.io/docs/concepts/security/pod-security-standards/"};
  rule.tags = {"pss:baseline", "cis:5.2.2"};
  return rule;
}

inline model::Finding Privileged() {
  model::Finding f;
  f.id = "0123456789abcdef0123456789abcdef";
  f.check = "OURO-K8S-0001";
  f.concept_name = "privileged";
  f.aliases = {"checkov:CKV_K8S_16", "kubescape:C-0057"};
  f.title = "Container runs privileged";
  f.resource = {"apps/v1", "Deployment", "shop", "web", "app"};
  f.field_path = "spec.template.spec.containers[app].securityContext.privileged";
  f.location.file = "shop/web.yaml";
  f.location.line = f.location.end_line = 14;
  f.location.column = 11;
  f.location.end_column = 27;
  f.location.start_offset = 310;
  f.location.end_offset = 326;
  f.location.json_path = "$.spec.template.spec.containers[0].securityContext.privileged";
  f.location.source_line = "          privileged: true";
  f.severity = model::Severity::kCritical;
  f.severity_source = "check";
  f.message = "container app is privileged";
  f.remediation = "Remove privileged and add only the capabilities that the program needs.";
  f.references = {"https://kubernetes.io/docs/concepts/security/pod-security-standards/"};
  f.fix = {{"set", f.location.json_path, "false"}};
  f.action = "block";
  return f;
}

inline model::Finding NoMemoryLimit() {
  model::Finding f;
  f.id = "11111111111111111111111111111111";
  f.check = "OURO-K8S-0042";
  f.concept_name = "memory-limit";
  f.title = "Memory is not limited";
  f.resource = {"apps/v1", "Deployment", "shop", "web", "app"};
  f.location.file = "shop/web.yaml";
  f.location.line = 10;
  f.location.end_line = 18;
  f.location.column = 9;
  f.location.end_column = 20;
  f.location.json_path = "$.spec.template.spec.containers[0]";
  f.location.source_line = "      - name: app";
  f.severity = model::Severity::kMedium;
  f.severity_source = "check";
  f.message = "container app has no memory limit";
  f.remediation = "Set resources.limits.memory to what the program needs at most.";
  f.count = 5;
  f.action = "observe";
  for (int i = 0; i < 4; ++i) {
    model::Location place = f.location;
    place.file = fmt::format("shop/copy{}.yaml", i);
    f.other_locations.push_back(place);
  }
  return f;
}

inline model::Finding SuppressedRole() {
  model::Finding f;
  f.id = "22222222222222222222222222222222";
  f.check = "OURO-RBAC-0003";
  f.title = "Role may read secrets";
  f.finding_class = model::FindingClass::kRbac;
  f.resource = {"rbac.authorization.k8s.io/v1", "ClusterRole", "", "reader", ""};
  f.location.file = "shop/rbac.yaml";
  f.location.line = f.location.end_line = 7;
  f.location.column = 14;
  f.location.end_column = 23;
  f.location.source_line = "  resources: [secrets]";
  f.severity = model::Severity::kHigh;
  f.message = f.title;
  f.status = model::FindingStatus::kSuppressed;
  f.suppressed = model::Suppression{"ouro.dev/ignore", "reviewed | by <security>", "2026-12-31"};
  return f;
}

inline model::Problem BrokenFile() {
  model::Problem p;
  p.kind = "parse";
  p.file = "shop/broken.yaml";
  p.line = 3;
  p.column = 7;
  p.message = "a mapping value is not allowed here; quote the text or indent it";
  return p;
}

inline model::Counts TypicalCounts() {
  model::Counts c;
  c.files = 7;
  c.files_examined = 5;
  c.files_excluded = 1;
  c.files_failed = 1;
  c.documents = 9;
  c.objects = c.objects_examined = 8;
  c.workloads = 3;
  c.bytes = 12'345;
  c.checks = 62;
  c.open = {0, 0, 1, 0, 1};
  c.suppressed = 1;
  c.not_examined = 1;
  return c;
}

inline model::Report Typical() {
  model::Report report = Empty();
  report.findings = {NoMemoryLimit(), Privileged(), SuppressedRole()};
  report.problems = {BrokenFile()};
  model::Problem duplicate = BrokenFile();
  duplicate.kind = "duplicate_key";
  duplicate.file = "shop/web.yaml";
  duplicate.line = 21;
  duplicate.document = 0;
  duplicate.object = "Deployment shop/web";
  duplicate.message = "the key \"labels\" is given twice; the last one counts";
  duplicate.warning = true;
  report.problems.push_back(duplicate);
  report.passed = {{"OURO-K8S-0002", {"v1", "Pod", "shop", "job", "main"}, "shop/job.yaml", 1}};
  report.rules = {Rule("OURO-K8S-0001", "Container runs privileged", model::Severity::kCritical),
                  Rule("OURO-K8S-0002", "Pod shares the host's network", model::Severity::kHigh)};
  report.counts = TypicalCounts();
  report.counts.passed = 1;
  report.decision = {
      "blocked",
      1,
      "blocked: 1 finding of severity high or above (fail-on high): 1 × Container runs "
      "privileged; first at shop/web.yaml:14",
      {"block: 1 finding of severity high or above (fail-on high)"},
      "default: fail-on high"};
  return report;
}

inline model::Report ProblemsOnly() {
  model::Report report = Empty();
  report.problems.assign(23, BrokenFile());
  for (size_t i = 0; i < report.problems.size(); ++i) {
    report.problems[i].file = fmt::format("shop/broken{}.yaml", i);
  }
  report.counts.files = report.counts.files_failed = report.counts.not_examined = 23;
  report.decision = {
      "incomplete",
      3,
      "incomplete: the policy of ouro.yaml fails closed (incomplete: block); 23 parts of "
      "the input were not examined",
      {},
      "ouro.yaml: incomplete block"};
  return report;
}

// Everything that a hostile or foreign input may hold.
inline model::Report Strange() {
  model::Report report = Empty();
  model::Finding f = Privileged();
  f.resource.name = "we\x1b[31mb</failure>]]>|`@team\"\n# x";
  f.resource.namespace_name = "größe";
  f.message = "bad bytes \xff\xfe and \x01 control, <b>markup</b>, $math$ and \xE2\x80\xAE bidi";
  f.location.file = "./a dir/ä:b#c?.yaml";
  f.location.source_line = "\t\tname: \"\xE6\xBC\xA2\xE5\xAD\x97\"\tprivileged: true";
  f.location.column = 14;
  f.location.end_column = 30;
  report.findings.push_back(f);
  model::Finding wide = Privileged();
  wide.id = "33333333333333333333333333333333";
  wide.location.file = "/abs/minified.json";
  wide.location.source_line =
      std::string(5'000, 'a') + "privileged: true" + std::string(5'000, 'b');
  wide.location.column = 5'001;
  wide.location.end_column = 5'017;
  report.findings.push_back(wide);
  model::Finding bare;
  bare.id = "44444444444444444444444444444444";
  bare.check = "kics:a1";
  bare.finding_class = model::FindingClass::kLint;
  bare.location.file = "Dockerfile";
  bare.severity = model::Severity::kInfo;
  bare.status = model::FindingStatus::kError;
  bare.action = "observe";
  report.findings.push_back(bare);
  model::Problem p;
  p.kind = "io";
  p.message = "the run was interrupted\nby \x1b]0;title\x07";
  report.problems.push_back(p);
  report.counts = TypicalCounts();
  report.counts.open = {1, 0, 0, 0, 2};
  report.counts.suppressed = 0;
  report.decision.verdict = "blocked";
  report.decision.exit_code = 1;
  report.decision.sentence = "blocked: 2 findings; first at ./a dir/ä:b#c?.yaml:14";
  return report;
}

inline model::Report WithBaseline() {
  model::Report report = Typical();
  report.findings[0].status = model::FindingStatus::kSuppressed;
  report.findings[0].suppressed = model::Suppression{"baseline", "known to the baseline", ""};
  report.findings[0].action.clear();
  report.findings[1].first_seen = "2026-11-01T00:00:00Z";
  report.findings[1].last_seen = "2026-11-21T15:04:05Z";
  report.counts.open = {0, 0, 0, 0, 1};
  report.counts.baseline = 1;
  return report;
}

// `count` findings over many objects, for limits and speed.
inline model::Report Large(int count) {
  model::Report report = Typical();
  report.findings.clear();
  for (int i = 0; i < count; ++i) {
    model::Finding f = i % 3 == 0 ? Privileged() : NoMemoryLimit();
    f.other_locations.clear();
    f.count = 1;
    f.id = fmt::format("{:032x}", i + 1);
    f.resource.name = fmt::format("web-{}", i / 4);
    f.location.file = fmt::format("shop/team-{}/web-{}.yaml", i % 17, i / 4);
    report.findings.push_back(std::move(f));
  }
  return report;
}

}  // namespace ouro::report::samples
