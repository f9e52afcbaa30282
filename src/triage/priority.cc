#include "triage/priority.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include <fmt/format.h>

#include "triage/cvss.h"
#include "triage/cvss_metrics.h"
#include "triage/ssvc.h"

namespace ouro::triage {
namespace {

using model::Answer;
using model::Finding;
using model::FindingClass;
using model::Judgement;
using model::Severity;
using model::TechnicalImpact;

// Points of the outcomes of BOD 26-04, mildest first. A band is 10 wide and what orders within it
// adds at most that much, so that no ordering term lifts a finding over the next timeline.
constexpr std::array kBands = {10, 30, 55, 75, 90};
constexpr int kEpssPoints = 5;                           // times the probability, rounded
constexpr std::array kSeverityPoints = {0, 0, 1, 2, 3};  // info … critical
constexpr int kRansomwarePoints = 1;
constexpr int kUsedPoints = 1;  // runtime, static or loaded
constexpr int kUnreachablePoints = -15;

// Of findings that are no vulnerabilities.
constexpr std::array kSeverityBase = {3, 15, 30, 50, 70};  // info … critical
constexpr int kExposedPoints = 10;
constexpr int kNotExposedPoints = -8;
constexpr int kStagePoints = 3;  // for each further stage, at most twice

class Terms {
 public:
  explicit Terms(Judgement& judgement) : judgement_(&judgement) {}
  void Add(std::string_view term, std::string_view value, int weight, std::string text) {
    judgement_->why.push_back({std::string(term), std::string(value), weight, std::move(text)});
    sum_ += weight;
  }
  int sum() const { return sum_; }

