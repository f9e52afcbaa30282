#include "triage/priority.h"

#include <algorithm>
#include <array>
#include <numeric>

#include <doctest.h>

#include "triage/ssvc.h"

using namespace ouro;
using namespace ouro::triage;
using model::Answer;
using model::TechnicalImpact;

namespace {

model::Finding Vuln(model::Severity severity = model::Severity::kHigh) {
  model::Finding finding;
  finding.finding_class = model::FindingClass::kVuln;
  finding.severity = severity;
  finding.vuln.Make().id = "CVE-2026-1";
  return finding;
}

PriorityInput Input(Answer kev, Exposure exposure, Answer automatable, TechnicalImpact impact) {
  PriorityInput input;
  input.facts.kev = kev;
  input.facts.automatable = automatable;
  input.facts.technical_impact = impact;
  input.exposure.exposure = exposure;
  input.now = 1'795'000'000;
  return input;
}

int Sum(const model::Judgement& judgement) {
  return std::accumulate(judgement.why.begin(), judgement.why.end(), 0,
                         [](int sum, const model::Reason& r) { return sum + r.weight; });
}

const model::Reason* Term(const model::Judgement& judgement, std::string_view term) {
  for (const model::Reason& reason : judgement.why) {
    if (reason.term == term) return &reason;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("a vulnerability gets the timeline of BOD 26-04 and the points of its band") {
  const auto judge = [](Answer kev, Exposure exposure, Answer automatable, TechnicalImpact impact) {
    return Prioritise(Vuln(), Input(kev, exposure, automatable, impact));
  };
  const model::Judgement calm =
      judge(Answer::kNo, Exposure::kNotExposed, Answer::kNo, TechnicalImpact::kTotal);
  CHECK(calm.outcome == "fix on system upgrade");
  CHECK(calm.priority == 12);
  const model::Judgement grave =
      judge(Answer::kYes, Exposure::kExposed, Answer::kYes, TechnicalImpact::kTotal);
  CHECK(grave.outcome == "3 days & forensic investigation");
  CHECK(grave.priority == 92);
  CHECK(judge(Answer::kNo, Exposure::kExposed, Answer::kNo, TechnicalImpact::kPartial).outcome ==
        "60 days");
  CHECK(grave.exposure == "exposed");
}

TEST_CASE("the priority is the sum of its terms, and a graver timeline always comes first") {
  int last_best = 0;
  for (const int outcome : {0, 1, 2, 3, 4}) {
    int best = 0;
    int worst = 100;
    for (int bits = 0; bits < 16; ++bits) {
      const auto answer = [bits](int bit) { return (bits >> bit & 1) != 0; };
      PriorityInput input = Input(answer(0) ? Answer::kYes : Answer::kNo,
                                  answer(1) ? Exposure::kExposed : Exposure::kNotExposed,
                                  answer(2) ? Answer::kYes : Answer::kNo,
                                  answer(3) ? TechnicalImpact::kTotal : TechnicalImpact::kPartial);
      const SsvcTable& table = *FindSsvcTable("bod-26-04");
      const size_t row = static_cast<size_t>((bits & 1) * 8 + (bits >> 1 & 1) * 4 +
                                             (bits >> 2 & 1) * 2 + (bits >> 3 & 1));
      if (table.rows[row] - '0' != outcome) continue;
      for (const double epss : {-1.0, 0.0, 0.4, 1.0}) {
        for (int severity = 0; severity < model::kSeverityCount; ++severity) {
          input.facts.epss = epss;
          input.facts.ransomware = epss > 0.5;
          input.reachability = {
              {epss > 0.5 ? Reachability::kRuntime : Reachability::kUnknown, "s", 1}};
          const model::Judgement judgement =
              Prioritise(Vuln(static_cast<model::Severity>(severity)), input);
          CHECK(judgement.priority == Sum(judgement));
          best = std::max(best, judgement.priority);
          worst = std::min(worst, judgement.priority);
        }
      }
    }
    CHECK(worst > last_best);
    last_best = best;
  }
  CHECK(last_best == 100);
}

TEST_CASE("unknown never lowers: no known answer gives more than the unknown one") {
  const std::array answers = {Answer::kNo, Answer::kYes};
  const std::array impacts = {TechnicalImpact::kPartial, TechnicalImpact::kTotal};
  const std::array exposures = {Exposure::kNotExposed, Exposure::kExposed};
  for (const Answer kev : answers) {
    for (const Answer automatable : answers) {
      for (const TechnicalImpact impact : impacts) {
        for (const Exposure exposure : exposures) {
          const int known = Prioritise(Vuln(), Input(kev, exposure, automatable, impact)).priority;
          CHECK(Prioritise(Vuln(), Input(kev, Exposure::kUnknown, automatable, impact)).priority >=
                known);
          CHECK(Prioritise(Vuln(), Input(kev, exposure, Answer::kUnknown, impact)).priority >=
                known);
          CHECK(Prioritise(Vuln(), Input(kev, exposure, automatable, TechnicalImpact::kUnknown))
                    .priority >= known);
        }
      }
    }
  }
  const model::Judgement unknown = Prioritise(Vuln(), {});
  CHECK(unknown.outcome == "3 days");
  CHECK(Term(unknown, "exposure")->value == "unknown");
  CHECK(Term(unknown, "automatable")->text ==
        "not known whether exploitation can be automated; taken as yes");
  CHECK(Term(unknown, "kev")->text.find("ouro db update") != std::string::npos);
}

TEST_CASE("a CVSS vector may rule out automation, never prove it") {
  CHECK(AutomatableByCvss("CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H") == Answer::kNo);
  CHECK(AutomatableByCvss("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H") == Answer::kNo);
  CHECK(AutomatableByCvss("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H") == Answer::kUnknown);
  CHECK(AutomatableByCvss("CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H") == Answer::kUnknown);
  CHECK(AutomatableByCvss("CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N") ==
        Answer::kNo);
  CHECK(AutomatableByCvss("AV:N/AC:L/Au:S/C:P/I:P/A:P") == Answer::kNo);
  CHECK(AutomatableByCvss("AV:N/AC:L/Au:N/C:P/I:P/A:P") == Answer::kUnknown);
  CHECK(AutomatableByCvss("") == Answer::kUnknown);
  model::Finding finding = Vuln();
  finding.vuln->cvss = {{"CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", -1, "nvd"}};
  CHECK(Prioritise(finding, {}).outcome == "14 days");
}

TEST_CASE("what the report says of exploitation counts without any feed") {
  model::Finding finding = Vuln();
  finding.vuln->kev = true;
  CHECK(Prioritise(finding, {}).outcome == "3 days & forensic investigation");
  finding.vuln->epss = 0.9;
  CHECK(Term(Prioritise(finding, {}), "epss")->weight == 5);
}

TEST_CASE(
    "of several verdicts any proof of use wins; unreachable needs a source and a fresh look") {
  constexpr UnixSeconds kNow = 1'795'000'000;
  const ReachabilityFact unreachable = {Reachability::kUnreachable, "callgraph", kNow - 86'400};
  const ReachabilityFact loaded = {Reachability::kPackageLoaded, "sensor", kNow - 8'640'000};
  CHECK(CombineReachability({unreachable, loaded}, kNow) == loaded);
  CHECK(CombineReachability({unreachable, {}}, kNow) == unreachable);
  CHECK(CombineReachability({{Reachability::kUnreachable, "", kNow}}, kNow).verdict ==
        Reachability::kUnknown);
  CHECK(CombineReachability({{Reachability::kUnreachable, "callgraph", kNow - 31 * 86'400}}, kNow)
            .verdict == Reachability::kUnknown);
  CHECK(CombineReachability({{Reachability::kUnreachable, "callgraph", 0}}, kNow).verdict ==
        Reachability::kUnknown);
  CHECK(CombineReachability({}, kNow).verdict == Reachability::kUnknown);
}

TEST_CASE("unreachable lowers but never closes, and the timeline stays") {
  PriorityInput input =
      Input(Answer::kNo, Exposure::kNotExposed, Answer::kNo, TechnicalImpact::kPartial);
  input.reachability = {{Reachability::kUnreachable, "callgraph", input.now}};
  const model::Judgement judgement = Prioritise(Vuln(), input);
  CHECK(judgement.priority == 1);
  CHECK(judgement.outcome == "fix on system upgrade");
  CHECK(Term(judgement, "reachability")->text.find("callgraph") != std::string::npos);
}

TEST_CASE("other classes: severity, class, concept, exposure, stages") {
  model::Finding finding;
  finding.severity = model::Severity::kCritical;
  finding.concept_name = "privileged";
  CHECK(Prioritise(finding, {}).priority == 82);
  PriorityInput input;
  input.exposure = {Exposure::kExposed, "Ingress shop/web leads to Service shop/web"};
  CHECK(Prioritise(finding, input).priority == 92);
  input.exposure.exposure = Exposure::kNotExposed;
  CHECK(Prioritise(finding, input).priority == 74);
  input.stage_count = 4;
  CHECK(Prioritise(finding, input).priority == 80);
  input.stage = StageVerdict::kBlockedNeverRan;
  CHECK(Prioritise(finding, input).priority == 60);
  finding.concept_name = "labels-missing";
  finding.severity = model::Severity::kInfo;
  finding.finding_class = model::FindingClass::kLint;
  CHECK(Prioritise(finding, input).priority == 1);
  CHECK(Prioritise(finding, input).outcome.empty());
}

TEST_CASE("a suppressed finding has no priority but keeps its reasons") {
  model::Finding finding = Vuln();
  finding.status = model::FindingStatus::kSuppressed;
  const model::Judgement judgement = Prioritise(finding, {});
  CHECK(judgement.priority == 0);
  CHECK_FALSE(judgement.why.empty());
}

TEST_CASE("what an engine knows already is used where the input knows nothing") {
  model::Finding finding = Vuln();
  finding.judgement.Make().exposure = "not_exposed";
  finding.judgement->reachability = "runtime";
  const model::Judgement judgement = Prioritise(finding, {});
  CHECK(judgement.exposure == "not_exposed");
  CHECK(judgement.reachability == "runtime");
  finding.judgement->reachability = "unreachable";
  CHECK(Prioritise(finding, {}).reachability == "unknown");
}
