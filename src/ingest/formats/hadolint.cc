// hadolint: `hadolint --format json`: a list of rule violations with file, line and column. Rules
// DL… are its own, SC… those of ShellCheck.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "hadolint";

bool IsEntry(io::NodeView node) {
  if (!HasKeys(node, {"line", "code", "message", "column", "file", "level"})) return false;
  const std::string code = Text(node, "code");
  return StartsWith(code, "DL") || StartsWith(code, "SC") || StartsWith(code, "HL");
}

int Detect(const ReportInput& input) {
  const std::vector<io::NodeView> entries = input.json().Children();
  return input.json().IsList() && !entries.empty() && IsEntry(entries.front()) ? kSure : kNo;
}

// hadolint reports a rule once for every shell that it parses in an instruction.
std::string KeyOf(io::NodeView entry) {
  return fmt::format("{}\n{}\n{}\n{}", Text(entry, "file"), Text(entry, "line"),
                     Text(entry, "column"), Text(entry, "code"));
}

model::Finding ReadEntry(io::NodeView entry) {
  const std::string code = Text(entry, "code");
  model::Finding finding = NewFinding(
      StartsWith(code, "SC") ? model::FindingClass::kLint : model::FindingClass::kMisconfig, kTool,
      {}, code);
  finding.message = Text(entry, "message");
  finding.title = fmt::format("{}: {}", code, finding.message);
  SetSeverity(finding, kTool, Text(entry, "level"), model::Severity::kInfo);
  finding.location.file = LocationPath(Text(entry, "file"));
  finding.location.line = Integer(entry, "line");
  finding.location.column = Integer(entry, "column");
  if (StartsWith(code, "SC")) {
    AddReference(finding, "https://www.shellcheck.net/wiki/" + code);
  } else {
    AddReference(finding, "https://github.com/hadolint/hadolint/wiki/" + code);
  }
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  if (!root.IsList()) return MissingPart(root, "list of rule violations");
  ReportFacts facts;
  facts.tool = kTool;
  sink.Begin(facts);
  Repeats repeats;
  for (const io::NodeView& entry : root.Children()) repeats.Count(KeyOf(entry));
  for (const io::NodeView& entry : root.Children()) {
    const int64_t occurrences = repeats.Take(KeyOf(entry));
    if (occurrences == 0) continue;
    model::Finding finding = ReadEntry(entry);
    finding.origin->occurrences = occurrences;
    sink.Add(std::move(finding));
  }
  return {};
}

}  // namespace

const Importer kHadolint = {
    "hadolint", "hadolint", "hadolint --format json", "one rule in one place of a Dockerfile",
    Detect,     Read};

}  // namespace ouro::ingest
