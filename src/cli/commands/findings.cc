#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/commands/findings_query.h"
#include "cli/commands/findings_text.h"
#include "cli/commands/findings_vex.h"
#include "cli/commands/store_option.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "gate/gate.h"

namespace ouro::cli {
namespace {

constexpr std::array<std::string_view, 3> kListFormats = {"table", "json", "ndjson"};
constexpr std::array<std::string_view, 2> kShowFormats = {"table", "json"};
constexpr std::array<std::string_view, 5> kSortWords = {"priority", "severity", "first_seen",
                                                        "last_seen", "sla_due"};
constexpr std::array<std::string_view, 13> kGroupWords = {
    "severity", "status",      "class",       "check",     "concept", "vuln",     "owner",
    "cluster",  "environment", "application", "namespace", "tool",    "fix_group"};
constexpr int64_t kGroupCount = 50;

constexpr std::array kListOptions = {
    Option{"--store", 0, "FILE", kStoreHelp, {}, "file"},
    Option{"--format", 'f', "FORMAT", "form of the list", kListFormats},
    Option{"--findings", 0, "", "single findings instead of issues"},
    Option{"--all", 0, "", "what is closed or decided too"},
    Option{"--status", 0, "STATUS", "only issues of this status", kStatusWords, {}, true},
    Option{"--severity", 0, "SEVERITY", "only this severity or above", kListSeverities},
    Option{"--class", 0, "CLASS", "only this class", kClassWords},
    Option{"--check", 0, "ID", "only this rule: our id, another tool's id, or a concept"},
    Option{"--cve", 0, "ID", "only this vulnerability, by id or alias"},
    Option{"--namespace", 0, "NAME", "only objects of this namespace"},
    Option{"--name", 0, "TEXT", "only objects whose name begins so"},
    Option{"--cluster", 0, "NAME", "only this cluster"},
    Option{"--environment", 0, "NAME", "only this environment"},
    Option{"--app", 0, "NAME", "only this application"},
    Option{"--owner", 0, "NAME", "only what this owner answers for"},
    Option{"--tool", 0, "NAME", "only what this tool sees"},
    Option{"--stage", 0, "STAGE", "only what is seen at this stage now"},
    Option{"--fix-group", 0, "NAME", "only what this action would close"},
    Option{"--since", 0, "DATE", "only what was first seen then or later"},
    Option{"--sort", 0, "WORD", "order; default: priority", kSortWords},
    Option{"--group", 0, "WORD", "count groups instead of listing", kGroupWords},
    Option{"--limit", 0, "COUNT", "at most so many; default: 50"},
    Option{"--cursor", 0, "TEXT", "the page after the one that ended with this cursor"},
};
constexpr std::array kListExamples = {
    Example{"ouro findings list --severity high", "what is open and grave"},
    Example{"ouro findings list --group vuln", "which vulnerabilities stand behind it"},
    Example{"ouro findings list --owner team-shop --sort sla_due", "what this team owes next"},
};
constexpr std::array kShowOptions = {
    Option{"--store", 0, "FILE", kStoreHelp, {}, "file"},
    Option{"--format", 'f', "FORMAT", "form of the answer", kShowFormats},
};
constexpr std::array kShowExamples = {
    Example{"ouro findings show 3fa2c1d0", "the issue or finding whose id begins so"},
};
constexpr std::array kExplainExamples = {
    Example{"ouro findings explain 3fa2c1d0", "why it is there and what the gate makes of it"},
};
constexpr std::array kDecideOptions = {
    Option{"--store", 0, "FILE", kStoreHelp, {}, "file"},
    Option{"--status", 0, "STATUS", "what it is", kStatusWords},
    Option{"--reason", 0, "TEXT", "why; needed for everything that closes an issue"},
    Option{"--until", 0, "DATE", "end of a risk acceptance"},
    Option{"--duplicate-of", 0, "ID", "the issue that it repeats"},
    Option{"--owner", 0, "NAME", "who answers for it"},
    Option{"--assignee", 0, "NAME", "who works on it"},
    Option{"--note", 0, "TEXT", "a note for its history"},
    Option{"--who", 0, "NAME", "who decides; default: $USER"},
};
constexpr std::array kDecideExamples = {
    Example{"ouro findings decide 3fa2c1d0 --status false_positive --reason \"test data\"",
            "close it for good, with the reason"},
    Example{"ouro findings decide 3fa2c1d0 --status risk_accepted --until 2027-01-31 --reason "
            "\"behind a firewall\"",
            "accept it for a while"},
};
constexpr std::array<std::string_view, 4> kExportFormats = {"ndjson", "openvex", "cyclonedx",
                                                            "csaf"};
constexpr std::array kExportOptions = {
    Option{"--store", 0, "FILE", kStoreHelp, {}, "file"},
    Option{"--format", 'f', "FORMAT", "ndjson: one issue a line with all behind it",
           kExportFormats},
};
constexpr std::array kExportExamples = {
    Example{"ouro findings export > issues.ndjson", "everything that matters, in a stable order"},
};

struct Opened {
  engine::Config config;
  std::unique_ptr<store::Store> store;
};

Result<Opened> OpenStore(const Arguments& arguments) {
  Opened opened;
  OURO_TRY(opened.config, LoadConfig(arguments, "."));
  OURO_TRY(opened.store, OpenStoreToRead(arguments, opened.config));
  return opened;
}

// The items as one JSON document or as lines.
template <typename T>
std::string PageJson(const store::Page<T>& page, bool lines, std::string_view opening,
                     void (*append)(std::string&, const T&)) {
  std::string out = lines ? "" : std::string(opening);
  for (size_t i = 0; i < page.items.size(); ++i) {
    if (!lines && i > 0) out += ',';
    if (!lines) out += '\n';
    append(out, page.items[i]);
    if (lines) out += '\n';
  }
  if (lines) return out;
  out += fmt::format("],\"total\":{}", page.total);
  if (!page.next_cursor.empty()) {
    out += ",\"next_cursor\":";
    AppendJsonString(out, page.next_cursor);
  }
  return out + "}\n";
}

Result<std::string> GroupList(const Arguments& arguments, store::Store& store) {
  const auto key = store::ParseGroupKey(arguments.Value("--group"));
  if (!key) return Fail(ErrorCode::kInvalid, "--group does not know this word");
  OURO_TRY(const store::PageQuery query, PageQueryOf(arguments, PresentTime()));
  const int64_t limit = arguments.Has("--limit") ? query.limit : kGroupCount;
  if (arguments.Has("--findings")) {
    OURO_TRY(const store::Groups groups, store.GroupFindings(*key, query.filter, limit, query.now));
    return GroupTable(*key, groups);
  }
  OURO_TRY(const store::Groups groups, store.GroupIssues(*key, query.filter, limit, query.now));
  return GroupTable(*key, groups);
}

Result<std::string> List(const Arguments& arguments) {
  OURO_TRY(const Opened opened, OpenStore(arguments));
  if (arguments.Has("--group")) return GroupList(arguments, *opened.store);
  OURO_TRY(const store::PageQuery query, PageQueryOf(arguments, PresentTime()));
  const std::string format = arguments.Value("--format");
  const bool table = format.empty() || format == "table";
  if (arguments.Has("--findings")) {
    OURO_TRY(const auto page, opened.store->ListFindings(query));
    if (table) return FindingTable(page);
    return PageJson(page, format == "ndjson", "{\"schema\":\"ouro/finding/v1\",\"findings\":[",
                    AppendStoredFindingJson);
  }
  OURO_TRY(const auto page, opened.store->ListIssues(query));
  if (table) return IssueTable(page);
  return PageJson(page, format == "ndjson", "{\"schema\":\"ouro/issue/v1\",\"issues\":[",
                  AppendIssueJson);
}

Result<std::string> Show(const Arguments& arguments) {
  OURO_TRY(const Opened opened, OpenStore(arguments));
  OURO_TRY(const auto detail,
           opened.store->Explain(arguments.positionals().front(), PresentTime()));
  return arguments.Value("--format") == "json" ? DetailJson(detail) : DetailText(detail);
}

// What the gate of the configuration makes of the open findings of this issue alone.
std::string GateText(const engine::Config& config, const store::IssueDetail& detail) {
  if (!detail.issue.open) return "\nIt is not open, so the gate does not count it.\n";
  std::vector<model::Finding> findings;
  model::Counts counts;
  for (const store::StoredFinding& stored : detail.findings) {
    if (!stored.open) continue;
    findings.push_back(stored.finding);
    ++counts.open[static_cast<size_t>(stored.finding.severity)];
  }
  const model::Decision decision = gate::Decide(findings, config.policy, counts);
  std::string out =
      fmt::format("\nThe gate, for this issue alone: {}\n", Printable(decision.sentence));
  for (const std::string& line : decision.explanation) {
    out += fmt::format("  {}\n", Printable(line));
  }
  return out;
}

Result<std::string> Explain(const Arguments& arguments) {
  OURO_TRY(const Opened opened, OpenStore(arguments));
  OURO_TRY(const auto detail,
           opened.store->Explain(arguments.positionals().front(), PresentTime()));
  if (arguments.Value("--format") == "json") return DetailJson(detail);
  return DetailText(detail) + GateText(opened.config, detail);
}

std::string Who(const Arguments& arguments) {
  if (arguments.Has("--who")) return arguments.Value("--who");
  const char* const user = std::getenv("USER");
  return user == nullptr || *user == '\0' ? "unknown" : user;
}

Result<store::Decision> DecisionOf(const Arguments& arguments) {
  store::Decision decision;
  decision.who = Who(arguments);
  if (arguments.Has("--status")) {
    decision.status = store::ParseIssueStatus(arguments.Value("--status"));
  }
  if (arguments.Has("--until")) {
    const auto until = ParseRfc3339(arguments.Value("--until"));
    if (!until) return Fail(ErrorCode::kInvalid, "--until needs a date: 2027-01-31");
    decision.until = *until;
  }
  decision.reason = arguments.Value("--reason");
  decision.duplicate_of = arguments.Value("--duplicate-of");
  decision.note = arguments.Value("--note");
  if (arguments.Has("--owner")) decision.owner = arguments.Value("--owner");
  if (arguments.Has("--assignee")) decision.assignee = arguments.Value("--assignee");
  return decision;
}

Result<std::string> Decide(const Arguments& arguments) {
  OURO_TRY(const Opened opened, OpenStore(arguments));
  OURO_TRY(const store::Decision decision, DecisionOf(arguments));
  std::vector<std::string> ids;
  for (const std::string& word : arguments.positionals()) {
    OURO_TRY(const store::Issue issue, opened.store->FindIssue(word, PresentTime()));
    ids.push_back(issue.id);
  }
  OURO_TRY(const int64_t changed, opened.store->Decide(ids, decision, PresentTime()));
  return fmt::format("{} issue{} changed\n", changed, changed == 1 ? "" : "s");
}

Result<std::string> Export(const Arguments& arguments) {
  OURO_TRY(const Opened opened, OpenStore(arguments));
  const std::string format = arguments.Value("--format");
  if (!format.empty() && format != "ndjson") {
    return ExportVex(*opened.store, format, arguments.Value("--author"), PresentTime());
  }
  std::string out;
  OURO_TRY_STATUS(opened.store->Export([&](std::string_view line) -> Status {
    out += line;
    return {};
  }));
  return out;
}

template <Result<std::string> (*kMake)(const Arguments&)>
ExitCode RunAndWrite(const Arguments& arguments) {
  const auto text = kMake(arguments);
  if (!text) return FailWith(text.error());
  const Status written = WriteResult(arguments, *text);
  return written ? ExitCode::kClean : FailWith(written.error());
}

}  // namespace

const Command kFindingsListCommand = {
    "findings list",
    "list the issues of the store, most urgent first",
    "",
    0,
    0,
    "",
    "Lists what `ouro import` and `ouro scan --store` have recorded. An issue is the root cause "
    "that "
    "findings of several rules, tools and stages share; --findings lists those.",
    kListOptions,
    kListExamples,
    RunAndWrite<List>};

const Command kFindingsShowCommand = {"findings show",
                                      "show one issue with everything behind it",
                                      "ID",
                                      1,
                                      1,
                                      "",
                                      "ID is that of an issue or of one of its findings, or its "
                                      "beginning, at least six digits.",
                                      kShowOptions,
                                      kShowExamples,
                                      RunAndWrite<Show>};

const Command kFindingsExplainCommand = {
    "findings explain",
    "explain one issue: who saw it, its priority, and what the gate makes of it",
    "ID",
    1,
    1,
    "",
    "Shows the issue, each term of its priority, its observations and history, then which rule of "
    "the policy decides about it and which rules lose.",
    kShowOptions,
    kExplainExamples,
    RunAndWrite<Explain>};

const Command kFindingsDecideCommand = {
    "findings decide",
    "say what an issue is, once for all its findings",
    "ID…",
    -1,
    1,
    "",
    "Sets the status, owner or assignee of issues, or adds a note. No later import changes what a "
    "person decided.",
    kDecideOptions,
    kDecideExamples,
    RunAndWrite<Decide>};

const Command kFindingsExportCommand = {
    "findings export",
    "write everything that matters in a stable order",
    "",
    0,
    0,
    "",
    "One issue a line, with its findings, observations and decisions, in order of id. The same "
    "reports imported in another order give the same bytes.",
    kExportOptions,
    kExportExamples,
    RunAndWrite<Export>};

}  // namespace ouro::cli
