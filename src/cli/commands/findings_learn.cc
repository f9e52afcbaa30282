#include "cli/commands/findings_learn.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/output.h"
#include "io/tree.h"
#include "model/purl.h"
#include "scan/source.h"
#include "triage/learn_simulate.h"

namespace ouro::cli {
namespace {

using triage::LearnExample;

struct Decisions {
  std::vector<LearnExample> examples;
  std::vector<std::string> vulnerabilities;  // one for each example, or none at all
};

// The package as such; names that are no purls stay as they are.
std::string Package(std::string_view text) {
  std::string package = model::PurlWithoutVersion(text);
  return package.empty() ? std::string(text) : package;
}

// "pkg:golang/github.com/rancher/rancher" → "pkg:golang/github.com/rancher".
std::string Parent(std::string_view package) {
  const size_t slash = package.rfind('/');
  return std::string(package.substr(0, slash));
}

void AddFeature(LearnExample& example, std::string_view name, std::string value) {
  if (!value.empty()) example.features.emplace_back(name, std::move(value));
}

// A VEX statement: the group is what one decision covers, the vulnerability in the component.
LearnExample FromStatement(const io::NodeView& row) {
  const std::string vulnerability(row.Get("vuln").Text());
  const std::string component = Package(row.Get("component").Text());
  const std::string product = Package(row.Get("product").Text());
  LearnExample example;
  example.group = fmt::format("{} in {}", vulnerability, component);
  AddFeature(example, "component", component);
  AddFeature(example, "component family", Parent(component));
  AddFeature(example, "hub", std::string(row.Get("hub").Text()));
  AddFeature(example, "product", product);
  AddFeature(example, "product family", Parent(product));
  AddFeature(example, "vulnerability year", vulnerability.substr(0, vulnerability.rfind('-')));
  const std::string_view outcome = row.Get("outcome").Text();
  example.outcome = outcome.empty() ? row.Get("justification").Text() : outcome;
  example.at = ParseRfc3339(row.Get("ts").Text()).value_or(0);
  return example;
}

LearnExample FromGeneral(const io::NodeView& row) {
  LearnExample example;
  example.group = row.Get("group").Text();
  for (const auto& [name, value] : row.Get("features").Members()) {
    AddFeature(example, name, std::string(value.Text()));
  }
  std::sort(example.features.begin(), example.features.end());
  example.outcome = row.Get("outcome").Text();
  example.at = ParseRfc3339(row.Get("at").Text()).value_or(0);
  return example;
}

Result<Decisions> ReadDecisions(std::string bytes, const std::string& path) {
  io::KeyTable keys;
  io::Tree tree;
  OURO_TRY_STATUS(io::ReadJson(std::move(bytes), {}, keys, tree));
  Decisions decisions;
  bool all_named = true;
  for (const io::Root& root : tree.roots()) {
    const io::NodeView row(tree, keys, root.node);
    const bool statement = row.Get("vuln").IsString();
    LearnExample example = statement ? FromStatement(row) : FromGeneral(row);
    if (root.failed || example.group.empty() || example.outcome.empty()) {
      return Fail(ErrorCode::kParse, "this is no decision: it needs vuln or group, and an outcome",
                  fmt::format("{}:{}", path, tree.PositionOf(root.start).line));
    }
    all_named = all_named && statement;
    decisions.vulnerabilities.emplace_back(row.Get("vuln").Text());
    decisions.examples.push_back(std::move(example));
  }
  if (!all_named) decisions.vulnerabilities.clear();
  return decisions;
}

void AppendKind(std::string& out, std::string_view name, const triage::SimulatedKind& kind) {
  out +=
      fmt::format(",\"{}\":{{\"proposed\":{},\"correct\":{}}}", name, kind.proposed, kind.correct);
}

std::string SimulationJson(const triage::Simulation& simulation) {
  std::string out = fmt::format(
      "{{\"decisions\":{},\"folded\":{},\"groups\":{},\"groups_with_several_outcomes\":{},"
      "\"splits\":[",
      simulation.example_count, simulation.folded_count, simulation.group_count,
      simulation.split_group_count);
  for (const triage::SimulatedSplit& split : simulation.splits) {
    if (out.back() != '[') out += ',';
    out += fmt::format(
        "{{\"split\":\"{}\",\"train\":{},\"test\":{},\"test_groups\":{},\"rules\":{}", split.name,
        split.train_count, split.test_count, split.test_group_count, split.rule_count);
    AppendKind(out, "commonest", split.majority);
    AppendKind(out, "recall", split.recall);
    AppendKind(out, "by_rule", split.rules);
    AppendKind(out, "bayes", split.bayes);
    out += fmt::format(",\"bayes_group_mean\":{:.4f}}}", split.bayes_group_mean);
  }
  out += "],\"rules\":[";
  for (const triage::LearnedRule& rule : simulation.rules) {
    if (out.back() != '[') out += ',';
    AppendJsonString(out, triage::RuleText(rule));
  }
  return out + "]}\n";
}

constexpr std::array<std::string_view, 2> kFormats = {"table", "json"};
constexpr std::array kOptions = {
    Option{
        "--simulate",
        0,
        "FILE",
        "decisions as JSON lines, or - for standard input: what would rules learned from one part "
        "have said of the other?",
        {},
        "file"},
    Option{"--format", 'f', "FORMAT", "form of the answer", kFormats},
};
constexpr std::array kExamples = {
    Example{"ouro findings learn --simulate decisions.jsonl",
            "the precision of proposals, and the rules that could be activated"},
};

ExitCode RunLearnCommand(const Arguments& arguments) {
  const Result<std::string> text = RunLearn(arguments);
  if (!text) return FailWith(text.error());
  const Status wrote = WriteResult(arguments, *text);
  return wrote ? ExitCode::kClean : FailWith(wrote.error());
}

}  // namespace

Result<std::string> RunLearn(const Arguments& arguments) {
  if (!arguments.Has("--simulate")) {
    return Fail(ErrorCode::kInvalid, "give --simulate FILE: decisions as JSON lines");
  }
  const std::string path = arguments.Value("--simulate");
  std::string bytes;
  OURO_TRY_STATUS(scan::ReadFile({path, path, true}, limits::kFileSizeBytes, bytes));
  OURO_TRY(Decisions decisions, ReadDecisions(std::move(bytes), path));
  OURO_TRY(const triage::Simulation simulation,
           triage::Simulate(std::move(decisions.examples), decisions.vulnerabilities, {}));
  return arguments.Value("--format") == "json" ? SimulationJson(simulation)
                                               : triage::SimulationText(simulation);
}

const Command kFindingsLearnCommand = {
    "findings learn",
    "show what decisions teach, and how good that is",
    {},
    0,
    0,
    {},
    "Learns from one part of the decisions and compares its proposals with the other part, which "
    "it "
    "has not seen. Nothing is decided or stored. See docs/user/vex.md.",
    kOptions,
    kExamples,
    RunLearnCommand};

}  // namespace ouro::cli
