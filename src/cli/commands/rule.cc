#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/batch.h"
#include "cli/commands/commands.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "engine/engine.h"
#include "rules/check_batch.h"
#include "rules/example.h"

namespace ouro::cli {
namespace {

constexpr std::array<std::string_view, 2> kListFormats = {"table", "json"};
constexpr std::array<std::string_view, 2> kShowFormats = {"table", "yaml"};

constexpr Option kChecksOption{
    "--checks", 0, "FOLDER", "read further check files from this folder", {}, "folder", true};

constexpr std::array kListOptions = {
    Option{"--format", 'f', "FORMAT", "form of the list", kListFormats},
    Option{"--profile", 0, "NAME", "the set to list; default: all", kProfileWords},
    Option{"--only", 0, "ID", "only these: our ids, other tools' ids, concepts", {}, {}, true},
    kChecksOption,
};
constexpr std::array kListExamples = {
    Example{"ouro rule list --profile pss-baseline", "what that profile runs"},
    Example{"ouro rule list --only 'checkov:*' --format json", "checks that Checkov has too"},
};
constexpr std::array kShowOptions = {
    Option{"--format", 'f', "FORMAT", "table, or yaml: the check file itself", kShowFormats},
    kChecksOption,
};
constexpr std::array kShowExamples = {
    Example{"ouro rule show OURO-K8S-0001", "by our id"},
    Example{"ouro rule show checkov:CKV_K8S_16", "by another tool's id"},
};
constexpr std::array kTestOptions = {kChecksOption};
constexpr std::array kTestExamples = {
    Example{"ouro rule test", "run the examples of every check"},
    Example{"ouro rule test --checks policies/ MY-0001", "run those of one check of your own"},
};
constexpr std::array kCheckOptions = {
    Option{"--batch", 0, "", "read requests from standard input, one JSON object a line"},
};
constexpr std::array kCheckExamples = {
    Example{"ouro rule check --batch < requests.ndjson", "judge many objects in one process"},
};

Result<std::vector<rules::Check>> Library(const Arguments& arguments, bool with_examples) {
  OURO_TRY(const engine::Config config, LoadConfig(arguments, "."));
  std::vector<std::string> folders = config.check_folders;
  for (std::string& folder : arguments.List("--checks")) folders.push_back(std::move(folder));
  return engine::LoadLibrary(folders, with_examples);
}

// Checks that a word names, by id, alias or concept.
Result<std::vector<const rules::Check*>> Named(const std::vector<rules::Check>& library,
                                               const std::string& word) {
  rules::SelectionOptions options;
  options.profile = "all";
  options.only = {word};
  OURO_TRY(const auto selected, rules::SelectChecks(library, options));
  std::vector<const rules::Check*> checks;
  for (const rules::SelectedCheck& one : selected) checks.push_back(one.check);
  return checks;
}

std::string StateOf(const rules::Check& check) {
  if (!check.not_evaluable.empty()) return "not evaluable";
  return check.opt_in ? "on request" : "default";
}

std::string ListJson(const std::vector<rules::SelectedCheck>& selected) {
  std::string out = "[";
  for (const rules::SelectedCheck& one : selected) {
    if (out.size() > 1) out += ",\n ";
    const rules::Check& check = *one.check;
    const auto field = [&](std::string_view name, std::string_view value, bool first = false) {
      if (!first) out += ',';
      AppendJsonString(out, name);
      out += ':';
      AppendJsonString(out, value);
    };
    out += '{';
    field("id", check.id, true);
    field("concept", check.concept_name);
    field("severity", model::SeverityName(one.severity));
    field("title", check.title);
    field("state", StateOf(check));
    out += ",\"aliases\":[";
    bool first = true;
    for (const rules::Alias& alias : check.aliases) {
      if (!first) out += ',';
      first = false;
      AppendJsonString(out, alias.tool + ":" + alias.id);
    }
    out += "]}";
  }
  return out + "]\n";
}

Result<std::string> List(const Arguments& arguments) {
  OURO_TRY(const auto library, Library(arguments, false));
  rules::SelectionOptions options;
  options.profile = arguments.Has("--profile") ? arguments.Value("--profile") : "all";
  options.only = arguments.List("--only");
  OURO_TRY(const auto selected, rules::SelectChecks(library, options));
  if (arguments.Value("--format") == "json") return ListJson(selected);
  std::string out;
  for (const rules::SelectedCheck& one : selected) {
    out += fmt::format("{:<16} {:<9} {:<14} {}\n", one.check->id, model::SeverityName(one.severity),
                       StateOf(*one.check), one.check->title);
  }
  return out + fmt::format("{} checks\n", selected.size());
}

std::string ShowText(const rules::Check& check) {
  std::string out = fmt::format("{}  {}\n", check.id, check.title);
  out += fmt::format("severity {}, concept {}, runs {}\n", model::SeverityName(check.severity),
                     check.concept_name, StateOf(check));
  if (!check.description.empty()) out += "\n" + std::string(TrimSpace(check.description)) + "\n";
  if (!check.remediation.empty()) {
    out += "\nRemedy: " + std::string(TrimSpace(check.remediation)) + "\n";
  }
  if (!check.not_evaluable.empty()) out += "\nNot evaluable: " + check.not_evaluable + "\n";
  if (!check.expression.empty()) out += "\nGood when: " + check.expression + "\n";
  for (const rules::Parameter& parameter : check.parameters) {
    out += fmt::format("\nParameter {} ({}), default {}: {}\n", parameter.name, parameter.type,
                       parameter.default_json, parameter.description);
  }
  std::vector<std::string> aliases;
  for (const rules::Alias& alias : check.aliases) aliases.push_back(alias.tool + ":" + alias.id);
  if (!aliases.empty()) out += "\nAlso known as: " + JoinText(aliases, ", ") + "\n";
  for (const std::string& reference : check.references) out += "\nSee " + reference + "\n";
  return out;
}

Result<std::string> Show(const Arguments& arguments) {
  OURO_TRY(const auto library, Library(arguments, false));
  OURO_TRY(const auto checks, Named(library, arguments.positionals().front()));
  std::string out;
  for (const rules::Check* check : checks) {
    if (!out.empty()) out += "\n";
    if (arguments.Value("--format") == "yaml") {
      const std::string source = rules::BuiltinCheckSource(check->id);
      if (source.empty()) {
        return Fail(ErrorCode::kUnsupported, "a check of your own: read its file",
                    check->source_file);
      }
      out += source;
    } else {
      out += ShowText(*check);
    }
  }
  return out;
}

ExitCode RunRuleTest(const Arguments& arguments) {
  const auto library = Library(arguments, true);
  if (!library) return FailWith(library.error());
  std::vector<const rules::Check*> checks;
  for (const std::string& word : arguments.positionals()) {
    const auto named = Named(*library, word);
    if (!named) return FailWith(named.error());
    checks.insert(checks.end(), named->begin(), named->end());
  }
  if (arguments.positionals().empty()) {
    for (const rules::Check& check : *library) checks.push_back(&check);
  }
  std::string out;
  int64_t agree_count = 0;
  int64_t differ_count = 0;
  for (const rules::Check* check : checks) {
    for (const rules::ExampleResult& result : rules::RunExamples(*check)) {
      ++(result.agrees ? agree_count : differ_count);
      if (result.agrees && !arguments.Has("--verbose")) continue;
      out += fmt::format("{} {} {}:{} {}{}{}\n", result.agrees ? "ok  " : "FAIL", result.check,
                         result.file, result.line, result.name, result.reason.empty() ? "" : ": ",
                         result.reason);
    }
  }
  out += fmt::format("{} examples of {} check{} agree, {} differ\n", agree_count, checks.size(),
                     checks.size() == 1 ? "" : "s", differ_count);
  if (const Status wrote = WriteResult(arguments, out); !wrote) return FailWith(wrote.error());
  return differ_count == 0 ? ExitCode::kClean : ExitCode::kBlocked;
}

ExitCode RunRuleCheck(const Arguments& arguments) {
  if (!arguments.Has("--batch")) {
    return FailWith(
        {ErrorCode::kInvalid,
         "give --batch and requests on standard input; `ouro scan --only ID FILE` judges "
         "a file",
         {}});
  }
  return RunBatch([](std::string_view line) { return rules::CheckBatchLine(line); });
}

template <Result<std::string> (*kMake)(const Arguments&)>
ExitCode RunAndWrite(const Arguments& arguments) {
  const auto text = kMake(arguments);
  if (!text) return FailWith(text.error());
  const Status wrote = WriteResult(arguments, *text);
  return wrote ? ExitCode::kClean : FailWith(wrote.error());
}

}  // namespace

const Command kRuleListCommand = {"rule list",
                                  "list checks",
                                  "",
                                  0,
                                  0,
                                  "",
                                  "Lists the built-in checks and your own.",
                                  kListOptions,
                                  kListExamples,
                                  RunAndWrite<List>};

const Command kRuleShowCommand = {
    "rule show",
    "explain a check",
    "ID",
    1,
    1,
    "",
    "ID is our id, another tool's id (checkov:CKV_K8S_16), or a concept (privileged).",
    kShowOptions,
    kShowExamples,
    RunAndWrite<Show>};

const Command kRuleTestCommand = {
    "rule test",
    "run the examples of checks",
    "[ID…]",
    -1,
    0,
    "",
    "Every check file holds examples that must pass and fail. Exit code 1 when one differs.",
    kTestOptions,
    kTestExamples,
    RunRuleTest};

const Command kRuleCheckCommand = {"rule check",
                                   "judge objects by rules, as a service for programs",
                                   "",
                                   0,
                                   0,
                                   "",
                                   "Reads one request a line: {\"rules\": […], \"object\": {…}}, "
                                   "and answers {\"results\": […]} in "
                                   "order. See docs/formats/rule-check.md.",
                                   kCheckOptions,
                                   kCheckExamples,
                                   RunRuleCheck};

}  // namespace ouro::cli
