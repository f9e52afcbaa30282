// Exceptions: a reviewed, owned, dated decision that some findings do not count for now.
//
//   requested → approved → active → expired | revoked | suspended
//
// All functions are pure; docs/formats/exception.md is the meaning for users, exception_text.h the
// text form.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "gate/policy.h"

namespace ouro::gate {

struct Approval {
  std::string by;
  std::string role;  // in which the person approves; empty: none named
  std::string at;    // RFC 3339
  bool operator==(const Approval&) const = default;
};

// What was known of the findings when the exception was granted, or is known now. What is not set
// is not known.
struct ExceptionFacts {
  std::optional<model::Severity> severity;  // the gravest
  std::optional<double> epss;               // the highest
  std::optional<bool> kev;                  // any
  std::optional<bool> exposed;              // any
  std::optional<bool> fixable;              // any
  std::optional<int64_t> matched;           // number of findings
  bool operator==(const ExceptionFacts&) const = default;
};

struct Renewal {
  std::string at;  // RFC 3339
  std::string by;
  std::string from;  // expires_at before
  bool operator==(const Renewal&) const = default;
};

struct Exception {
  std::string id;
  Selector scope;             // never empty
  std::string justification;  // one of kJustifications; empty: only `reason` says why
  std::string reason;
  std::string owner;
  std::string ticket;
  std::string compensating_control;
  std::string author;        // who wrote the change that needs it; may be empty
  std::string requested_by;  // of the last renewal
  std::string requested_at;  // RFC 3339; of the last renewal
  std::string starts_at;     // RFC 3339; empty: as soon as it is approved
  std::string expires_at;    // RFC 3339; the first instant at which it no longer holds
  std::vector<Approval> approvals;
  std::string revoked_at;  // RFC 3339; empty: not revoked
  std::string revoked_by;
  std::string suspended_at;  // by a person; RFC 3339; empty: not suspended
  std::string suspended_reason;
  ExceptionFacts facts;
  std::vector<Renewal> renewals;  // oldest first
  std::string origin;             // "exceptions.yaml:3:3"; empty: unknown
};

// The five justifications of VEX (OpenVEX specification, "Status justifications") and three of
// ours.
inline constexpr std::array<std::string_view, 8> kJustifications = {
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
    "false_positive",
    "risk_accepted",
    "no_fix"};  // ends when a fix appears

enum class ExceptionState : uint8_t {
  kRequested,  // too few approvals
  kApproved,   // approved, but it starts later
  kActive,
  kExpired,
  kRevoked,
  kSuspended,  // something material has changed since it was granted
};
std::string_view ExceptionStateName(ExceptionState state);  // "requested", …

// What the levels and the severity of a finding demand.
struct ExceptionDemands {
  int64_t days_max = 0;       // longest life
  int64_t approvals = 0;      // by different people
  int64_t grace_seconds = 0;  // after expiry
};

struct ExceptionStatus {
  ExceptionState state = ExceptionState::kRequested;
  std::string reason;     // one clause for people: why it is in that state
  UnixSeconds until = 0;  // first instant at which it no longer holds, for these demands
  bool in_grace = false;  // expired, but the grace still runs
};

// Approvals that count: by different people, none of them the requester or the author, given since
// the last request and not after `now`, and in a role that `roles` gives to the person (where
// `roles` is not empty).
std::vector<const Approval*> ValidApprovals(
    const Exception& exception, const std::map<std::string, std::vector<std::string>>& roles,
    UnixSeconds now);

// `change`: MaterialChange of the findings now; empty: none. Times of the exception are RFC 3339
// (the reader has checked them).
ExceptionStatus StatusOf(const Exception& exception, const ExceptionDemands& demands,
                         const std::map<std::string, std::vector<std::string>>& roles,
                         std::string_view change, UnixSeconds now);

// What is materially worse now than it was when the exception was granted; empty: nothing. A fact
// that was not recorded is not compared, except that `kev` counts as not listed and `exposed` as
// not exposed then.
std::string MaterialChange(const Exception& exception, const ExceptionFacts& now,
                           int64_t growth_percent, double epss_threshold);

// 14, 7 or 1 when no more than so many days are left (the smallest that holds); nullopt: more are
// left, or none.
std::optional<int> WarningDays(UnixSeconds until, UnixSeconds now);

// Steps. kInvalid with the reason when the step is not allowed in the present state.
Result<Exception> Approve(const Exception& exception, const Approval& approval, UnixSeconds now);
Result<Exception> Revoke(const Exception& exception, std::string_view by, UnixSeconds now);
// A new date; the approvals so far no longer count, a suspension by a person ends, and the facts
// are those of now.
Result<Exception> Renew(const Exception& exception, std::string_view by,
                        std::string_view expires_at, const ExceptionFacts& facts, UnixSeconds now);
// Longest life and order of the times of a new or renewed exception, for the gravest severity.
Status CheckLife(const Exception& exception, int64_t days_max);

}  // namespace ouro::gate
