// The whole gate: a pure function of policy, findings, subject, exceptions, windows, grants and
// clock. The same request gives the same outcome, whatever the order of its lists.
//
//   suppressions and exceptions → rules (resolve.h) → branches → windows → completeness → grants
//
// docs/formats/gate.md is the meaning for users; record.h writes the outcome.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "gate/exception.h"
#include "gate/facts.h"
#include "gate/grant.h"
#include "gate/policy.h"
#include "gate/resolve.h"
#include "gate/subject.h"
#include "gate/window_rule.h"
#include "model/report.h"

namespace ouro::gate {

// What is known about the findings data as such. A gate without data is never a pass.
struct DataState {
  bool present = true;                     // somebody has looked at the subject at all
  int64_t not_examined = 0;                // parts that nobody could examine
  std::optional<UnixSeconds> observed_at;  // when the newest data were taken; needed for `max_age`
  std::vector<std::string> missing;        // further things that are not known, in words
  bool operator==(const DataState&) const = default;
};

struct Request {
  Policy policy;
  std::vector<InputFinding> findings;
  Subject subject;
  UnixSeconds now = 0;
  std::vector<Exception> exceptions;
  std::vector<WindowRule> windows;
  std::vector<Grant> grants;
  // Ids of findings that were known before; not set: everything is new.
  std::optional<std::vector<std::string>> baseline;
  DataState data;
  std::optional<UnixSeconds> began;  // of an operation that is running already; calendar/window.h
  std::vector<InputFinding> fixes;   // findings that this delivery claims to fix
  std::string tzdata;                // version of the zone data, for the record
};

// Puts the lists into the order of their canonical text, so that the order in which they were given
// does not show. Decide() does not need it; records do.
void Canonicalize(Request& request);

enum class Standing : uint8_t {
  kJudged,      // the policy decides
  kSuppressed,  // by its author, the configuration or a VEX statement
  kExcepted,    // by an active exception
  kElsewhere,   // not of this subject
};
std::string_view StandingName(Standing standing);  // "judged", "suppressed", …

struct FindingOutcome {
  const InputFinding* input = nullptr;
  Standing standing = Standing::kJudged;
  const Ruling* ruling = nullptr;    // null unless judged or excepted
  Action action = Action::kObserve;  // of a judged one
  // Index into Outcome::exceptions: the one that covers it, or whose grace it is in; -1: none.
  int exception = -1;
  std::string note;  // why an exception that matches does not cover it, and the like; may be empty
};

struct ExceptionOutcome {
  const Exception* exception = nullptr;
  ExceptionStatus status;           // for the gravest finding that it matches
  ExceptionFacts facts;             // of the findings that it matches now
  int64_t covered = 0;              // findings that it takes out
  std::optional<int> warning_days;  // 14, 7, 1: it ends soon
};

struct GrantOutcome {
  const Grant* grant = nullptr;
  std::string objection;  // why it does not hold; empty: it does
  bool used = false;      // without it the answer would have been another
};

// Pointers lead into the request, which must outlive it.
struct Outcome {
  model::Decision decision;              // verdict also "window" and "break_glass"
  std::vector<FindingOutcome> findings;  // in the order of the request
  std::vector<ExceptionOutcome> exceptions;
  WindowVerdict window;
  std::string branch;                // why the branch may not go there; empty: it may
  std::vector<std::string> missing;  // what was not known, in words
  OnIncomplete incomplete = OnIncomplete::kObserve;
  bool no_data = false;
  bool security_fix = false;  // `fixes` are verified
  std::vector<GrantOutcome> grants;
  std::string overridden;                 // verdict that a grant has overridden; empty: none
  std::optional<UnixSeconds> review_due;  // of the use of a grant
  std::unique_ptr<Resolver> resolver;
};

// Fails only when windows cannot be expanded within their limits.
Result<Outcome> Decide(const Request& request);

}  // namespace ouro::gate
