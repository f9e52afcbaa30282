#include "gate/exception.h"

#include <algorithm>

#include <fmt/format.h>

namespace ouro::gate {
namespace {

constexpr int64_t kDay = 86'400;

// Times were checked when they were read; one that cannot be read counts as long past.
UnixSeconds TimeOf(std::string_view text) {
  return ParseRfc3339(text).value_or(0);
}

UnixSeconds StartOf(const Exception& exception) {
  return TimeOf(exception.starts_at.empty() ? exception.requested_at : exception.starts_at);
}

bool HasRole(const std::map<std::string, std::vector<std::string>>& roles,
             const Approval& approval) {
  if (roles.empty()) return true;
  const auto people = roles.find(approval.role);
  return people != roles.end() && std::find(people->second.begin(), people->second.end(),
                                            approval.by) != people->second.end();
}

}  // namespace

std::string_view ExceptionStateName(ExceptionState state) {
  switch (state) {
    case ExceptionState::kRequested:
      return "requested";
    case ExceptionState::kApproved:
      return "approved";
    case ExceptionState::kActive:
      return "active";
    case ExceptionState::kExpired:
      return "expired";
    case ExceptionState::kRevoked:
      return "revoked";
    case ExceptionState::kSuspended:
      return "suspended";
  }
  return "requested";
}

std::vector<const Approval*> ValidApprovals(
    const Exception& exception, const std::map<std::string, std::vector<std::string>>& roles,
    UnixSeconds now) {
  std::vector<const Approval*> valid;
  for (const Approval& approval : exception.approvals) {
    const UnixSeconds at = TimeOf(approval.at);
    if (approval.by.empty() || at > now || at < TimeOf(exception.requested_at)) continue;
    if (approval.by == exception.requested_by || approval.by == exception.author) continue;
    if (!HasRole(roles, approval)) continue;
    const bool again = std::any_of(valid.begin(), valid.end(),
                                   [&](const Approval* other) { return other->by == approval.by; });
    if (!again) valid.push_back(&approval);
  }
  return valid;
}

ExceptionStatus StatusOf(const Exception& exception, const ExceptionDemands& demands,
                         const std::map<std::string, std::vector<std::string>>& roles,
                         std::string_view change, UnixSeconds now) {
  ExceptionStatus status;
  const UnixSeconds start = StartOf(exception);
  const UnixSeconds expires = TimeOf(exception.expires_at);
  const UnixSeconds longest = start + demands.days_max * kDay;
  status.until = std::min(expires, longest);
  const auto set = [&](ExceptionState state, std::string reason) {
    status.state = state;
    status.reason = std::move(reason);
    return status;
  };
  if (!exception.revoked_at.empty() && TimeOf(exception.revoked_at) <= now) {
    return set(ExceptionState::kRevoked, fmt::format("by {}", exception.revoked_by));
  }
  const auto approvals = static_cast<int64_t>(ValidApprovals(exception, roles, now).size());
  if (approvals < demands.approvals) {
    return set(ExceptionState::kRequested,
               fmt::format("{} of {} approvals", approvals, demands.approvals));
  }
  if (now >= status.until) {
    status.in_grace = now < status.until + demands.grace_seconds;
    const std::string at = FormatRfc3339(status.until);
    return set(ExceptionState::kExpired,
               longest < expires
                   ? fmt::format("since {}: {} days is the longest life", at, demands.days_max)
                   : fmt::format("since {}", at));
  }
  if (now < start) {
    return set(ExceptionState::kApproved, fmt::format("from {} on", FormatRfc3339(start)));
  }
  if (!exception.suspended_at.empty() && TimeOf(exception.suspended_at) <= now) {
    return set(ExceptionState::kSuspended, exception.suspended_reason);
  }
  if (!change.empty()) return set(ExceptionState::kSuspended, std::string(change));
  return set(ExceptionState::kActive, fmt::format("until {}", FormatRfc3339(status.until)));
}

std::string MaterialChange(const Exception& exception, const ExceptionFacts& now,
                           int64_t growth_percent, double epss_threshold) {
  const ExceptionFacts& then = exception.facts;
  if (now.kev.value_or(false) && !then.kev.value_or(false)) {
    return "it is now listed as known to be exploited";
  }
  if (then.severity && now.severity && *now.severity > *then.severity) {
    return fmt::format("the severity rose from {} to {}", model::SeverityName(*then.severity),
                       model::SeverityName(*now.severity));
  }
  if (then.epss && now.epss && *then.epss < epss_threshold && *now.epss >= epss_threshold) {
    return fmt::format("the EPSS probability rose from {} to {}", *then.epss, *now.epss);
  }
  if (now.exposed.value_or(false) && !then.exposed.value_or(false)) {
    return "the workload is exposed now";
  }
  if (exception.justification == "no_fix" && now.fixable.value_or(false)) {
    return "a fix has appeared";
  }
  if (then.matched && now.matched && *now.matched > *then.matched &&
      (*now.matched - *then.matched) * 100 > *then.matched * growth_percent) {
    return fmt::format("it matches {} findings now, {} when it was granted", *now.matched,
                       *then.matched);
  }
  return {};
}

std::optional<int> WarningDays(UnixSeconds until, UnixSeconds now) {
  if (now >= until) return std::nullopt;
  for (const int days : {1, 7, 14}) {
    if (until - now <= days * kDay) return days;
  }
  return std::nullopt;
}

Result<Exception> Approve(const Exception& exception, const Approval& approval, UnixSeconds now) {
  const auto refuse = [&](std::string why) {
    return Fail(ErrorCode::kInvalid, std::move(why), exception.id);
  };
  if (!exception.revoked_at.empty()) return refuse("it is revoked: request a new one");
  if (now >= TimeOf(exception.expires_at)) return refuse("it has expired: renew it first");
  if (approval.by.empty()) return refuse("an approval needs a name");
  if (approval.by == exception.requested_by) {
    return refuse("who requested it cannot approve it");
  }
  if (approval.by == exception.author) {
    return refuse("the author of the change cannot approve it");
  }
  for (const Approval& other : exception.approvals) {
    if (other.by == approval.by && TimeOf(other.at) >= TimeOf(exception.requested_at)) {
      return refuse(fmt::format("{} has approved it already", approval.by));
    }
  }
  Exception next = exception;
  next.approvals.push_back(approval);
  next.approvals.back().at = FormatRfc3339(now);
  return next;
}

Result<Exception> Revoke(const Exception& exception, std::string_view by, UnixSeconds now) {
  if (!exception.revoked_at.empty()) {
    return Fail(ErrorCode::kInvalid, "it is revoked already", exception.id);
  }
  Exception next = exception;
  next.revoked_at = FormatRfc3339(now);
  next.revoked_by = by;
  return next;
}

Result<Exception> Renew(const Exception& exception, std::string_view by,
                        std::string_view expires_at, const ExceptionFacts& facts, UnixSeconds now) {
  if (!exception.revoked_at.empty()) {
    return Fail(ErrorCode::kInvalid, "it is revoked: request a new one", exception.id);
  }
  Exception next = exception;
  next.renewals.push_back({FormatRfc3339(now), std::string(by), exception.expires_at});
  next.requested_by = by;
  next.requested_at = FormatRfc3339(now);
  next.starts_at.clear();
  next.expires_at = expires_at;
  next.suspended_at.clear();
  next.suspended_reason.clear();
  next.facts = facts;
  return next;
}

Status CheckLife(const Exception& exception, int64_t days_max) {
  const UnixSeconds start = StartOf(exception);
  const UnixSeconds expires = TimeOf(exception.expires_at);
  if (expires <= start) {
    return Fail(ErrorCode::kInvalid, "it would end before it starts: choose a later date",
                exception.id);
  }
  if (expires - start > days_max * kDay) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("it may last {} days at most: {}", days_max,
                            FormatRfc3339(start + days_max * kDay)),
                exception.id);
  }
  return {};
}

}  // namespace ouro::gate
