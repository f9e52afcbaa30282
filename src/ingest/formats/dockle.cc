// Dockle: `dockle --format json`: checkpoints of one image, each with its alerts. FATAL, WARN and
// INFO are findings; PASS is only counted, SKIP was not examined, IGNORE is what the user chose to
// leave out.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "dockle";

int Detect(const ReportInput& input) {
  const io::NodeView json = input.json();
  if (!HasKeys(json, {"summary", "details"})) return kNo;
  return HasKeys(json.Get("summary"), {"fatal", "warn", "info", "skip", "pass"}) ? kSure : kNo;
}

struct Level {
  std::string_view word;
  model::Severity severity;
};

std::optional<Level> LevelOf(std::string_view word) {
  if (word == "FATAL") return Level{"FATAL", model::Severity::kHigh};
  if (word == "WARN") return Level{"WARN", model::Severity::kMedium};
  if (word == "INFO") return Level{"INFO", model::Severity::kLow};
  return std::nullopt;
}

bool IsLeftOut(std::string_view word) {
  return word == "PASS" || word == "SKIP" || word == "IGNORE";
}

std::string KeyOf(io::NodeView detail) {
  return Text(detail, "code") + "\n" + Text(detail, "title");
}

model::Finding ReadDetail(io::NodeView detail, std::string_view image) {
  const std::string code = Text(detail, "code");
  const std::string word = Text(detail, "level");
  model::Finding finding = NewFinding(model::FindingClass::kMisconfig, kTool, {}, code);
  finding.title = fmt::format("{}: {}", code, Text(detail, "title"));
  if (const std::optional<Level> level = LevelOf(word)) {
    SetSeverityAs(finding, kTool, level->word, level->severity);
  } else {
    SetSeverity(finding, kTool, word);
  }
  // DKL-DI-… alerts about credentials name the file or variable, never its value.
  for (const std::string& alert : Texts(detail, "alerts")) AddLine(finding.message, alert);
  if (finding.message.empty()) finding.message = Text(detail, "title");
  finding.origin->description = finding.message;
  if (!image.empty()) finding.image.Make().reference = image;
  AddReference(finding, "https://github.com/goodwithtech/dockle/blob/master/CHECKPOINT.md#" +
                            LowerAscii(code));
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  if (!root.Get("details")) return MissingPart(root, "details");
  ReportFacts facts;
  facts.tool = kTool;
  facts.target = Text(root, "image");
  sink.Begin(facts);
  Repeats repeats;
  for (const io::NodeView& detail : Items(root, "details")) repeats.Count(KeyOf(detail));
  for (const io::NodeView& detail : Items(root, "details")) {
    if (IsLeftOut(Text(detail, "level"))) continue;
    const int64_t occurrences = repeats.Take(KeyOf(detail));
    if (occurrences == 0) continue;
    model::Finding finding = ReadDetail(detail, facts.target);
    finding.origin->occurrences = occurrences;
    sink.Add(std::move(finding));
  }
  sink.AddPassed(Integer(root, "summary.pass"));
  return {};
}

}  // namespace

const Importer kDockle = {
    "dockle", "Dockle", "dockle --format json", "one checkpoint that an image does not meet",
    Detect,   Read};

}  // namespace ouro::ingest
