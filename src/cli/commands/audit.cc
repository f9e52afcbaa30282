#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/commands/text_table.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "engine/audit_log.h"

namespace ouro::cli {
namespace {

constexpr std::array<std::string_view, 2> kFormats = {"table", "json"};
constexpr std::array<std::string_view, 3> kExportFormats = {"json", "ndjson", "csv"};

constexpr Option kLogOption = {
    "--log", 0, "FILE", "the audit log; default: `audit` of ouro.yaml", {}, "file"};
constexpr std::array kVerifyOptions = {
    kLogOption,
    Option{"--expect", 0, "HASH",
           "hash that the last entry must have; only this shows that the end was cut off"},
    Option{"--format", 'f', "FORMAT", "form of the answer", kFormats},
};
constexpr std::array kVerifyExamples = {
    Example{"ouro audit verify", "is the log as it was written?"},
    Example{"ouro audit verify --expect 9c1f…", "and does it still end where it did?"},
};
constexpr std::array kListOptions = {
    kLogOption,
    Option{"--action", 0, "GLOB", "only these actions: gate.*"},
    Option{"--limit", 0, "COUNT", "the newest so many; default: 50"},
};
constexpr std::array kListExamples = {
    Example{"ouro audit list --action 'exception.*'", "who granted what?"},
};
constexpr std::array kExportOptions = {
    kLogOption,
    Option{"--format", 'f', "FORMAT", "form of the export", kExportFormats},
};
constexpr std::array kExportExamples = {
    Example{"ouro audit export --format csv --output audit.csv", "for a spreadsheet"},
};

Result<std::string> LogOf(const Arguments& arguments) {
  if (arguments.Has("--log")) return arguments.Value("--log");
  OURO_TRY(const engine::Config config, LoadConfig(arguments, "."));
  if (config.audit.empty()) {
    return Fail(ErrorCode::kInvalid,
                "no audit log is named: give --log FILE, or set audit in ouro.yaml");
  }
  return config.audit;
}

ExitCode Verify(const Arguments& arguments) {
  const auto path = LogOf(arguments);
  if (!path) return FailWith(path.error());
  const auto check = engine::VerifyAudit(*path, arguments.Value("--expect"));
  if (!check) return FailWith(check.error());
  std::string out;
  if (arguments.Value("--format") == "json") {
    out = fmt::format("{{\"valid\":{},\"entries\":{},\"last_hash\":\"{}\"", check->fault.empty(),
                      check->count, check->last_hash);
    if (!check->fault.empty()) {
      out += ",\"fault\":";
      AppendJsonString(out, check->fault);
    }
    out += "}\n";
  } else if (check->fault.empty()) {
    out = fmt::format("{}: {} entr{} in order; the last has hash {}\n", Printable(*path),
                      check->count, check->count == 1 ? "y" : "ies", check->last_hash);
  } else {
    out = fmt::format("{}: {}; {} entries before it are in order\n", Printable(*path),
                      Printable(check->fault), check->count);
  }
  if (const Status wrote = WriteResult(arguments, out); !wrote) return FailWith(wrote.error());
  return check->fault.empty() ? ExitCode::kClean : ExitCode::kBlocked;
}

Result<std::string> List(const Arguments& arguments) {
  OURO_TRY(const std::string path, LogOf(arguments));
  int64_t limit = 50;
  if (arguments.Has("--limit")) {
    const auto given = ParseInt64(arguments.Value("--limit"));
    if (!given || *given < 1) return Fail(ErrorCode::kInvalid, "--limit needs a number above 0");
    limit = *given;
  }
  const std::string glob = arguments.Has("--action") ? arguments.Value("--action") : "*";
  std::vector<std::vector<std::string>> rows;
  OURO_TRY_STATUS(engine::ForEachAudit(path, [&](const gate::AuditEntry& entry) -> Status {
    if (!MatchesGlob(entry.action, glob)) return {};
    rows.push_back({std::to_string(entry.number), entry.time, Printable(entry.actor),
                    Printable(entry.action), Printable(entry.object), Printable(entry.before),
                    Printable(entry.after), Printable(entry.note)});
    return {};
  }));
  if (static_cast<int64_t>(rows.size()) > limit) rows.erase(rows.begin(), rows.end() - limit);
  const size_t count = rows.size();
  rows.insert(rows.begin(), {"NO", "TIME", "WHO", "ACTION", "WHAT", "BEFORE", "AFTER", "NOTE"});
  return TextTable(rows) + fmt::format("{} entr{}\n", count, count == 1 ? "y" : "ies");
}

// Quotes are doubled (RFC 4180); what a spreadsheet would take for a formula becomes text.
std::string CsvCell(const std::string& text) {
  const bool formula =
      !text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string::npos;
  return "\"" + std::string(formula ? "'" : "") + ReplaceAll(text, "\"", "\"\"") + "\"";
}

Result<std::string> Export(const Arguments& arguments) {
  OURO_TRY(const std::string path, LogOf(arguments));
  const std::string format = arguments.Value("--format");
  const bool csv = format == "csv";
  const bool list = format == "json";
  std::string out = csv    ? "number,time,actor,action,object,before,after,policy_hash,"
                             "findings_hash,note,previous,hash\r\n"
                    : list ? "["
                           : "";
  bool first = true;
  OURO_TRY_STATUS(engine::ForEachAudit(path, [&](const gate::AuditEntry& entry) -> Status {
    if (!csv) {
      if (list) out += first ? "\n" : ",\n";
      out += gate::AuditLine(entry);
      if (!list) out += '\n';
    } else {
      out += std::to_string(entry.number);
      for (const std::string* text :
           {&entry.time, &entry.actor, &entry.action, &entry.object, &entry.before, &entry.after,
            &entry.policy_hash, &entry.findings_hash, &entry.note, &entry.previous, &entry.hash}) {
        out += "," + CsvCell(*text);
      }
      out += "\r\n";
    }
    first = false;
    return {};
  }));
  return list ? out + "\n]\n" : out;
}

template <Result<std::string> (*kMake)(const Arguments&)>
ExitCode RunAndWrite(const Arguments& arguments) {
  const auto text = kMake(arguments);
  if (!text) return FailWith(text.error());
  const Status wrote = WriteResult(arguments, *text);
  return wrote ? ExitCode::kClean : FailWith(wrote.error());
}

}  // namespace

const Command kAuditVerifyCommand = {
    "audit verify",
    "check that the audit log is as it was written",
    "",
    0,
    0,
    "",
    "Finds any edit, removal and reordering. That entries at the end were cut off shows only with "
    "--expect and the hash of the last entry, kept elsewhere. Exit code 1 when something is wrong.",
    kVerifyOptions,
    kVerifyExamples,
    Verify};

const Command kAuditListCommand = {"audit list",
                                   "list entries of the audit log",
                                   "",
                                   0,
                                   0,
                                   "",
                                   "Shows the newest entries, the oldest of them first.",
                                   kListOptions,
                                   kListExamples,
                                   RunAndWrite<List>};

const Command kAuditExportCommand = {
    "audit export",
    "write the audit log in another form",
    "",
    0,
    0,
    "",
    "All entries, oldest first; an entry that is not in order ends it "
    "with exit code 2.",
    kExportOptions,
    kExportExamples,
    RunAndWrite<Export>};

}  // namespace ouro::cli
