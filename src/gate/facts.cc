#include "gate/facts.h"

#include <algorithm>

namespace ouro::gate {

Facts FactsOf(const model::Finding& finding) {
  Facts facts;
  facts.finding = &finding;
  facts.fixable = !finding.fix.empty();
  if (finding.vuln) {
    const model::Vuln& vuln = *finding.vuln;
    facts.fixable = facts.fixable || !vuln.fixed_in.empty() || vuln.fix_state == "fixed";
    facts.kev = vuln.kev;
    facts.epss = vuln.epss;
    for (const model::Cvss& rating : vuln.cvss) facts.cvss = std::max(facts.cvss, rating.score);
  }
  if (finding.judgement) {
    const model::Judgement& judgement = *finding.judgement;
    if (!judgement.exposure.empty()) facts.exposure = judgement.exposure;
    if (!judgement.reachability.empty()) facts.reachability = judgement.reachability;
    facts.ssvc = judgement.outcome;
  }
  if (finding.asset) {
    facts.cluster = finding.asset->cluster;
    facts.environment = finding.asset->environment;
    facts.application = finding.asset->application;
  }
  facts.first_seen = ParseRfc3339(finding.first_seen);
  return facts;
}

}  // namespace ouro::gate
