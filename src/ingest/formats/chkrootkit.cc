// chkrootkit: what it prints, in full ("Checking `x'...   INFECTED") and with -q (warnings alone).
// A verdict that is not known to be harmless is a finding.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "chkrootkit";

constexpr auto kHarmless = std::to_array<std::string_view>({
    "not found",
    "not infected",
    "not tested",
    "nothing found",
    "nothing detected",
    "nothing deleted",
    "no suspect files",
    "no suspect files found",
    "not vulnerable",
    "started",
    "finished",
    "skipped",
    "ok",
    "not promisc and no packet sniffer sockets",
});

struct Check {
  std::string words;
  std::string verdict;
};

// "Checking `ls'...                      not infected"
std::optional<Check> CheckOf(std::string_view line) {
  line = TrimSpace(line);
  if (!StartsWith(line, "Checking") && !StartsWith(line, "Searching for") &&
      !StartsWith(line, "Verifying")) {
    return std::nullopt;
  }
  const size_t dots = line.find("... ");
  if (dots == std::string_view::npos) return std::nullopt;
  Check check{std::string(TrimSpace(line.substr(0, dots))),
              std::string(TrimSpace(line.substr(dots + 4)))};
  if (check.verdict.empty()) return std::nullopt;
  return check;
}

std::string WarningIn(std::string_view line) {
  static constexpr std::string_view kMark = "WARNING:";
  const size_t at = line.find(kMark);
  if (at == std::string_view::npos || (at > 0 && line[at - 1] != ' ')) return {};
  return std::string(TrimSpace(line.substr(at + kMark.size())));
}

bool IsHarmless(std::string_view verdict) {
  const std::string lower = LowerAscii(verdict);
  return std::find(kHarmless.begin(), kHarmless.end(), lower) != kHarmless.end();
}

// Was something examined and found good? "started" and "not tested" say no such thing.
bool IsClean(std::string_view verdict) {
  return verdict != "started" && verdict != "finished" && verdict != "skipped" &&
         verdict != "not tested";
}

int Detect(const ReportInput& input) {
  if (input.LooksLikeJson() || input.LooksLikeXml()) return kNo;
  const std::string_view head = input.bytes().substr(0, 4'096);
  if (StartsWith(TrimSpace(head), "ROOTDIR is `")) return kNamed;
  for (const std::string_view mark :
       {"WARNING: chkdirs:", "chkdirs: WARNING:", "WARNING: chkproc:", "chkproc: WARNING:",
        "Checking `amd'...", "Checking `lkm'..."}) {
    if (head.find(mark) != std::string_view::npos) return kSure;
  }
  return kNo;
}

model::Severity SeverityOf(std::string_view verdict) {
  if (StartsWith(verdict, "INFECTED")) return model::Severity::kHigh;
  if (StartsWith(verdict, "VULNERABLE BUT DISABLED") ||
      StartsWith(LowerAscii(verdict), "vulnerable but disabled")) {
    return model::Severity::kLow;
  }
  return model::Severity::kMedium;
}

model::Finding MakeFinding(const Check& check) {
  model::Finding finding =
      NewFinding(model::FindingClass::kMalware, kTool, {}, RuleOfTitle(check.words));
  finding.title = fmt::format("{}: {}", check.words, check.verdict);
  SetSeverityAs(finding, kTool, check.verdict, SeverityOf(check.verdict));
  finding.stage = kStageRuntime;
  finding.message = finding.title;
  AddFact(finding.origin->description, "Check", check.words);
  AddFact(finding.origin->description, "Verdict", check.verdict);
  return finding;
}

model::Finding MakeWarning(const std::string& text) {
  model::Finding finding = NewFinding(model::FindingClass::kMalware, kTool, {}, RuleOfTitle(text));
  finding.title = text;
  SetSeverityAs(finding, kTool, "WARNING", model::Severity::kMedium);
  finding.stage = kStageRuntime;
  finding.message = text;
  AddFact(finding.origin->description, "Warning", text);
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  ReportFacts facts;
  facts.tool = kTool;
  sink.Begin(facts);
  std::optional<model::Finding> current;
  const auto flush = [&] {
    if (current) sink.Add(std::move(*current));
    current.reset();
  };
  for (const std::string_view line : input.Lines()) {
    if (const std::optional<Check> check = CheckOf(line)) {
      flush();
      if (IsHarmless(check->verdict)) {
        if (IsClean(check->verdict)) sink.AddPassed(1);
      } else {
        current = MakeFinding(*check);
      }
      continue;
    }
    const std::string warning = WarningIn(line);
    if (warning.empty()) continue;
    if (current) {
      AddFact(current->origin->description, "Warning", warning);
    } else {
      sink.Add(MakeWarning(warning));
    }
  }
  flush();
  return {};
}

}  // namespace

const Importer kChkrootkit = {"chkrootkit",
                              "chkrootkit",
                              "what chkrootkit prints, also with -q",
                              "one check that is not clean",
                              Detect,
                              Read};

}  // namespace ouro::ingest
