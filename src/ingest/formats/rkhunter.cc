// Rootkit Hunter: rkhunter.log of `rkhunter --check`. A check that ends in "[ Warning ]" is a
// finding; the "Warning: …" lines below it explain it. Checks have no ids: their words name them.
#include <array>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "rkhunter";
constexpr std::string_view kWarning = "Warning:";

int Detect(const ReportInput& input) {
  // Lines begin with a clock in brackets, as JSON might.
  const std::string_view head = input.bytes().substr(0, 4'096);
  if (head.find("Running Rootkit Hunter version") != std::string_view::npos) return kNamed;
  return head.find("Rootkit Hunter") != std::string_view::npos ? kSure : kNo;
}

// The line without "[05:10:38] " before it.
std::string_view WithoutClock(std::string_view line) {
  if (line.size() >= 10 && line[0] == '[' && line[3] == ':' && line[6] == ':' && line[9] == ']') {
    line.remove_prefix(10);
  }
  return line;
}

// "Checking for … [ Warning ]": the words and the word in brackets.
struct Result {
  std::string check;
  std::string word;
};

std::optional<Result> ResultOf(std::string_view line) {
  line = TrimSpace(line);
  if (!EndsWith(line, " ]")) return std::nullopt;
  const size_t open = line.rfind("[ ");
  if (open == std::string_view::npos) return std::nullopt;
  std::string_view check = TrimSpace(line.substr(0, open));
  if (StartsWith(check, kWarning)) check = TrimSpace(check.substr(kWarning.size()));
  return Result{std::string(check),
                std::string(TrimSpace(line.substr(open + 2, line.size() - open - 4)))};
}

bool BeginsStatement(std::string_view line) {
  for (const std::string_view word : {"Info:", "Error:", "Checking", "Performing"}) {
    if (StartsWith(line, word)) return true;
  }
  return false;
}

// Explanations between a check and the next one; a line that begins nothing goes on with the one
// above.
std::vector<std::string> Explanations(const std::vector<std::string>& lines, size_t after) {
  std::vector<std::string> all;
  for (size_t i = after + 1; i < lines.size() && !ResultOf(lines[i]); ++i) {
    const std::string_view line = TrimSpace(lines[i]);
    if (StartsWith(line, kWarning)) {
      all.emplace_back(TrimSpace(line.substr(kWarning.size())));
    } else if (!line.empty() && !all.empty() && !BeginsStatement(line)) {
      all.back() += fmt::format(" {}", line);
    }
  }
  return all;
}

struct Context {
  std::string version;
  std::string host;
  std::string system;
  std::string started;
};

std::string After(std::string_view line, std::string_view mark) {
  const size_t at = line.find(mark);
  if (at == std::string_view::npos) return {};
  return std::string(TrimSpace(line.substr(at + mark.size())));
}

Context ContextOf(const std::vector<std::string>& lines) {
  Context context;
  for (const std::string& line : lines) {
    if (const std::string running = After(line, "Running Rootkit Hunter version ");
        !running.empty() && context.version.empty()) {
      context.version = running.substr(0, running.find(' '));
      context.host = After(running, " on ");
    }
    if (context.system.empty()) context.system = After(line, "Info: Found O/S name:");
    if (context.started.empty()) context.started = After(line, "Info: Start date is");
  }
  return context;
}

model::Finding MakeFinding(const Context& context, const Result& result,
                           const std::vector<std::string>& explanations) {
  model::Finding finding =
      NewFinding(model::FindingClass::kMalware, kTool, context.version, RuleOfTitle(result.check));
  finding.title = result.check;
  SetSeverityAs(finding, kTool, result.word, model::Severity::kMedium);
  finding.stage = kStageRuntime;
  std::string& description = finding.origin->description;
  AddFact(description, "Check", result.check);
  for (const std::string& text : explanations) {
    AddLine(finding.message, text);
    AddFact(description, "Warning", text);
  }
  if (explanations.empty()) {
    finding.message = "The check warned without an explanation";
    AddFact(description, "Warning", finding.message);
  }
  AddFact(description, "Host", context.host);
  AddFact(description, "Operating system", context.system);
  AddFact(description, "Rootkit Hunter version", context.version);
  if (!context.host.empty()) finding.asset.Make().host = context.host;
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  std::vector<std::string> lines;
  for (const std::string_view line : input.Lines()) {
    lines.push_back(WithoutColours(WithoutClock(line)));
  }
  const Context context = ContextOf(lines);
  ReportFacts facts;
  facts.tool = kTool;
  facts.tool_version = context.version;
  facts.target = context.host;
  facts.created = context.started;
  sink.Begin(facts);
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::optional<Result> result = ResultOf(lines[i]);
    if (!result) continue;
    if (result->word == "Warning") {
      sink.Add(MakeFinding(context, *result, Explanations(lines, i)));
    } else if (result->word == "OK" || result->word == "Not found" ||
               result->word == "None found") {
      sink.AddPassed(1);
    }
  }
  return {};
}

}  // namespace

const Importer kRkhunter = {"rkhunter",
                            "Rootkit Hunter",
                            "rkhunter.log of rkhunter --check",
                            "one check that warns",
                            Detect,
                            Read};

}  // namespace ouro::ingest
