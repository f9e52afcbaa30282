// Answers reviews: the bytes of an AdmissionReview in, the bytes of the answer out. No network, no
// files, no clock. docs/formats/admission.md has the protocol, docs/user/admission.md the meaning.
//
//   body → tree → Review → object judged (engine::Judge) → gate → Response → body
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "engine/judge.h"
#include "engine/snapshot.h"
#include "io/tree.h"
#include "model/finding.h"
#include "serve/answer.h"
#include "serve/owner.h"
#include "serve/review.h"

namespace ouro::serve {

// What decides about reviews. Immutable; a reload makes a new one.
struct AdmissionRules {
  std::shared_ptr<const engine::Snapshot> snapshot;
  std::set<std::string> baseline;  // ids of findings that are accepted (triage::ReadBaseline)
  // On UPDATE, a finding that the old object has too refuses as well. Off: it warns.
  bool strict_updates = false;
  // Objects in these namespaces, and these namespaces themselves, are allowed unexamined. Exact
  // names.
  std::vector<std::string> excluded_namespaces;
};

// What became of a review, in the order of gravity that metrics and audit annotations use.
enum class Verdict : uint8_t {
  kClean,        // examined, nothing open
  kObserved,     // allowed with warnings
  kReacted,      // the same, and somebody should act
  kBlocked,      // refused because of findings
  kIncomplete,   // could not be examined; allowed or refused as the policy says
  kNotExamined,  // deliberately not examined: DELETE, an excluded namespace, …
  kRefused,      // no review at all: the HTTP request is answered with an error
};
inline constexpr int kVerdictCount = 7;
std::string_view VerdictName(
    Verdict verdict);  // "clean", …, "incomplete", "not_examined", "refused"

struct Answer {
  int http_status = 200;
  std::string body;  // JSON: an AdmissionReview, or a Status where http_status is not 200
  Verdict verdict = Verdict::kClean;
  bool allowed = true;
  std::array<int64_t, 3> findings{};  // open ones by gate::Action
  // What could not be examined, as one word for metrics ("malformed", "timeout", "evaluation",
  // "version", "not_examined"); empty: nothing.
  std::string_view problem;
  // For a log line at level debug; no content of the object besides its name.
  std::string uid;
  std::string subject;
};

// One per thread. Trees, key tables and buffers are kept from review to review.
class Admission {
 public:
  // `now` decides about dates of suppressions, whose unit is the day: make a new Admission when the
  // UTC day changes.
  Admission(std::shared_ptr<const AdmissionRules> rules, UnixSeconds now);

  const std::shared_ptr<const AdmissionRules>& rules() const { return rules_; }
  UnixSeconds now() const { return now_; }

  // Judges the review in `body`, which is emptied but keeps its memory. `overdue`: the time that
  // the API server gives has passed already, so the object is not judged. Gives the same answer for
  // a dry run: nothing is stored.
  void Run(std::string& body, bool overdue, Answer& answer);

 private:
  // One object, judged, with its identity, suppressions and actions.
  struct Judged {
    std::vector<model::Finding> findings;
    std::vector<model::Problem> problems;
    model::Decision decision;
  };

  void StartKeys();
  void AnswerReview(const ReviewResult& read, bool overdue, Answer& answer);
  std::string_view WhyNotExamined(const Review& review) const;
  scan::Object ObjectAt(const Review& review, uint32_t node) const;
  bool JudgeObject(const Review& review, uint32_t node, Judged& judged);
  void Decide(const Review& review, Answer& answer);
  bool IsKnown(const model::Finding& finding) const;
  void DescribeSubject(const Review& review, Answer& answer);
  // Counts named_ by what follows, and gives those that refuse; the others become lines_.
  std::vector<NamedFinding> SortByAction(Answer& answer);
  void FillResponse(const Review& review, Answer& answer);
  void Incomplete(std::string_view problem, std::string_view why, Answer& answer);
  void Refuse(const Error& error, Answer& answer);

  const engine::Snapshot& snapshot() const { return *rules_->snapshot; }

  std::shared_ptr<const AdmissionRules> rules_;
  UnixSeconds now_;
  std::unique_ptr<engine::Judge> judge_;
  std::unique_ptr<ReviewKeys> keys_;
  io::Tree tree_;
  Judged new_, old_;
  Owner owner_;  // of the object under review
  Response response_;
  std::vector<NamedFinding> named_;
  std::vector<std::string> lines_;
};

}  // namespace ouro::serve
