// Every finding is resolved, and the answer put in words (explain.cc).
#include "gate/gate.h"

#include "gate/explain.h"
#include "gate/facts.h"
#include "gate/resolve.h"

namespace ouro::gate {

model::Decision Decide(std::vector<model::Finding>& findings, const Policy& policy,
                       const model::Counts& counts) {
  const Subject subject;
  Resolver resolver(policy, subject, 0);
  internal::Circumstances circumstances;
  circumstances.incomplete = resolver.ViewOf({}, {}, {}).incomplete;
  internal::Summary summary(resolver, counts, circumstances);
  for (model::Finding& finding : findings) {
    if (finding.status == model::FindingStatus::kSuppressed) {
      finding.action.clear();
      summary.AddSuppressed(finding.suppressed ? finding.suppressed->by
                                               : std::string("an unnamed suppression"));
      continue;
    }
    Facts facts = FactsOf(finding);
    facts.first_seen.reset();
    const Ruling& ruling = resolver.Resolve(facts);
    finding.action = ActionName(ruling.winner.action);
    summary.Add(finding, ruling, ruling.winner.action);
  }
  return summary.Finish();
}

}  // namespace ouro::gate
