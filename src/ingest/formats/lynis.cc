// Lynis: lynis-report.dat: lines of key=value. Warnings and suggestions are
// "id|text|details|solution|".
#include <array>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "lynis";

int Detect(const ReportInput& input) {
  if (input.LooksLikeJson() || input.LooksLikeXml()) return kNo;
  const std::string_view head = input.bytes().substr(0, 16'384);
  if (StartsWith(TrimSpace(head), "# Lynis Report") ||
      head.find("\nlynis_version=") != std::string_view::npos) {
    return kNamed;
  }
  return head.find("suggestion[]=") != std::string_view::npos ? kSure : kNo;
}

struct Host {
  std::string name;
  std::string system;
  std::string version;
  std::string hardening;
  std::string ended;
};

Host HostOf(const ReportInput& input) {
  Host host;
  const auto take = [](std::string& slot, std::string_view line, std::string_view key) {
    if (slot.empty() && StartsWith(line, key)) slot = TrimSpace(line.substr(key.size()));
  };
  for (const std::string_view line : input.Lines()) {
    take(host.name, line, "hostname=");
    take(host.system, line, "os_fullname=");
    take(host.version, line, "lynis_version=");
    take(host.hardening, line, "hardening_index=");
    take(host.ended, line, "report_datetime_end=");
  }
  return host;
}

// The parts of a value. A text may hold '|' itself: the id is first, details and solution are the
// last two before the final separator, the text is the rest. "-" stands for nothing.
struct Entry {
  std::string id;
  std::string text;
  std::string details;
  std::string solution;
};

std::string Part(std::string_view text) {
  text = TrimSpace(text);
  return text == "-" ? std::string() : std::string(text);
}

Entry SplitEntry(std::string_view value) {
  std::vector<std::string_view> parts = SplitText(value, '|');
  if (!parts.empty() && TrimSpace(parts.back()).empty()) parts.pop_back();
  while (parts.size() < 4) parts.emplace_back();
  Entry entry;
  const size_t count = parts.size();
  entry.id = Part(parts[0]);
  entry.details = Part(parts[count - 2]);
  entry.solution = Part(parts[count - 1]);
  for (size_t i = 1; i + 2 < count; ++i) {
    if (i > 1) entry.text += '|';
    entry.text += parts[i];
  }
  entry.text = Part(entry.text);
  return entry;
}

model::Finding MakeFinding(const Host& host, const Entry& entry, bool warning) {
  const std::string_view word = warning ? "warning" : "suggestion";
  model::Finding finding = NewFinding(model::FindingClass::kBench, kTool, host.version,
                                      entry.id.empty() ? RuleOfTitle(entry.text) : entry.id);
  finding.title = entry.text.empty() ? entry.id : entry.text;
  SetSeverityAs(finding, kTool, word, warning ? model::Severity::kMedium : model::Severity::kLow);
  finding.stage = kStageRuntime;
  finding.message = entry.details.empty() ? finding.title : entry.details;
  finding.remediation = entry.solution;
  if (StartsWith(finding.remediation, "text:")) finding.remediation.erase(0, 5);
  // One test may say several things.
  finding.field_path = RuleOfTitle(entry.text);
  if (!entry.id.empty()) {
    AddReference(finding, fmt::format("https://cisofy.com/lynis/controls/{}/", entry.id));
  }
  if (!host.name.empty()) finding.asset.Make().host = host.name;
  std::string& description = finding.origin->description;
  AddLine(description, entry.text);
  AddFact(description, "Test ID", entry.id);
  AddFact(description, "Result", word);
  AddFact(description, "Details", entry.details);
  AddFact(description, "Hostname", host.name);
  AddFact(description, "Operating system", host.system);
  AddFact(description, "Lynis version", host.version);
  AddFact(description, "Hardening index", host.hardening);
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  static constexpr std::string_view kWarning = "warning[]=";
  static constexpr std::string_view kSuggestion = "suggestion[]=";
  const Host host = HostOf(input);
  ReportFacts facts;
  facts.tool = kTool;
  facts.tool_version = host.version;
  facts.target = host.name;
  facts.created = host.ended;
  sink.Begin(facts);
  for (const std::string_view line : input.Lines()) {
    if (StartsWith(line, kWarning)) {
      sink.Add(MakeFinding(host, SplitEntry(line.substr(kWarning.size())), true));
    } else if (StartsWith(line, kSuggestion)) {
      sink.Add(MakeFinding(host, SplitEntry(line.substr(kSuggestion.size())), false));
    }
  }
  if (host.ended.empty()) {
    AddEntryProblem(
        sink, input, {},
        "the report has no report_datetime_end: Lynis did not finish, or it was cut off");
  }
  return {};
}

}  // namespace

const Importer kLynis = {
    "lynis", "Lynis", "lynis-report.dat of lynis audit system", "one warning or suggestion",
    Detect,  Read};

}  // namespace ouro::ingest
