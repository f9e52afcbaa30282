#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "calendar/duration.h"
#include "cli/commands/commands.h"
#include "cli/commands/store_option.h"
#include "cli/commands/text_table.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "notify/drain.h"
#include "notify/store_outbox.h"
#include "notify/ticket_sync.h"

namespace ouro::cli {
namespace {

constexpr int64_t kSyncDaysDefault = 7;
constexpr int64_t kSyncDaysMax = 3'650;
constexpr int64_t kWaitingMax = 100'000;  // entries counted by `notify list`
constexpr UnixSeconds kEver = 253'402'300'799;

constexpr std::array kSendOptions = {
    Option{"--store", 0, "FILE", kStoreHelp, {}, "file"},
};
constexpr std::array kSendExamples = {
    Example{"ouro notify send", "send what waits in the outbox, once"},
};
constexpr std::array kTestExamples = {
    Example{"ouro notify test security-mail", "does a message arrive?"},
};
constexpr std::array kListExamples = {
    Example{"ouro notify list", "who is told what, and is everything there that is needed for it?"},
};
constexpr std::array kSyncOptions = {
    Option{"--store", 0, "FILE", kStoreHelp, {}, "file"},
    Option{"--days", 0, "COUNT", "look at tickets that changed in so many days; default: 7"},
    Option{"--dry-run", 0, "", "show what would change, and change nothing"},
};
constexpr std::array kSyncExamples = {
    Example{"ouro notify sync --dry-run", "what do the tickets in Jira say about our issues?"},
};

UnixSeconds Now() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

struct Setup {
  engine::Config config;
  notify::Config notify;
};

Result<Setup> Load(const Arguments& arguments) {
  Setup setup;
  OURO_TRY(setup.config, LoadConfig(arguments, "."));
  if (!setup.config.file.empty()) {
    OURO_TRY(setup.notify, notify::ReadConfigFile(setup.config.file));
  }
  if (setup.notify.channels.empty()) {
    return Fail(ErrorCode::kNotFound,
                "nobody is to be told anything: write notify: channels: into ouro.yaml (see "
                "docs/user/notify.md)");
  }
  return setup;
}

ExitCode Write(const Arguments& arguments, const std::string& text, ExitCode code) {
  const Status wrote = WriteResult(arguments, text);
  return wrote ? code : FailWith(wrote.error());
}

std::string DrainText(const notify::DrainReport& report) {
  std::string out;
  for (const notify::Attempt& attempt : report.attempts) {
    if (attempt.error.empty()) {
      out += fmt::format("sent      {}: {} ({})\n", Printable(attempt.channel),
                         Printable(attempt.subject), Printable(attempt.receipt));
    } else if (attempt.next_try > 0) {
      out += fmt::format("failed    {}; next try {}\n", Printable(attempt.error),
                         FormatRfc3339(attempt.next_try));
    } else {
      out += fmt::format("given up  {}\n", Printable(attempt.error));
    }
  }
  out +=
      fmt::format("{} sent, {} failed, {} given up", report.sent, report.failed, report.given_up);
  if (report.unwanted > 0) out += fmt::format(", {} unwanted", report.unwanted);
  if (report.held_back > 0) out += fmt::format(", {} held back by their rate", report.held_back);
  return out + "\n";
}

ExitCode RunSend(const Arguments& arguments) {
  const auto& interrupted = WatchInterrupts();
  const Result<Setup> setup = Load(arguments);
  if (!setup) return FailWith(setup.error());
  const auto store = OpenStoreToRead(arguments, setup->config);
  if (!store) return FailWith(store.error());
  notify::StoreOutbox outbox(**store);
  notify::Sender sender(notify::ProcessEnvironment());
  notify::RateLimiter limiter;
  notify::DrainOptions options;
  options.now = Now();
  options.stop = [&interrupted] { return interrupted.load(); };
  const auto send = [&sender](const notify::Channel& channel, const notify::Letter& letter) {
    return sender.Send(channel, letter);
  };
  const auto report = notify::Drain(outbox, setup->notify, notify::LookupIn(**store, options.now),
                                    send, limiter, options);
  if (!report) return FailWith(report.error());
  const bool complete = report->failed == 0 && report->given_up == 0 && !interrupted;
  return Write(arguments, DrainText(*report), complete ? ExitCode::kClean : ExitCode::kIncomplete);
}

ExitCode RunTest(const Arguments& arguments) {
  WatchInterrupts();
  const Result<Setup> setup = Load(arguments);
  if (!setup) return FailWith(setup.error());
  const std::string& name = arguments.positionals().front();
  const notify::Channel* channel = setup->notify.Find(name);
  if (channel == nullptr) {
    std::vector<std::string> names;
    for (const notify::Channel& known : setup->notify.channels) names.push_back(known.name);
    return FailWith({ErrorCode::kNotFound,
                     fmt::format("there is no channel \"{}\"; there are {}", Printable(name),
                                 JoinText(names, ", ")),
                     {}});
  }
  notify::Letter letter;
  letter.time = Now();
  letter.subject = "test message of ouro";
  letter.delivery = notify::DeliveryId(channel->name, std::array{int64_t{letter.time}});
  letter.events.push_back(
      {notify::EventType::kTest,
       letter.time,
       {},
       channel->name,
       "This message says that ouro can reach this channel. Nothing happened."});
  const notify::SendResult sent =
      notify::Sender(notify::ProcessEnvironment()).Send(*channel, letter);
  if (!sent) return FailWith(sent.error().error);
  return Write(arguments, fmt::format("{}: {}\n", channel->name, Printable(*sent)),
               ExitCode::kClean);
}

// "all set", or which sources of secrets are missing.
std::string SecretState(const notify::Channel& channel) {
  const notify::Environment environment = notify::ProcessEnvironment();
  std::vector<std::string> missing;
  for (const notify::SecretSource* source :
       {&channel.secret_url, &channel.secret, &channel.email.password}) {
    if (!notify::ResolveSecret(*source, environment)) missing.push_back(notify::Describe(*source));
  }
  return missing.empty() ? "ready" : "missing: " + Printable(JoinText(missing, ", "));
}

ExitCode RunList(const Arguments& arguments) {
  const Result<Setup> setup = Load(arguments);
  if (!setup) return FailWith(setup.error());
  std::map<std::string, int64_t> waiting;
  bool known = false;
  if (const auto store = OpenStoreToRead(arguments, setup->config)) {
    const auto entries = (*store)->DueOutbox(kEver, kWaitingMax);
    if (!entries) return FailWith(entries.error());
    for (const store::OutboxEntry& entry : *entries) ++waiting[entry.message.channel];
    known = true;
  }
  std::vector<std::vector<std::string>> rows = {
      {"CHANNEL", "KIND", "SEVERITY", "RATE", "WAITING", "SECRETS"}};
  for (const notify::Channel& channel : setup->notify.channels) {
    rows.push_back(
        {channel.name, std::string(notify::ChannelKindName(channel.kind)),
         std::string(model::SeverityName(channel.when.severity_min)),
         fmt::format("{}/{}", channel.rate_count, calendar::FormatDuration(channel.rate_seconds)),
         known ? fmt::format("{}", waiting[channel.name]) : "-", SecretState(channel)});
  }
  return Write(arguments, TextTable(rows), ExitCode::kClean);
}

// One ticket: applies it, or says why not.
Result<std::string> SyncTicket(const Arguments& arguments, const notify::Channel& channel,
                               const notify::Ticket& ticket, store::Store& store, UnixSeconds now) {
  OURO_TRY(const auto issue, notify::LookupIn(store, now)(ticket.issue));
  if (!issue) return std::string();  // of another store
  const notify::TicketChange change = notify::ChangeFromTicket(channel.jira, ticket, *issue);
  if (!change.status) {
    if (!arguments.Has("--verbose")) return std::string();
    return fmt::format("unchanged  {} {}: {}\n", Printable(ticket.key), issue->id,
                       Printable(change.reason));
  }
  std::string line =
      fmt::format("{}  {} {}: {} → {}\n", arguments.Has("--dry-run") ? "would set" : "set      ",
                  Printable(ticket.key), issue->id, store::IssueStatusName(issue->status),
                  store::IssueStatusName(*change.status));
  if (arguments.Has("--dry-run")) return line;
  store::Decision decision;
  decision.who = fmt::format("jira {}", ticket.key);
  decision.status = change.status;
  decision.note = change.reason;
  OURO_TRY_STATUS(store.Decide({issue->id}, decision, now));
  return line;
}

Result<std::string> Sync(const Arguments& arguments) {
  OURO_TRY(const Setup setup, Load(arguments));
  int64_t days = kSyncDaysDefault;
  if (arguments.Has("--days")) {
    const auto given = ParseInt64(arguments.Value("--days"));
    if (!given || *given < 1 || *given > kSyncDaysMax) {
      return Fail(ErrorCode::kInvalid, fmt::format("write a number from 1 to {}", kSyncDaysMax),
                  "--days");
    }
    days = *given;
  }
  OURO_TRY(const auto store, OpenStoreToRead(arguments, setup.config));
  notify::Sender sender(notify::ProcessEnvironment());
  std::string out;
  int64_t tickets_seen = 0;
  bool any = false;
  for (const notify::Channel& channel : setup.notify.channels) {
    if (channel.kind != notify::ChannelKind::kJira) continue;
    any = true;
    auto tickets = sender.Tickets(channel, static_cast<int>(days));
    if (!tickets) return tl::unexpected<Error>(std::move(tickets).error().error);
    for (const notify::Ticket& ticket : *tickets) {
      ++tickets_seen;
      OURO_TRY(const std::string line, SyncTicket(arguments, channel, ticket, *store, Now()));
      out += line;
    }
  }
  if (!any) return Fail(ErrorCode::kNotFound, "no channel of kind jira is configured");
  return out + fmt::format("{} tickets looked at\n", tickets_seen);
}

ExitCode RunSync(const Arguments& arguments) {
  WatchInterrupts();
  const Result<std::string> text = Sync(arguments);
  return text ? Write(arguments, *text, ExitCode::kClean) : FailWith(text.error());
}

}  // namespace

const Command kNotifyListCommand = {
    "notify list",
    "show who is told what",
    "",
    0,
    0,
    "",
    "Shows the channels of ouro.yaml, how many messages wait for each, "
    "and whether their secrets are there. Shows no secret.",
    kSendOptions,
    kListExamples,
    RunList};

const Command kNotifySendCommand = {
    "notify send",
    "send what waits in the outbox",
    "",
    0,
    0,
    "",
    "Sends the messages that are due, once. What fails is tried again later, each time later "
    "still; "
    "call the command every minute. Exit code 3 says that something did not arrive.",
    kSendOptions,
    kSendExamples,
    RunSend};

const Command kNotifySyncCommand = {
    "notify sync",
    "take over what happened to tickets",
    "",
    0,
    0,
    "",
    "Reads the state of ouro's tickets in Jira and moves their issues: in progress, fix proposed, "
    "fixed "
    "(unverified). A ticket never decides an issue away and never resolves one: scans do that.",
    kSyncOptions,
    kSyncExamples,
    RunSync};

const Command kNotifyTestCommand = {
    "notify test",
    "send a test message to a channel",
    "CHANNEL",
    1,
    1,
    "",
    "Sends one message now, past the outbox. Of a Jira channel only the "
    "project is asked for; no ticket is made.",
    {},
    kTestExamples,
    RunTest};

}  // namespace ouro::cli
