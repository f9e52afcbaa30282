#include "notify/ticket_sync.h"

#include <fmt/format.h>

namespace ouro::notify {

TicketChange ChangeFromTicket(const JiraSettings& jira, const Ticket& ticket,
                              const store::Issue& issue) {
  const std::string name = IssueStatusOf(jira, ticket);
  const std::optional<store::IssueStatus> wanted = store::ParseIssueStatus(name);
  if (name.empty() || !wanted) {
    return {std::nullopt, fmt::format("\"{}\" means nothing to ouro", ticket.status)};
  }
  if (issue.status >= store::IssueStatus::kResolved) {
    return {std::nullopt, fmt::format("the issue is {}", store::IssueStatusName(issue.status))};
  }
  if (*wanted == issue.status) return {std::nullopt, "the same already"};
  if (*wanted == store::IssueStatus::kFixedUnverified && issue.reopened > 0) {
    return {std::nullopt, "the issue came back after it was fixed"};
  }
  return {wanted, fmt::format("\"{}\" in {}", ticket.status, ticket.key)};
}

}  // namespace ouro::notify
