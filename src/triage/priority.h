// Priority: what to do first, from 0 to 100, and why. docs/formats/priority.md has the table of all
// terms and their weights.
//
// A vulnerability is judged by the table of CISA's BOD 26-04 (triage/ssvc.h): its remediation
// timeline gives a band of points, and EPSS, severity, ransomware and reachability order what lies
// within one band. Everything else is judged by severity, class, concept, exposure and the stages
// that saw it.
//
// What is not known never lowers: a missing input of the table counts as its gravest value and is
// named in `why`; everywhere else it weighs 0, and only known good news weighs less than 0. The one
// exception is a KEV catalogue that was not read: then nothing can be said to be listed, which
// `why` says as well.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/finding.h"
#include "model/vuln_facts.h"
#include "triage/exposure.h"

namespace ouro::triage {

// Is the vulnerable part used? From most to least certain that it is; unknown stands before
// unreachable because it never lowers.
enum class Reachability : uint8_t { kRuntime, kStatic, kPackageLoaded, kUnknown, kUnreachable };
std::string_view ReachabilityName(Reachability value);  // "runtime", "static", "package_loaded", …
Reachability ParseReachability(std::string_view name);  // any other word: kUnknown

// What one source says, and when it looked.
struct ReachabilityFact {
  Reachability verdict = Reachability::kUnknown;
  std::string source;  // "sensor", "govulncheck"
  UnixSeconds at = 0;  // 0: not known
  bool operator==(const ReachabilityFact&) const = default;
};

// A source that found nothing speaks for what it saw then: after this long "unreachable" is
// unknown.
inline constexpr int64_t kUnreachableDays = 30;

// The fact that holds of several: any proof of use beats "unreachable"; "unreachable" needs a
// source and a time of at most kUnreachableDays ago. Of equal verdicts the newest, then the
// smallest source.
ReachabilityFact CombineReachability(const std::vector<ReachabilityFact>& facts, UnixSeconds now);

// Where a finding was seen, as correlation knows it (triage.md: verdicts come from the set).
enum class StageVerdict : uint8_t { kNone, kFixNotDeployed, kDrift, kBlockedNeverRan };

struct PriorityInput {
  model::VulnFacts facts;    // of the vulnerability; default: no feed knows it
  std::string feed;          // where `facts` come from, for `why`: "feeds of 2026-11-20"
  ExposureVerdict exposure;  // kUnknown: the finding's own judgement is looked at
  std::vector<ReachabilityFact> reachability;
  int64_t stage_count = 1;  // different stages that saw the issue
  StageVerdict stage = StageVerdict::kNone;
  UnixSeconds now = 0;
};

// Pure; the order of `why` is the order in which the terms are listed in docs/formats/priority.md.
// The priority is the sum of the weights, cut to 1…100 (0 only for a finding that is not open).
model::Judgement Prioritise(const model::Finding& finding, const PriorityInput& input);

// Does the CVSS vector rule out that exploitation can be automated (SSVC "Automatable")? True for
// attacks that need local access, a user, privileges or special conditions; then kNo. Anything else
// is kUnknown: a vector never proves that something can be automated. In CISA's enrichment 98 % of
// 3,614 such vulnerabilities are "no".
model::Answer AutomatableByCvss(std::string_view vector);

// Weight of a concept for findings that are no vulnerabilities, -10 to 15; 0: not in the table.
int ConceptWeight(std::string_view concept_name);

}  // namespace ouro::triage
