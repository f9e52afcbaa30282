// Whom to tell: the key `notify` of ouro.yaml (docs/formats/notify.md). Nothing is sent to anybody
// who does not stand there.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "io/mail_client.h"
#include "io/setting_reader.h"
#include "model/severity.h"
#include "notify/event.h"
#include "notify/secret_source.h"

namespace ouro::notify {

enum class ChannelKind : uint8_t { kEmail, kSlack, kWebhook, kJira };
std::string_view ChannelKindName(ChannelKind kind);  // "email", "slack", "webhook", "jira"

// What of all that happens a channel is told. Lists are globs; empty: everything.
struct EventFilter {
  std::vector<EventType> events;
  model::Severity severity_min = model::Severity::kInfo;
  std::vector<std::string> namespaces;
  std::vector<std::string> applications;
  std::vector<std::string> environments;
  std::vector<std::string> owners;
  std::vector<std::string> checks;
  bool operator==(const EventFilter&) const = default;
};

// Which issues share a message.
enum class GroupBy : uint8_t { kChannel, kApplication, kNamespace, kOwner, kIssue };

struct EmailSettings {
  std::string host;
  int port = 587;
  io::MailTls tls = io::MailTls::kStartTls;
  std::string user;
  SecretSource password;
  std::string from;
  std::vector<std::string> to;
};

struct JiraSettings {
  std::string project;  // key, "SEC"
  std::string issue_type = "Bug";
  std::string user;                 // with it the token is a password (basic), else a bearer token
  std::vector<std::string> labels;  // besides "ouro" and the issue's own
  std::map<std::string, std::string> priorities;  // severity name → name of a priority in Jira
  // Name of a status in Jira (any case) → "triaged", "in_progress", "fix_proposed" or
  // "fixed_unverified". What is not named follows Jira's category: in progress → in_progress, done
  // → fixed_unverified. Decisions (risk accepted, false positive, …) are never taken from Jira.
  std::map<std::string, std::string> statuses;
  std::string close_transition;   // its name; run when an issue is resolved; empty: only a comment
  std::string reopen_transition;  // likewise when it comes back
};

struct Channel {
  std::string name;  // letters, digits, '-', '_', '.'
  ChannelKind kind = ChannelKind::kWebhook;
  EventFilter when;
  GroupBy group = GroupBy::kChannel;
  int64_t rate_count = 30;      // messages …
  int64_t rate_seconds = 3600;  // … in so many seconds
  int64_t tries = 10;           // then a message is given up
  int timeout_ms = 30'000;      // of one exchange
  std::string ca_file;          // authorities to trust instead of the machine's
  std::string url;              // webhook, jira: as written, where it is no secret
  SecretSource secret_url;      // slack, webhook
  SecretSource secret;          // webhook: key of the signature; jira: token
  EmailSettings email;
  JiraSettings jira;
  std::string origin;  // "ouro.yaml:12:5"
};

struct Config {
  std::string url;                // of the dashboard, for links; empty: no links
  std::vector<Channel> channels;  // names are unique

  const Channel* Find(std::string_view name) const;  // null: no such channel
};

// Reads the value of `notify`. kInvalid with the place for anything wrong, unknown keys with the
// nearest known one. Secrets are not read, only where they come from.
Result<Config> ReadConfig(const io::SettingReader& value);

// Reads `notify` of a whole ouro.yaml; other keys are not looked at. An absent key: no channels.
Result<Config> ReadConfigText(std::string source, std::string_view file_name);
// The same of a file. Relative paths (ca, secrets) become relative to the working directory.
Result<Config> ReadConfigFile(const std::string& path);

}  // namespace ouro::notify
