#include "notify/config.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "calendar/duration.h"
#include "io/http_client_proxy.h"
#include "io/tree.h"

namespace ouro::notify {
namespace {

using io::SettingReader;

constexpr std::array<std::string_view, 4> kKindNames = {"email", "slack", "webhook", "jira"};
constexpr std::array<std::string_view, 5> kGroupNames = {"channel", "application", "namespace",
                                                         "owner", "issue"};
// Statuses of issues that a ticket may set: what people decide for good is not among them.
constexpr std::array<std::string_view, 4> kTicketStatuses = {"triaged", "in_progress",
                                                             "fix_proposed", "fixed_unverified"};
constexpr int64_t kRateCountMax = 100'000;
constexpr int64_t kTriesMax = 100;
constexpr int64_t kTimeoutMaxSeconds = 300;

template <size_t kCount>
std::string Words(const std::array<std::string_view, kCount>& words) {
  std::string out = "one of ";
  for (size_t i = 0; i < kCount; ++i) out += (i > 0 ? ", " : "") + std::string(words[i]);
  return out;
}

// Index of the word, or the error that names the words.
template <size_t kCount>
Result<size_t> ReadWord(const SettingReader& value,
                        const std::array<std::string_view, kCount>& words) {
  OURO_TRY(const std::string text, value.Text());
  const auto found = std::find(words.begin(), words.end(), text);
  if (found == words.end()) return value.Wrong(Words(words));
  return static_cast<size_t>(found - words.begin());
}

Status ReadEvents(const SettingReader& value, std::vector<EventType>& events) {
  OURO_TRY(const std::vector<std::string> names, value.TextList());
  for (const std::string& name : names) {
    const std::optional<EventType> type = ParseEventType(name);
    if (!type) {
      std::vector<std::string> known;
      for (int i = 0; i < kEventTypeCount; ++i) {
        known.emplace_back(EventTypeName(static_cast<EventType>(i)));
      }
      return value.Wrong("a list of " + JoinText(known, ", "));
    }
    events.push_back(*type);
  }
  return {};
}

Status ReadFilter(const SettingReader& value, EventFilter& filter) {
  struct List {
    std::string_view key;
    std::vector<std::string> EventFilter::* field;
  };
  static constexpr List kLists[] = {
      {"namespaces", &EventFilter::namespaces},
      {"applications", &EventFilter::applications},
      {"environments", &EventFilter::environments},
      {"owners", &EventFilter::owners},
      {"checks", &EventFilter::checks},
  };
  OURO_TRY(const auto members, value.Members());
  for (const SettingReader& member : members) {
    if (member.key() == "events") {
      OURO_TRY_STATUS(ReadEvents(member, filter.events));
      continue;
    }
    if (member.key() == "severity") {
      OURO_TRY(const std::string name, member.Text());
      const auto severity = model::ParseSeverity(name);
      if (!severity) return member.Wrong("critical, high, medium, low or info");
      filter.severity_min = *severity;
      continue;
    }
    const auto list = std::find_if(std::begin(kLists), std::end(kLists),
                                   [&](const List& row) { return row.key == member.key(); });
    if (list == std::end(kLists)) {
      std::vector<std::string_view> known = {"events", "severity"};
      for (const List& row : kLists) known.push_back(row.key);
      return member.Unknown(known);
    }
    OURO_TRY(filter.*list->field, member.TextList());
  }
  return {};
}

Status ReadRate(const SettingReader& value, Channel& channel) {
  OURO_TRY(const std::string text, value.Text());
  const size_t slash = text.find('/');
  const auto count = ParseInt64(std::string_view(text).substr(0, slash));
  if (slash == std::string::npos || !count || *count < 1 || *count > kRateCountMax) {
    return value.Wrong("a number of messages in a length of time, such as 30/1h");
  }
  const Result<int64_t> seconds = calendar::ParseDuration(std::string_view(text).substr(slash + 1));
  if (!seconds || *seconds < 1 || *seconds > 86'400) {
    return value.Wrong("a number of messages in at most a day, such as 30/1h");
  }
  channel.rate_count = *count;
  channel.rate_seconds = *seconds;
  return {};
}

Result<int64_t> ReadNumber(const SettingReader& value, int64_t min, int64_t max) {
  OURO_TRY(const int64_t number, value.Integer());
  if (number < min || number > max) {
    return value.Wrong(fmt::format("a whole number from {} to {}", min, max));
  }
  return number;
}

// "mail.example:587", "[::1]:25", or a host alone.
Status ReadServer(const SettingReader& value, EmailSettings& email) {
  OURO_TRY(const std::string text, value.Text());
  std::string_view host = text;
  const size_t colon = text.rfind(':');
  if (colon != std::string::npos && !EndsWith(text, "]")) {
    const auto port = ParseInt64(std::string_view(text).substr(colon + 1));
    if (!port || *port < 1 || *port > 65'535) return value.Wrong("HOST:PORT");
    email.port = static_cast<int>(*port);
    host = host.substr(0, colon);
  }
  if (StartsWith(host, "[") && EndsWith(host, "]")) host = host.substr(1, host.size() - 2);
  if (host.empty() || host.find_first_of(" /@<>\r\n\t") != std::string_view::npos) {
    return value.Wrong("HOST:PORT");
  }
  email.host = host;
  return {};
}

Status CheckAddress(const SettingReader& value, const std::string& address) {
  const size_t at = address.find('@');
  const bool plain = address.find_first_of(" <>\r\n\t,;\"") == std::string::npos;
  if (plain && at != std::string::npos && at > 0 && at + 1 < address.size()) return {};
  return value.Wrong("an address such as security@example.org");
}

Result<std::map<std::string, std::string>> ReadWordMap(const SettingReader& value) {
  std::map<std::string, std::string> map;
  OURO_TRY(const auto members, value.Members());
  for (const SettingReader& member : members) {
    OURO_TRY(map[std::string(member.key())], member.Text());
  }
  return map;
}

Status ReadStatuses(const SettingReader& value, JiraSettings& jira) {
  OURO_TRY(const auto members, value.Members());
  for (const SettingReader& member : members) {
    OURO_TRY(const size_t word, ReadWord(member, kTicketStatuses));
    jira.statuses[LowerAscii(member.key())] = kTicketStatuses[word];
  }
  return {};
}

Status ReadPriorities(const SettingReader& value, JiraSettings& jira) {
  OURO_TRY(jira.priorities, ReadWordMap(value));
  for (const auto& [severity, name] : jira.priorities) {
    if (!model::ParseSeverity(severity)) {
      return value.Wrong("a map from critical, high, medium, low, info to priorities of Jira");
    }
  }
  return {};
}

Status ReadUrl(const SettingReader& value, Channel& channel) {
  if (value.IsMap()) {
    OURO_TRY(channel.secret_url, ReadSecretSource(value));
    return {};
  }
  if (channel.kind == ChannelKind::kSlack) {
    return value.Wrong("{env: NAME} or {file: PATH}: whoever knows the address may post");
  }
  OURO_TRY(channel.url, value.Text());
  while (EndsWith(channel.url, "/") && channel.kind == ChannelKind::kJira) channel.url.pop_back();
  return io::ParseHttpUrl(channel.url) ? Status() : Status(value.Wrong("an http or https address"));
}

// One row a key; `kinds`: one letter for each kind that has it (e, s, w, j).
struct Key {
  std::string_view name;
  std::string_view kinds;
  Status (*read)(const SettingReader& value, Channel& channel);
};

#define OURO_NOTIFY_TEXT(field)                                \
  [](const SettingReader& value, Channel& channel) -> Status { \
    OURO_TRY(channel.field, value.Text());                     \
    return {};                                                 \
  }

constexpr Key kKeys[] = {
    {"name", "eswj", OURO_NOTIFY_TEXT(name)},
    {"kind", "eswj", [](const SettingReader&, Channel&) -> Status { return {}; }},  // read first
    {"when", "eswj",
     [](const SettingReader& value, Channel& channel) { return ReadFilter(value, channel.when); }},
    {"group", "esw",
     [](const SettingReader& value, Channel& channel) -> Status {
       OURO_TRY(const size_t word, ReadWord(value, kGroupNames));
       channel.group = static_cast<GroupBy>(word);
       return {};
     }},
    {"rate", "eswj", ReadRate},
    {"tries", "eswj",
     [](const SettingReader& value, Channel& channel) -> Status {
       OURO_TRY(channel.tries, ReadNumber(value, 1, kTriesMax));
       return {};
     }},
    {"timeout", "eswj",
     [](const SettingReader& value, Channel& channel) -> Status {
       OURO_TRY(const std::string text, value.Text());
       const Result<int64_t> seconds = calendar::ParseDuration(text);
       if (!seconds || *seconds < 1 || *seconds > kTimeoutMaxSeconds) {
         return value.Wrong("a length of time from 1s to 5m");
       }
       channel.timeout_ms = static_cast<int>(*seconds * 1'000);
       return {};
     }},
    {"ca", "eswj", OURO_NOTIFY_TEXT(ca_file)},
    {"url", "swj", ReadUrl},
    {"secret", "w",
     [](const SettingReader& value, Channel& channel) -> Status {
       OURO_TRY(channel.secret, ReadSecretSource(value));
       return {};
     }},
    {"token", "j",
     [](const SettingReader& value, Channel& channel) -> Status {
       OURO_TRY(channel.secret, ReadSecretSource(value));
       return {};
     }},
    {"server", "e",
     [](const SettingReader& value, Channel& channel) { return ReadServer(value, channel.email); }},
    {"tls", "e",
     [](const SettingReader& value, Channel& channel) -> Status {
       static constexpr std::array<std::string_view, 3> kWords = {"starttls", "tls", "none"};
       OURO_TRY(const size_t word, ReadWord(value, kWords));
       channel.email.tls = static_cast<io::MailTls>(word);
       return {};
     }},
    {"user", "ej",
     [](const SettingReader& value, Channel& channel) -> Status {
       std::string& user =
           channel.kind == ChannelKind::kEmail ? channel.email.user : channel.jira.user;
       OURO_TRY(user, value.Text());
       return {};
     }},
    {"password", "e",
     [](const SettingReader& value, Channel& channel) -> Status {
       OURO_TRY(channel.email.password, ReadSecretSource(value));
       return {};
     }},
    {"from", "e",
     [](const SettingReader& value, Channel& channel) -> Status {
       OURO_TRY(channel.email.from, value.Text());
       return CheckAddress(value, channel.email.from);
     }},
    {"to", "e",
     [](const SettingReader& value, Channel& channel) -> Status {
       OURO_TRY(channel.email.to, value.TextList());
       for (const std::string& address : channel.email.to) {
         OURO_TRY_STATUS(CheckAddress(value, address));
       }
       return {};
     }},
    {"project", "j", OURO_NOTIFY_TEXT(jira.project)},
    {"issue_type", "j", OURO_NOTIFY_TEXT(jira.issue_type)},
    {"labels", "j",
     [](const SettingReader& value, Channel& channel) -> Status {
       OURO_TRY(channel.jira.labels, value.TextList());
       return {};
     }},
    {"priorities", "j",
     [](const SettingReader& value, Channel& channel) {
       return ReadPriorities(value, channel.jira);
     }},
    {"statuses", "j",
     [](const SettingReader& value, Channel& channel) {
       return ReadStatuses(value, channel.jira);
     }},
    {"close_transition", "j", OURO_NOTIFY_TEXT(jira.close_transition)},
    {"reopen_transition", "j", OURO_NOTIFY_TEXT(jira.reopen_transition)},
};
#undef OURO_NOTIFY_TEXT

bool IsChannelName(std::string_view name) {
  return !name.empty() && name.size() <= 100 &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
             std::string_view::npos;
}

// What a channel of its kind cannot be without.
Status CheckChannel(const SettingReader& item, const Channel& channel) {
  if (!IsChannelName(channel.name)) {
    return item.Wrong("named: `name` has letters, digits, '-', '_' and '.'");
  }
  switch (channel.kind) {
    case ChannelKind::kEmail:
      if (channel.email.host.empty() || channel.email.from.empty() || channel.email.to.empty()) {
        return item.Wrong("complete: an email channel has `server`, `from` and `to`");
      }
      if (channel.email.user.empty() != channel.email.password.empty()) {
        return item.Wrong("complete: `user` and `password` belong together");
      }
      if (!channel.email.user.empty() && channel.email.tls == io::MailTls::kNone) {
        return item.Wrong("safe: a password is not sent with `tls: none`");
      }
      return {};
    case ChannelKind::kSlack:
      if (channel.secret_url.empty()) return item.Wrong("complete: a slack channel has `url`");
      return {};
    case ChannelKind::kWebhook:
      if (channel.url.empty() && channel.secret_url.empty()) {
        return item.Wrong("complete: a webhook channel has `url`");
      }
      if (channel.secret.empty()) {
        return item.Wrong("complete: a webhook channel has `secret`, the key of its signature");
      }
      return {};
    case ChannelKind::kJira:
      if (channel.url.empty() || channel.secret.empty() || channel.jira.project.empty()) {
        return item.Wrong("complete: a jira channel has `url`, `token` and `project`");
      }
      if (channel.jira.project.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") !=
          std::string::npos) {
        return item.Wrong("clear: `project` is the key of a project, such as SEC");
      }
      return {};
  }
  return {};
}

Result<ChannelKind> ReadKind(const SettingReader& item, const std::vector<SettingReader>& members) {
  for (const SettingReader& member : members) {
    if (member.key() != "kind") continue;
    OURO_TRY(const size_t word, ReadWord(member, kKindNames));
    return static_cast<ChannelKind>(word);
  }
  return item.Wrong("of a kind: `kind` is " + Words(kKindNames));
}

Result<Channel> ReadChannel(const SettingReader& item) {
  OURO_TRY(const auto members, item.Members());
  Channel channel;
  OURO_TRY(channel.kind, ReadKind(item, members));
  channel.origin = item.Where();
  if (channel.kind == ChannelKind::kJira) {
    channel.group = GroupBy::kIssue;
    channel.when.severity_min =
        model::Severity::kHigh;  // a ticket costs more than a line in a mail
  }
  const char letter = ChannelKindName(channel.kind).front();
  for (const SettingReader& member : members) {
    const auto has = [&](const Key& key) {
      return key.kinds.find(letter) != std::string_view::npos;
    };
    const auto key = std::find_if(std::begin(kKeys), std::end(kKeys), [&](const Key& row) {
      return row.name == member.key() && has(row);
    });
    if (key == std::end(kKeys)) {
      std::vector<std::string_view> known;
      for (const Key& row : kKeys) {
        if (has(row)) known.push_back(row.name);
      }
      return member.Unknown(known);
    }
    if (!member.IsNull()) OURO_TRY_STATUS(key->read(member, channel));
  }
  OURO_TRY_STATUS(CheckChannel(item, channel));
  return channel;
}

Status ReadChannels(const SettingReader& list, Config& config) {
  OURO_TRY(const auto items, list.Items());
  if (static_cast<int64_t>(items.size()) > limits::kNotifyChannelCount) {
    return list.Wrong(fmt::format("a list of at most {} channels", limits::kNotifyChannelCount));
  }
  for (const SettingReader& item : items) {
    OURO_TRY(Channel channel, ReadChannel(item));
    if (config.Find(channel.name) != nullptr) {
      return item.Wrong(fmt::format("named differently: \"{}\" is there twice", channel.name));
    }
    config.channels.push_back(std::move(channel));
  }
  return {};
}

// `path` as seen from the folder of the configuration.
void MakeRelative(std::string& path, const std::string& folder) {
  if (!path.empty() && path.front() != '/') path = folder + path;
}

}  // namespace

std::string_view ChannelKindName(ChannelKind kind) {
  return kKindNames[static_cast<size_t>(kind)];
}

const Channel* Config::Find(std::string_view name) const {
  for (const Channel& channel : channels) {
    if (channel.name == name) return &channel;
  }
  return nullptr;
}

Result<Config> ReadConfig(const SettingReader& value) {
  Config config;
  OURO_TRY(const auto members, value.Members());
  for (const SettingReader& member : members) {
    if (member.IsNull()) continue;
    if (member.key() == "channels") {
      OURO_TRY_STATUS(ReadChannels(member, config));
    } else if (member.key() == "url") {
      OURO_TRY(config.url, member.Text());
      if (!io::ParseHttpUrl(config.url)) return member.Wrong("an http or https address");
      while (EndsWith(config.url, "/")) config.url.pop_back();
    } else {
      return member.Unknown({"channels", "url"});
    }
  }
  return config;
}

Result<Config> ReadConfigText(std::string source, std::string_view file_name) {
  io::Tree tree;
  io::KeyTable keys;
  OURO_TRY_STATUS(io::ReadYaml(std::move(source), {}, keys, tree));
  for (const io::ReadProblem& problem : tree.problems()) {
    if (!problem.warning) {
      return tl::unexpected<Error>(WithContext(problem.error, file_name));
    }
  }
  if (tree.roots().empty() || tree.roots()[0].node == io::kNoNode) return Config();
  const SettingReader root(tree, keys, tree.roots()[0].node, file_name, "");
  OURO_TRY(const auto members, root.Members());
  for (const SettingReader& member : members) {
    if (member.key() == "notify" && !member.IsNull()) return ReadConfig(member);
  }
  return Config();
}

Result<Config> ReadConfigFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Fail(ErrorCode::kNotFound, "the configuration cannot be read", path);
  std::string text(static_cast<size_t>(limits::kConfigFileSizeBytes) + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (static_cast<int64_t>(text.size()) > limits::kConfigFileSizeBytes) {
    return Fail(ErrorCode::kLimit, "the configuration is too large", path);
  }
  OURO_TRY(Config config, ReadConfigText(std::move(text), path));
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  for (Channel& channel : config.channels) {
    MakeRelative(channel.ca_file, folder);
    MakeRelative(channel.secret.file, folder);
    MakeRelative(channel.secret_url.file, folder);
    MakeRelative(channel.email.password.file, folder);
  }
  return config;
}

}  // namespace ouro::notify
