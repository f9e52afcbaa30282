// The words of an answer: refusals, warnings, and the AdmissionReview around them. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "model/finding.h"
#include "serve/review.h"

namespace ouro::serve {

// The response of admission.k8s.io/v1. The API server prefixes keys of audit annotations with the
// webhook's name and a slash, and drops a key that has a slash of its own.
struct Response {
  bool allowed = true;
  int code = 0;         // HTTP status for the client; only when refused
  std::string reason;   // "Forbidden"; only when refused
  std::string message;  // only when refused
  std::vector<std::string> warnings;
  std::vector<std::pair<std::string_view, std::string>> annotations;
};

// Appends the JSON of the whole AdmissionReview.
void AppendReview(std::string_view uid, const Response& response, std::string& out);

// JSON of a metav1.Status: what the API server understands of an HTTP answer that is no review.
std::string StatusJson(int code, std::string_view reason, std::string_view message);

// A finding as an answer speaks of it.
struct NamedFinding {
  const model::Finding* finding = nullptr;
  bool known = false;  // the old object had it too
};

// Sorted: gravest first, then by check and path, so that an answer does not depend on anything
// else.
void SortForAnswer(std::vector<NamedFinding>& findings);

// One line for people: check, severity, why, object, field and fix.
//   "OURO-K8S-0001 (critical): container app runs privileged; Pod shop/web, spec.containers[0].
//    securityContext.privileged; fix: set spec.containers[0].securityContext.privileged to false"
std::string FindingLine(const NamedFinding& named, std::string_view subject);

// The text of a refusal: `summary` and a line for each of the first
// limits::kAdmissionMessageFindingCount findings, then how many more there are.
std::string RefusalText(std::string_view summary, std::span<const NamedFinding> findings,
                        std::string_view subject);

// Warnings within the API server's limits: each at most limits::kAdmissionWarningSizeCharacters
// long and cut between words, all together at most limits::kAdmissionWarningsSizeCharacters; what
// does not fit is counted in the last one. Control characters become harmless, because the API
// server drops a warning that has any.
std::vector<std::string> FitWarnings(std::span<const std::string> lines);

// At most `characters` UTF-8 characters, cut between words where that leaves anything, with "…".
std::string CutAtWord(std::string text, size_t characters);

}  // namespace ouro::serve