 private:
  Judgement* judgement_;
  int sum_ = 0;
};

std::string_view AnswerName(Answer answer) {
  switch (answer) {
    case Answer::kUnknown:
      return "unknown";
    case Answer::kNo:
      return "no";
    case Answer::kYes:
      return "yes";
  }
  return {};
}

std::string From(const PriorityInput& input) {
  return input.feed.empty() ? std::string() : fmt::format(" ({})", input.feed);
}

// Adds the KEV term and returns the input of the table: "yes" or "no".
std::string KevInput(const Finding& finding, const PriorityInput& input, Terms& terms) {
  const bool told = finding.vuln && finding.vuln->kev;
  if (input.facts.kev == Answer::kYes || told) {
    terms.Add("kev", "listed", 0,
              input.facts.kev == Answer::kYes
                  ? fmt::format("it is listed as known exploited{}", From(input))
                  : "the report says that it is known to be exploited");
    return "yes";
  }
  if (input.facts.kev == Answer::kNo) {
    terms.Add("kev", "not listed", 0,
              fmt::format("it is not listed as known exploited{}", From(input)));
  } else {
    terms.Add("kev", "unknown", 0,
              "no catalogue of known exploited vulnerabilities was read, so it counts as not "
              "listed; ouro db update fetches one");
  }
  return "no";
}

std::string ExposedInput(const ExposureVerdict& exposure, Terms& terms) {
  const std::string why = exposure.why.empty() ? std::string() : ": " + exposure.why;
  switch (exposure.exposure) {
    case Exposure::kExposed:
      terms.Add("exposure", "exposed", 0, "reachable from outside" + why);
      return "yes";
    case Exposure::kNotExposed:
      terms.Add("exposure", "not exposed", 0, "not reachable from outside" + why);
      return "no";
    case Exposure::kUnknown:
      break;
  }
  terms.Add("exposure", "unknown", 0,
            fmt::format("not known whether it is reachable from outside{}; taken as exposed", why));
  return {};
}

std::string AutomatableInput(const Finding& finding, const PriorityInput& input, Terms& terms) {
  if (input.facts.automatable != Answer::kUnknown) {
    const std::string_view name = AnswerName(input.facts.automatable);
    terms.Add("automatable", name, 0,
              fmt::format("exploitation {} be automated{}",
                          input.facts.automatable == Answer::kYes ? "can" : "cannot", From(input)));
    return std::string(name);
  }
  std::string vector = input.facts.cvss;
  if (vector.empty() && finding.vuln) {
    const CvssChoice choice = ChooseCvss(finding.vuln->cvss);
    if (choice.rating != nullptr) vector = choice.rating->vector;
  }
  if (AutomatableByCvss(vector) == Answer::kNo) {
    terms.Add("automatable", "no", 0,
              fmt::format("by its CVSS vector {} an attack needs more than the network", vector));
    return "no";
  }
  terms.Add("automatable", "unknown", 0,
            "not known whether exploitation can be automated; taken as yes");
  return {};
}

std::string ImpactInput(const PriorityInput& input, Terms& terms) {
  switch (input.facts.technical_impact) {
    case TechnicalImpact::kPartial:
      terms.Add("technical impact", "partial", 0,
                fmt::format("it gives partial control{}", From(input)));
      return "partial";
    case TechnicalImpact::kTotal:
      terms.Add("technical impact", "total", 0,
                fmt::format("it gives total control{}", From(input)));
      return "total";
    case TechnicalImpact::kUnknown:
      break;
  }
  terms.Add("technical impact", "unknown", 0, "technical impact not known; taken as total");
  return {};
}

void AddReachability(const ReachabilityFact& fact, Terms& terms) {
  const std::string when = fact.at > 0 ? " at " + FormatRfc3339(fact.at) : std::string();
  switch (fact.verdict) {
    case Reachability::kRuntime:
      terms.Add("reachability", "runtime", kUsedPoints,
                fmt::format("{} saw it run{}", fact.source, when));
      return;
    case Reachability::kStatic:
      terms.Add("reachability", "static", kUsedPoints,
                fmt::format("{} found a call that leads to it{}", fact.source, when));
      return;
    case Reachability::kPackageLoaded:
      terms.Add("reachability", "package_loaded", kUsedPoints,
                fmt::format("{} saw its package loaded{}", fact.source, when));
      return;
    case Reachability::kUnreachable:
      terms.Add("reachability", "unreachable", kUnreachablePoints,
                fmt::format("{} found nothing that leads to it{}", fact.source, when));
      return;
    case Reachability::kUnknown:
      break;
  }
  terms.Add("reachability", "unknown", 0, "not known whether it is used; nothing is taken off");
}

ExposureVerdict ExposureOf(const Finding& finding, const PriorityInput& input) {
  if (input.exposure.exposure != Exposure::kUnknown || !finding.judgement) return input.exposure;
  const Exposure own = ParseExposure(finding.judgement->exposure);
  return own == Exposure::kUnknown ? input.exposure : ExposureVerdict{own, {}};
}

int SumOfVuln(const Finding& finding, const PriorityInput& input, const ExposureVerdict& exposure,
              const ReachabilityFact& reachability, Judgement& judgement) {
  Terms terms(judgement);
  const std::vector<SsvcInput> inputs = {{"in kev", KevInput(finding, input, terms)},
                                         {"publicly exposed", ExposedInput(exposure, terms)},
                                         {"automatable", AutomatableInput(finding, input, terms)},
                                         {"technical impact", ImpactInput(input, terms)}};
  const Result<SsvcAnswer> answer = DecideSsvc(*FindSsvcTable("bod-26-04"), inputs);
  OURO_CHECK(answer.has_value());  // the inputs above are the table's own words
  judgement.outcome = std::string(answer->outcome);
  terms.Add("timeline", judgement.outcome, kBands[static_cast<size_t>(answer->number)],
            fmt::format("CISA BOD 26-04 gives it: {}", judgement.outcome));
  const double epss =
      input.facts.epss >= 0 ? input.facts.epss : (finding.vuln ? finding.vuln->epss : -1);
  if (epss >= 0) {
    terms.Add("epss", fmt::format("{:.4f}", epss),
              static_cast<int>(std::lround(epss * kEpssPoints)),
              fmt::format("probability of exploitation within 30 days: {:.1f} %", epss * 100));
  } else {
    terms.Add("epss", "unknown", 0, "no probability of exploitation is known");
  }
  terms.Add("severity", model::SeverityName(finding.severity),
            kSeverityPoints[static_cast<size_t>(finding.severity)],
            fmt::format("severity {}", model::SeverityName(finding.severity)));
  if (input.facts.ransomware) {
    terms.Add("ransomware", "yes", kRansomwarePoints,
              fmt::format("ransomware is known to use it{}", From(input)));
  }
  AddReachability(reachability, terms);
  return terms.sum();
}

// Weight of a class and why.
struct ClassTerm {
  int weight = 0;
  std::string_view text;
};

ClassTerm TermOfClass(FindingClass value) {
  switch (value) {
    case FindingClass::kMalware:
      return {20, "malicious code is there already"};
    case FindingClass::kRuntime:
      return {15, "it happened, it is not only possible"};
    case FindingClass::kSecret:
      return {10, "a credential is known to whoever reads the place"};
    case FindingClass::kProbe:
      return {8, "a probe has shown it from outside"};
    case FindingClass::kRbac:
      return {3, "a right that can be used at once"};
    case FindingClass::kLicence:
      return {-10, "a matter of law, not of attack"};
    case FindingClass::kLint:
      return {-10, "a matter of style"};
    case FindingClass::kMisconfig:
    case FindingClass::kVuln:
    case FindingClass::kBench:
    case FindingClass::kNetpol:
      break;
  }
  return {};
}

void AddStages(const PriorityInput& input, Terms& terms) {
  if (input.stage_count > 1) {
    const int further = static_cast<int>(std::min<int64_t>(input.stage_count - 1, 2));
    terms.Add("stages", fmt::format("{}", input.stage_count), further * kStagePoints,
              fmt::format("{} stages of delivery saw it", input.stage_count));
  }
  switch (input.stage) {
    case StageVerdict::kNone:
      return;
    case StageVerdict::kFixNotDeployed:
      terms.Add("stage", "fix not deployed", 0, "it is fixed in the source but still runs");
      return;
    case StageVerdict::kDrift:
      terms.Add("stage", "drift", 5, "only the live state has it: nobody reviewed it");
      return;
    case StageVerdict::kBlockedNeverRan:
      terms.Add("stage", "blocked", -20, "admission refused it: it never ran");
      return;
  }
}

int SumOfOther(const Finding& finding, const PriorityInput& input, const ExposureVerdict& exposure,
               Judgement& judgement) {
  Terms terms(judgement);
  terms.Add("severity", model::SeverityName(finding.severity),
            kSeverityBase[static_cast<size_t>(finding.severity)],
            fmt::format("severity {}{}", model::SeverityName(finding.severity),
                        finding.severity_source.empty() ? "" : " by " + finding.severity_source));
  const ClassTerm of_class = TermOfClass(finding.finding_class);
  if (of_class.weight != 0) {
    terms.Add("class", model::FindingClassName(finding.finding_class), of_class.weight,
              std::string(of_class.text));
  }
  if (const int weight = ConceptWeight(finding.concept_name); weight != 0) {
    terms.Add("concept", finding.concept_name, weight,
              weight > 0 ? "what an attacker gains by it is large"
                         : "it costs order or availability, an attacker gains nothing by it");
  }
  const std::string why = exposure.why.empty() ? std::string() : ": " + exposure.why;
  if (exposure.exposure == Exposure::kExposed) {
    terms.Add("exposure", "exposed", kExposedPoints, "reachable from outside" + why);
  } else if (exposure.exposure == Exposure::kNotExposed) {
    terms.Add("exposure", "not exposed", kNotExposedPoints, "not reachable from outside" + why);
  } else {
    terms.Add("exposure", "unknown", 0, "not known whether it is reachable from outside" + why);
  }
  AddStages(input, terms);
  return terms.sum();
}

}  // namespace

std::string_view ReachabilityName(Reachability value) {
  switch (value) {
    case Reachability::kRuntime:
      return "runtime";
    case Reachability::kStatic:
      return "static";
    case Reachability::kPackageLoaded:
      return "package_loaded";
    case Reachability::kUnknown:
      return "unknown";
    case Reachability::kUnreachable:
      return "unreachable";
  }
  return {};
}

Reachability ParseReachability(std::string_view name) {
  for (const Reachability value : {Reachability::kRuntime, Reachability::kStatic,
                                   Reachability::kPackageLoaded, Reachability::kUnreachable}) {
    if (ReachabilityName(value) == name) return value;
  }
  return Reachability::kUnknown;
}

ReachabilityFact CombineReachability(const std::vector<ReachabilityFact>& facts, UnixSeconds now) {
  constexpr int64_t kDaySeconds = 86'400;
  ReachabilityFact best;
  bool any = false;
  for (const ReachabilityFact& fact : facts) {
    if (fact.verdict == Reachability::kUnknown) continue;
    if (fact.verdict == Reachability::kUnreachable) {
      const bool fresh = fact.at > 0 && now - fact.at <= kUnreachableDays * kDaySeconds;
      if (fact.source.empty() || !fresh) continue;
    }
    const auto key = [](const ReachabilityFact& f) {
      return std::tuple(static_cast<int>(f.verdict), -f.at, std::string_view(f.source));
    };
    if (!any || key(fact) < key(best)) best = fact;
    any = true;
  }
  return best;
}

model::Answer AutomatableByCvss(std::string_view text) {
  const Result<CvssVector> vector = ParseCvss(text);
  if (!vector) return Answer::kUnknown;
  const auto& v = vector->values;
  constexpr uint8_t kLocal =
      3;  // the third value of AV in versions 3 and 4; the fourth is physical
  switch (vector->version) {
    case CvssVersion::k20:
      // Local access, or authentication (M S N).
      return v[cvss2::kAV] == 1 || v[cvss2::kAu] < 3 ? Answer::kNo : Answer::kUnknown;
    case CvssVersion::k30:
    case CvssVersion::k31: {
      const bool hindered =
          v[cvss3::kAV] >= kLocal || v[cvss3::kAC] > 1 || v[cvss3::kPR] > 1 || v[cvss3::kUI] > 1;
      return hindered ? Answer::kNo : Answer::kUnknown;
    }
    case CvssVersion::k40: {
      const bool hindered = v[cvss4::kAV] >= kLocal || v[cvss4::kAC] > 1 || v[cvss4::kAT] > 1 ||
                            v[cvss4::kPR] > 1 || v[cvss4::kUI] > 1;
      return hindered ? Answer::kNo : Answer::kUnknown;
    }
  }
  return Answer::kUnknown;
}

Judgement Prioritise(const Finding& finding, const PriorityInput& input) {
  Judgement judgement;
  const ExposureVerdict exposure = ExposureOf(finding, input);
  judgement.exposure = std::string(ExposureName(exposure.exposure));
  ReachabilityFact reachability = CombineReachability(input.reachability, input.now);
  if (reachability.verdict == Reachability::kUnknown && finding.judgement) {
    // An engine may have proved use; "unreachable" without source and time does not count.
    const Reachability own = ParseReachability(finding.judgement->reachability);
    if (own != Reachability::kUnreachable) reachability = {own, finding.check, 0};
  }
  judgement.reachability = std::string(ReachabilityName(reachability.verdict));
  const int sum = finding.finding_class == FindingClass::kVuln
                      ? SumOfVuln(finding, input, exposure, reachability, judgement)
                      : SumOfOther(finding, input, exposure, judgement);
  const bool open = finding.status != model::FindingStatus::kSuppressed;
  judgement.priority = open ? std::clamp(sum, 1, 100) : 0;
  return judgement;
}

}  // namespace ouro::triage
