#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "gate/gate.h"
#include "report/report.h"
#include "store/store.h"

namespace ouro::cli {
namespace {

constexpr std::array<std::string_view, 5> kListSeverities = {"critical", "high", "medium", "low",
                                                             "info"};
constexpr std::array<std::string_view, 3> kListFormats = {"table", "json", "ndjson"};
constexpr std::array<std::string_view, 2> kShowFormats = {"table", "json"};
constexpr size_t kShortIdSize = 12;

constexpr std::string_view kStoreHelp =
    "the SQLite file that `ouro scan --store` wrote; default: `store` of ouro.yaml";

constexpr std::array kListOptions = {
    Option{"--store", 0, "FILE", kStoreHelp, {}, "file"},
    Option{"--format", 'f', "FORMAT", "form of the list", kListFormats},
    Option{"--check", 0, "ID", "only this check: our id, another tool's id, or a concept"},
    Option{"--severity", 0, "SEVERITY", "only this severity or above", kListSeverities},
    Option{"--namespace", 0, "NAME", "only objects of this namespace"},
    Option{"--all", 0, "", "closed findings too"},
    Option{"--limit", 0, "COUNT", "at most so many"},
};
constexpr std::array kListExamples = {
    Example{"ouro findings list --store findings.db --severity high", "what is open and grave"},
};
constexpr std::array kShowOptions = {
    Option{"--store", 0, "FILE", kStoreHelp, {}, "file"},
    Option{"--format", 'f', "FORMAT", "form of the answer", kShowFormats},
};
constexpr std::array kShowExamples = {
    Example{"ouro findings show 3fa2c1d0", "the finding whose id begins so"},
};
constexpr std::array kExplainOptions = {
    Option{"--store", 0, "FILE", kStoreHelp, {}, "file"},
};
constexpr std::array kExplainExamples = {
    Example{"ouro findings explain 3fa2c1d0", "why it is there and what the gate makes of it"},
};

Status CheckExists(const std::string& path) {
  if (access(path.c_str(), F_OK) == 0) return {};
  return Fail(ErrorCode::kNotFound, "no such store: `ouro scan --store FILE` makes one", path);
}

struct Opened {
  engine::Config config;
  std::unique_ptr<store::Store> store;
};

Result<Opened> OpenStore(const Arguments& arguments) {
  Opened opened;
  OURO_TRY(opened.config, LoadConfig(arguments, "."));
  const std::string path =
      arguments.Has("--store") ? arguments.Value("--store") : opened.config.store;
  if (path.empty()) {
    return Fail(ErrorCode::kInvalid,
                "no store is named: give --store FILE, or set store in ouro.yaml");
  }
  // Opening would make an empty store; a list of nothing must not come from a misspelt name.
  OURO_TRY_STATUS(CheckExists(path));
  OURO_TRY(opened.store, store::Store::Open(path));
  return opened;
}

std::string ObjectOf(const model::Finding& finding) {
  const model::Resource& resource = finding.resource;
  std::string text = resource.kind + " ";
  if (!resource.namespace_name.empty()) text += resource.namespace_name + "/";
  text += resource.name;
  if (!resource.container.empty()) text += " [" + resource.container + "]";
  return text;
}

std::string PlaceOf(const model::Finding& finding) {
  const model::Location& place = finding.location;
  if (place.line == 0) return place.file;
  return fmt::format("{}:{}:{}", place.file, place.line, place.column);
}

std::string StateOf(const store::StoredFinding& stored) {
  if (!stored.open) return "closed";
  return std::string(model::FindingStatusName(stored.finding.status));
}

// Columns as wide as their widest cell; the last one is not padded.
std::string Table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      out += row[i];
      if (i + 1 < row.size()) out += std::string(widths[i] - row[i].size() + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

std::string ListTable(const std::vector<store::StoredFinding>& found) {
  std::vector<std::vector<std::string>> rows = {
      {"ID", "SEVERITY", "STATE", "CHECK", "OBJECT", "PLACE", "FIRST SEEN", "LAST SEEN"}};
  for (const store::StoredFinding& stored : found) {
    const model::Finding& finding = stored.finding;
    rows.push_back({finding.id.substr(0, kShortIdSize),
                    std::string(model::SeverityName(finding.severity)), StateOf(stored),
                    finding.check, Printable(ObjectOf(finding)), Printable(PlaceOf(finding)),
                    finding.first_seen, finding.last_seen});
  }
  return Table(rows) + fmt::format("{} finding{}\n", found.size(), found.size() == 1 ? "" : "s");
}

ExitCode Finish(const Status& status) {
  return status ? ExitCode::kClean : FailWith(status.error());
}

Result<std::string> List(const Arguments& arguments) {
  OURO_TRY(const Opened opened, OpenStore(arguments));
  store::ListOptions options;
  options.open_only = !arguments.Has("--all");
  options.check = arguments.Value("--check");
  options.severity_min = arguments.Value("--severity");
  options.namespace_name = arguments.Value("--namespace");
  if (arguments.Has("--limit")) {
    const auto limit = ParseInt64(arguments.Value("--limit"));
    if (!limit || *limit < 1) return Fail(ErrorCode::kInvalid, "--limit needs a number above 0");
    options.limit = *limit;
  }
  OURO_TRY(const auto found, opened.store->List(options));
  const std::string format = arguments.Value("--format");
  if (format.empty() || format == "table") return ListTable(found);
  const bool lines = format == "ndjson";
  std::string out = lines ? "" : "{\"schema\":\"ouro/finding/v1\",\"findings\":[";
  bool first = true;
  for (const store::StoredFinding& stored : found) {
    if (!lines && !first) out += ',';
    first = false;
    report::AppendFindingJson(out, stored.finding);
    if (lines) out += '\n';
  }
  return lines ? out : out + "]}\n";
}

void AppendField(std::string& out, std::string_view name, std::string_view value) {
  if (!value.empty()) out += fmt::format("{:<12} {}\n", name, Printable(value));
}

std::string ShowText(const store::StoredFinding& stored) {
  const model::Finding& finding = stored.finding;
  std::string out;
  AppendField(out, "id", finding.id);
  AppendField(out, "check", finding.check + " (" + finding.concept_name + ")");
  AppendField(out, "title", finding.title);
  AppendField(out, "severity", model::SeverityName(finding.severity));
  AppendField(out, "state", StateOf(stored));
  AppendField(out, "object", ObjectOf(finding));
  AppendField(out, "place", PlaceOf(finding));
  AppendField(out, "path", finding.location.json_path);
  AppendField(out, "message", finding.message);
  AppendField(out, "remedy", finding.remediation);
  if (finding.suppressed) {
    AppendField(out, "suppressed", finding.suppressed->by + ": " + finding.suppressed->reason);
  }
  AppendField(out, "first seen", finding.first_seen);
  AppendField(out, "last seen", finding.last_seen);
  AppendField(out, "runs", std::to_string(stored.run_count));
  AppendField(out, "also", JoinText(finding.aliases, ", "));
  return out;
}

Result<std::string> Show(const Arguments& arguments) {
  OURO_TRY(const Opened opened, OpenStore(arguments));
  OURO_TRY(const auto stored, opened.store->Find(arguments.positionals().front()));
  if (arguments.Value("--format") != "json") return ShowText(stored);
  std::string out;
  report::AppendFindingJson(out, stored.finding);
  return out + "\n";
}

Result<std::string> Explain(const Arguments& arguments) {
  OURO_TRY(const Opened opened, OpenStore(arguments));
  OURO_TRY(const auto stored, opened.store->Find(arguments.positionals().front()));
  std::string out = ShowText(stored);
  if (!stored.open) return out + "\nIt is closed: the last run of its scope no longer saw it.\n";
  std::vector<model::Finding> one = {stored.finding};
  model::Counts counts;
  counts.open[static_cast<size_t>(one.front().severity)] = 1;
  const model::Decision decision = gate::Decide(one, opened.config.policy, counts);
  out += fmt::format("\nThe gate, for this finding alone: {}\n", Printable(decision.sentence));
  for (const std::string& line : decision.explanation) {
    out += fmt::format("  {}\n", Printable(line));
  }
  return out;
}

template <Result<std::string> (*kMake)(const Arguments&)>
ExitCode RunAndWrite(const Arguments& arguments) {
  const auto text = kMake(arguments);
  if (!text) return FailWith(text.error());
  return Finish(WriteResult(arguments, *text));
}

}  // namespace

const Command kFindingsListCommand = {"findings list",
                                      "list the findings of a store",
                                      "",
                                      0,
                                      0,
                                      "",
                                      "Lists what `ouro scan --store` has recorded, with the times "
                                      "at which each finding was first and "
                                      "last seen.",
                                      kListOptions,
                                      kListExamples,
                                      RunAndWrite<List>};

const Command kFindingsShowCommand = {"findings show",
                                      "show one finding of a store",
                                      "ID",
                                      1,
                                      1,
                                      "",
                                      "ID may be the beginning of an id, at least six digits.",
                                      kShowOptions,
                                      kShowExamples,
                                      RunAndWrite<Show>};

const Command kFindingsExplainCommand = {
    "findings explain",
    "explain one finding and what the gate makes of it",
    "ID",
    1,
    1,
    "",
    "Shows the finding, then which rule of the policy decides about it and which rules lose.",
    kExplainOptions,
    kExplainExamples,
    RunAndWrite<Explain>};

}  // namespace ouro::cli
