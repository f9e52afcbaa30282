#include "triage/identity.h"
#include "triage/triage.h"

namespace ouro::triage {

void AssignFingerprints(std::vector<model::Finding>& findings) {
  for (model::Finding& finding : findings) {
    finding.id = Fingerprint(finding);
    finding.issue = IssueId(finding);
  }
}

}  // namespace ouro::triage
