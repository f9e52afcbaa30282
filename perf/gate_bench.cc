// A decision over many findings and rules: CPU time of gate::Decide alone, and of a whole line of
// `ouro gate --batch` (reading the request, deciding, writing the record with its hashes).
//
//   gate_bench [findings] [rules] [rounds]      default: 10000 1000 9
#include <ctime>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "gate/decision.h"
#include "gate/record.h"

using namespace ouro;

namespace {

using Random = std::mt19937;

double CpuMilliseconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

gate::InputFinding MakeFinding(Random& random, int number) {
  gate::InputFinding input;
  model::Finding& finding = input.finding;
  finding.id = fmt::format("{:032x}", number);
  finding.severity = static_cast<model::Severity>(random() % 5);
  finding.resource = {"apps/v1", "Deployment", fmt::format("ns-{}", random() % 200),
                      fmt::format("web-{}", random() % 2000), "app"};
  finding.location.file = fmt::format("deploy/{}.yaml", random() % 500);
  finding.location.line = static_cast<int64_t>(random() % 400);
  finding.first_seen = "2026-10-01T00:00:00Z";
  if (random() % 10 < 7) {
    finding.finding_class = model::FindingClass::kVuln;
    finding.check = fmt::format("CVE-2026-{}", random() % 5000);
    model::Vuln& vuln = finding.vuln.Make();
    vuln.id = finding.check;
    vuln.epss = static_cast<double>(random() % 1000) / 1000;
    vuln.kev = random() % 100 == 0;
    vuln.cvss.push_back({"", static_cast<double>(random() % 100) / 10, "nvd"});
    if (random() % 2 == 0) vuln.fixed_in = "2.0";
    model::Package& package = finding.package.Make();
    package.name = fmt::format("package-{}", random() % 800);
    package.version = fmt::format("1.{}.0", random() % 20);
    package.purl = fmt::format("pkg:deb/debian/{}@{}?arch=amd64", package.name, package.version);
  } else {
    finding.check = fmt::format("OURO-K8S-{:04}", random() % 120);
    finding.concept_name = fmt::format("concept-{}", random() % 120);
    finding.aliases = {fmt::format("checkov:CKV_K8S_{}", random() % 120),
                       fmt::format("trivy:KSV-{:04}", random() % 120)};
  }
  return input;
}

gate::PolicyRule MakeRule(Random& random, int number) {
  gate::PolicyRule rule;
  rule.name = fmt::format("rule {}", number);
  rule.action = static_cast<gate::Action>(random() % 3);
  switch (random() % 8) {
    case 0:
    case 1:
    case 2:
      rule.checks = {fmt::format("CVE-2026-{}", random() % 5000)};
      break;
    case 3:
      rule.checks = {fmt::format("concept-{}", random() % 120)};
      break;
    case 4:
      rule.packages = {{fmt::format("pkg:deb/debian/package-{}", random() % 800), "<1.9"}};
      break;
    case 5:
      rule.namespaces = {fmt::format("ns-{}*", random() % 200)};
      rule.severity_min = static_cast<model::Severity>(random() % 5);
      break;
    case 6:
      rule.classes = {"vuln"};
      rule.epss_min = 0.9;
      rule.namespaces = {fmt::format("ns-{}", random() % 200)};
      break;
    default:
      rule.kinds = {"Deployment"};
      rule.namespaces = {fmt::format("ns-{}", random() % 200)};
      rule.kev = true;
  }
  return rule;
}

double Median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const int findings = argc > 1 ? std::atoi(argv[1]) : 10'000;
  const int rules = argc > 2 ? std::atoi(argv[2]) : 1'000;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 9;
  Random random(1);
  gate::Request request;
  request.now = 1'790'000'000;
  request.subject.environment = "prod";
  for (int i = 0; i < findings; ++i) request.findings.push_back(MakeFinding(random, i));
  for (int i = 0; i < rules; ++i) request.policy.rules.push_back(MakeRule(random, i));
  gate::Canonicalize(request);
  std::string line;
  gate::AppendRequest(line, request);
  std::vector<double> decide;
  std::vector<double> batch;
  size_t bytes = 0;
  int64_t blocked = 0;
  for (int i = 0; i < rounds; ++i) {
    const double start = CpuMilliseconds();
    const auto outcome = gate::Decide(request);
    decide.push_back(CpuMilliseconds() - start);
    if (!outcome) return 1;
    blocked = std::count_if(
        outcome->findings.begin(), outcome->findings.end(),
        [](const gate::FindingOutcome& one) { return one.action == gate::Action::kBlock; });
    const double again = CpuMilliseconds();
    bytes = gate::AnswerBatchLine(line, nullptr).size();
    batch.push_back(CpuMilliseconds() - again);
  }
  fmt::print("{} findings, {} rules, {} blocked\n", findings, rules, blocked);
  fmt::print("decide      {:8.2f} ms CPU (median of {}, best {:.2f})\n", Median(decide), rounds,
             *std::min_element(decide.begin(), decide.end()));
  fmt::print("batch line  {:8.2f} ms CPU ({} bytes in, {} bytes out)\n", Median(batch), line.size(),
             bytes);
  return 0;
}
