// The way back from Jira: what a ticket's state says about its issue. Pure.
#pragma once

#include <optional>
#include <string>

#include "notify/config.h"
#include "notify/sender.h"
#include "store/issue.h"

namespace ouro::notify {

struct TicketChange {
  std::optional<store::IssueStatus> status;  // to be set; nullopt: nothing is to be done
  std::string reason;                        // why (not), for people
};

// A ticket moves an issue among new, triaged, in progress, fix proposed and fixed (unverified). It
// never decides one away, never resolves one (scans do), and an end that came before the issue was
// seen again counts for nothing. A ticket whose status means nothing to us changes nothing.
TicketChange ChangeFromTicket(const JiraSettings& jira, const Ticket& ticket,
                              const store::Issue& issue);

}  // namespace ouro::notify
