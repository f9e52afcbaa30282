// The file of feeds: what public sources say of vulnerabilities.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/batch.h"
#include "cli/commands/commands.h"
#include "cli/commands/judge_option.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "feed/config.h"
#include "feed/feed.h"
#include "feed/update.h"
#include "triage/ssvc_batch.h"

namespace ouro::cli {
namespace {

constexpr std::array<std::string_view, 2> kFormats = {"table", "json"};
constexpr std::array<std::string_view, 3> kKinds = {"epss", "kev", "vulnrichment"};
constexpr std::string_view kFileHelp =
    "the file of feeds; default: `feeds.file` of ouro.yaml, else ouro/feeds.db in the data folder "
    "of the user";

constexpr std::array kUpdateOptions = {
    Option{"--db", 0, "FILE", kFileHelp, {}, "file"},
    Option{"--from",
           0,
           "SOURCE",
           "a file, a folder or the address of one feed, instead of the addresses of ouro.yaml",
           {},
           "file"},
    Option{"--mirror", 0, "URL", "take all feeds from below this address"},
    Option{"--only", 0, "FEED", "only these feeds", kKinds, {}, true},
};
constexpr std::array kUpdateExamples = {
    Example{"ouro db update", "fetch what has changed"},
    Example{"ouro db update --from feeds/", "without a network: from files that were copied"},
};
constexpr std::array kInfoOptions = {
    Option{"--db", 0, "FILE", kFileHelp, {}, "file"},
    Option{"--format", 'f', "FORMAT", "form of the answer", kFormats},
};
constexpr std::array kInfoExamples = {
    Example{"ouro db info", "how old the feeds are and how much they hold"},
    Example{"ouro db info CVE-2021-44228", "what the feeds say of a vulnerability"},
};
constexpr std::array kSsvcOptions = {
    Option{"--batch", 0, "",
           "read requests from standard input, one JSON object a line: {\"table\", \"inputs\"}"},
};
constexpr std::array kSsvcExamples = {
    Example{"ouro db ssvc --batch < requests.ndjson", "many decisions in one process"},
};

UnixSeconds Now() {
  using std::chrono::duration_cast;
  using std::chrono::seconds;
  using std::chrono::system_clock;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

Result<feed::FeedConfig> LoadFeeds(const Arguments& arguments) {
  OURO_TRY(const engine::Config config, LoadConfig(arguments, "."));
  feed::FeedConfig feeds = config.feeds;
  if (arguments.Has("--db")) feeds.file = arguments.Value("--db");
  if (feeds.file.empty()) feeds.file = FeedsFile(config);
  if (arguments.Has("--mirror")) feed::UseMirror(arguments.Value("--mirror"), feeds);
  return feeds;
}

std::string_view StateWord(feed::UpdateState state) {
  switch (state) {
    case feed::UpdateState::kUpdated:
      return "updated";
    case feed::UpdateState::kCurrent:
      return "current";
    case feed::UpdateState::kFailed:
      return "failed";
  }
  return {};
}

ExitCode RunUpdate(const Arguments& arguments) {
  const Result<feed::FeedConfig> config = LoadFeeds(arguments);
  if (!config) return FailWith(config.error());
  feed::UpdateRequest request;
  request.config = *config;
  request.path = config->file;
  request.from = arguments.Value("--from");
  request.now = Now();
  for (const std::string& name : arguments.List("--only")) {
    if (const auto kind = feed::ParseFeedKind(name)) request.kinds.push_back(*kind);
  }
  const Result<feed::UpdateResult> result = feed::UpdateFeeds(request);
  if (!result) return FailWith(result.error());
  std::string out;
  for (const feed::UpdateLine& line : result->lines) {
    out += fmt::format("{:<13} {:<8} {:>7} rows  {}\n", feed::FeedKindName(line.kind),
                       StateWord(line.state), line.row_count, Printable(line.origin));
    if (line.state != feed::UpdateState::kFailed) continue;
    PrintWarning(fmt::format("{}: {}; {}", feed::FeedKindName(line.kind), line.message,
                             line.row_count > 0 ? "the old rows stay" : "there are no rows of it"));
  }
  const Status wrote = WriteResult(arguments, out);
  if (!wrote) return FailWith(wrote.error());
  return result->failed() ? ExitCode::kIncomplete : ExitCode::kClean;
}

// Age by the feed's own date, else by when it was fetched; -1: not known.
int64_t AgeDays(const feed::FeedSource& source, UnixSeconds now) {
  constexpr int64_t kDaySeconds = 86'400;
  const UnixSeconds at = source.data_at != 0 ? source.data_at : source.fetched_at;
  return at == 0 ? -1 : std::max<int64_t>(0, (now - at) / kDaySeconds);
}

// Missing feeds count as stale: nothing is known of what they would say.
bool IsStale(const feed::FeedSource& source, const feed::FeedConfig& config, UnixSeconds now) {
  const int64_t age = AgeDays(source, now);
  return source.row_count == 0 || age < 0 || age > config.max_age_days;
}

std::string InfoTable(const feed::Feeds& feeds, const feed::FeedConfig& config, UnixSeconds now) {
  std::string out = fmt::format("{}\n", Printable(config.file));
  for (const feed::FeedKind kind : feed::kFeedKinds) {
    const feed::FeedSource& source = feeds.source(kind);
    const int64_t age = AgeDays(source, now);
    const std::string age_text = age < 0 ? "no date" : fmt::format("{} days old", age);
    out += fmt::format("{:<13} {:>7} rows  {:<12} {:<6} {}\n", feed::FeedKindName(kind),
                       source.row_count, source.row_count == 0 ? "missing" : age_text,
                       IsStale(source, config, now) ? "STALE" : "", Printable(source.origin));
  }
  return out;
}

std::string InfoJson(const feed::Feeds& feeds, const feed::FeedConfig& config, UnixSeconds now) {
  std::string out = "{\"file\":";
  AppendJsonString(out, config.file);
  out += ",\"feeds\":{";
  for (const feed::FeedKind kind : feed::kFeedKinds) {
    const feed::FeedSource& source = feeds.source(kind);
    if (out.back() != '{') out += ',';
    out += fmt::format("\"{}\":{{\"rows\":{},\"stale\":{},\"age_days\":{},\"fetched_at\":",
                       feed::FeedKindName(kind), source.row_count, IsStale(source, config, now),
                       AgeDays(source, now));
    AppendJsonString(out, source.fetched_at == 0 ? "" : FormatRfc3339(source.fetched_at));
    out += ",\"data_at\":";
    AppendJsonString(out, source.data_at == 0 ? "" : FormatRfc3339(source.data_at));
    out += ",\"origin\":";
    AppendJsonString(out, source.origin);
    out += '}';
  }
  return out + "}}\n";
}

std::string_view AnswerWord(model::Answer answer) {
  if (answer == model::Answer::kUnknown) return "unknown";
  return answer == model::Answer::kYes ? "yes" : "no";
}

std::string_view ExploitationWord(model::Exploitation value) {
  switch (value) {
    case model::Exploitation::kUnknown:
      break;
    case model::Exploitation::kNone:
      return "none";
    case model::Exploitation::kPoc:
      return "poc";
    case model::Exploitation::kActive:
      return "active";
  }
  return "unknown";
}

std::string_view ImpactWord(model::TechnicalImpact value) {
  if (value == model::TechnicalImpact::kUnknown) return "unknown";
  return value == model::TechnicalImpact::kTotal ? "total" : "partial";
}

// One line of JSON; unknown numbers are null.
std::string FactsJson(std::string_view cve, const model::VulnFacts& facts) {
  const auto share = [](double value) {
    return value < 0 ? std::string("null") : fmt::format("{}", value);
  };
  std::string out = "{\"id\":";
  AppendJsonString(out, cve);
  out += fmt::format(
      ",\"kev\":\"{}\",\"ransomware\":{},\"epss\":{},\"epss_percentile\":{},\"exploitation\":\"{}"
      "\","
      "\"automatable\":\"{}\",\"technical_impact\":\"{}\",\"cvss\":",
      AnswerWord(facts.kev), facts.ransomware, share(facts.epss), share(facts.epss_percentile),
      ExploitationWord(facts.exploitation), AnswerWord(facts.automatable),
      ImpactWord(facts.technical_impact));
  AppendJsonString(out, facts.cvss);
  return out + "}\n";
}

std::string FactsTable(std::string_view cve, const model::VulnFacts& facts) {
  const auto share = [](double value) {
    return value < 0 ? std::string("unknown") : fmt::format("{:.3f} %", value * 100);
  };
  return fmt::format(
      "{}\n  known exploited   {}{}\n  EPSS              {} (percentile {})\n"
      "  exploitation      {}\n  automatable       {}\n  technical impact  {}\n  CVSS              "
      "{}\n",
      Printable(cve), AnswerWord(facts.kev), facts.ransomware ? ", by ransomware too" : "",
      share(facts.epss), share(facts.epss_percentile), ExploitationWord(facts.exploitation),
      AnswerWord(facts.automatable), ImpactWord(facts.technical_impact),
      facts.cvss.empty() ? "unknown" : Printable(facts.cvss));
}

ExitCode RunInfo(const Arguments& arguments) {
  const Result<feed::FeedConfig> config = LoadFeeds(arguments);
  if (!config) return FailWith(config.error());
  Result<feed::Feeds> feeds = feed::Feeds::Open(config->file);
  if (!feeds) {
    Error error = feeds.error();
    if (error.code == ErrorCode::kNotFound) {
      error.message = "there are no feeds yet: `ouro db update` fetches them";
    }
    return FailWith(error);
  }
  const bool json = arguments.Value("--format") == "json";
  std::string out;
  model::VulnFacts facts;
  for (const std::string& cve : arguments.positionals()) {
    feeds->Find(cve, facts);
    out += json ? FactsJson(cve, facts) : FactsTable(cve, facts);
  }
  if (arguments.positionals().empty()) {
    out = json ? InfoJson(*feeds, *config, Now()) : InfoTable(*feeds, *config, Now());
  }
  const Status wrote = WriteResult(arguments, out);
  return wrote ? ExitCode::kClean : FailWith(wrote.error());
}

ExitCode RunSsvc(const Arguments& arguments) {
  if (!arguments.Has("--batch")) {
    return FailWith({ErrorCode::kInvalid, "give --batch and requests on standard input", {}});
  }
  return RunBatch([](std::string_view line) { return triage::SsvcBatchLine(line); });
}

}  // namespace

const Command kDbInfoCommand = {
    "db info",
    "show how old the feeds are, or what they say of a vulnerability",
    "[CVE…]",
    -1,
    0,
    {},
    "Without a CVE: rows and age of each feed. A feed that is older than `feeds.max_age_days` of "
    "ouro.yaml, or missing, is stale.",
    kInfoOptions,
    kInfoExamples,
    RunInfo};

const Command kDbSsvcCommand = {
    "db ssvc",
    "decide by the tables of SSVC",
    {},
    0,
    0,
    {},
    "Answers one line of JSON a request: the outcome of a decision table, the gravest that is "
    "possible where inputs are missing. See docs/formats/priority.md.",
    kSsvcOptions,
    kSsvcExamples,
    RunSsvc};

const Command kDbUpdateCommand = {
    "db update",
    "fetch EPSS, the KEV catalogue and CISA's enrichment",
    {},
    0,
    0,
    {},
    "Fetches what has changed and replaces the file of feeds as a whole. A feed that cannot be "
    "fetched or read keeps its old rows, is named on standard error, and makes the exit code 3.",
    kUpdateOptions,
    kUpdateExamples,
    RunUpdate};

}  // namespace ouro::cli
