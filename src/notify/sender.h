// Sends letters to channels. One attempt each; when to try again is the outbox' business (drain.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "io/http_client.h"
#include "notify/config.h"
#include "notify/letter.h"
#include "notify/secret_source.h"

namespace ouro::notify {

// Why a letter did not arrive. Messages never hold a secret: neither ours, nor the address of a
// Slack webhook, nor an answer that repeats them.
struct SendFailure {
  Error error;
  bool permanent = false;           // trying again is no use
  int status = 0;                   // of HTTP; 0: there was none
  int64_t retry_after_seconds = 0;  // what the receiver asked for, at most a day; 0: nothing
};
// What the receiver said, for people: "SEC-12 created", "accepted".
using SendResult = tl::expected<std::string, SendFailure>;

// The state of a ticket in Jira, for the way back.
struct Ticket {
  std::string key;       // "SEC-12"
  std::string issue;     // id of ours, from its label
  std::string status;    // its name in Jira
  std::string category;  // "new", "indeterminate", "done"; empty: unknown
  bool operator==(const Ticket&) const = default;
};

inline constexpr int64_t kTicketCount = 5'000;

// Not thread-safe. Secrets are read anew for each letter, so that a rotated one is taken up.
class Sender {
 public:
  explicit Sender(Environment environment) : environment_(std::move(environment)) {}

  SendResult Send(const Channel& channel, const Letter& letter);

  // Tickets of ours (label "ouro") that changed in the last `days` days; at most
  // kTicketCount, the latest first.
  tl::expected<std::vector<Ticket>, SendFailure> Tickets(const Channel& channel, int days);

  // For the senders of each kind. 2xx: the body. Everything else is a failure: 408, 429 and 5xx and
  // broken connections for now, other codes for good. Texts of `hide` are taken out of its message.
  SendResult Exchange(const Channel& channel, io::HttpRequest request,
                      const std::vector<io::Secret>& hide);
  tl::expected<io::Secret, SendFailure> Resolve(const SecretSource& source) const;

 private:
  Environment environment_;
  std::unique_ptr<io::HttpClient> http_;
};

// One function a kind; each has its own file.
SendResult SendEmail(Sender& sender, const Channel& channel, const Letter& letter);
SendResult SendSlack(Sender& sender, const Channel& channel, const Letter& letter);
SendResult SendWebhook(Sender& sender, const Channel& channel, const Letter& letter);
SendResult SendJira(Sender& sender, const Channel& channel, const Letter& letter);

// RFC 4648 §4, with padding.
std::string EncodeBase64(std::string_view bytes);

// What is put on the wire, for tests and documentation.
std::string EmailMessage(const EmailSettings& email, const Letter& letter);  // RFC 5322, CRLF
std::string SlackBody(const Letter& letter);
std::string WebhookBody(const Letter& letter);

// The status of an issue that a ticket's state means; empty: none of ours.
std::string IssueStatusOf(const JiraSettings& jira, const Ticket& ticket);

}  // namespace ouro::notify
