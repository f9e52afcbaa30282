// ClamAV: what clamscan and clamdscan print, one line a file: "path: signature FOUND", "path: OK",
// "path: reason ERROR". A path may hold colons and blanks: the signature is the last word before
// FOUND.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "clamav";
constexpr int64_t kEmbeddedMaliciousCode = 506;  // CWE-506

struct Line {
  std::string path;
  std::string signature;
};

// Splits "path: words MARK" at the last ": "; nothing when the line does not end in the mark.
std::optional<Line> SplitAt(std::string_view line, std::string_view mark) {
  line = TrimSpace(line);
  if (!EndsWith(line, mark) || line.size() <= mark.size()) return std::nullopt;
  line = TrimSpace(line.substr(0, line.size() - mark.size()));
  const size_t colon = line.rfind(": ");
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view path = line.substr(0, colon);
  // Lines of a log: "Fri Jul 31 05:10:38 2026 -> /path".
  if (const size_t arrow = path.find(" -> "); arrow != std::string_view::npos && arrow < 32) {
    path = path.substr(arrow + 4);
  }
  return Line{std::string(TrimSpace(path)), std::string(TrimSpace(line.substr(colon + 2)))};
}

// "path: OK", "path: Empty file", "path: Symbolic link"
bool IsClean(std::string_view line) {
  return EndsWith(line, ": OK") || EndsWith(line, ": Empty file");
}

std::optional<Line> FoundLine(std::string_view line) {
  std::optional<Line> found = SplitAt(line, " FOUND");
  if (found && found->signature.find(' ') != std::string::npos) return std::nullopt;
  return found;
}

int Detect(const ReportInput& input) {
  if (input.LooksLikeJson() || input.LooksLikeXml()) return kNo;
  const std::string_view bytes = input.bytes();
  if (bytes.find("----------- SCAN SUMMARY -----------") != std::string_view::npos &&
      bytes.find("Infected files:") != std::string_view::npos) {
    return kNamed;
  }
  for (const std::string_view line : input.Lines(65'536)) {
    if (TrimSpace(line).empty() || IsClean(line)) continue;
    return FoundLine(line) ? kSure : kNo;
  }
  return kNo;
}

model::Finding MakeFinding(const Line& line, std::string_view version) {
  model::Finding finding =
      NewFinding(model::FindingClass::kMalware, kTool, version, line.signature);
  finding.title = fmt::format("Malware detected: {} in {}", line.signature, line.path);
  SetSeverityAs(finding, kTool, "FOUND", model::Severity::kHigh);
  finding.message = fmt::format("The signature {} matches the file", line.signature);
  finding.remediation =
      "Remove the file and find out how it came there; where the signature is wrong, record a "
      "false "
      "positive instead of excluding the path";
  finding.location.file = LocationPath(line.path);
  finding.origin->cwes = {kEmbeddedMaliciousCode};
  AddFact(finding.origin->description, "File", line.path);
  AddFact(finding.origin->description, "Signature", line.signature);
  if (EndsWith(line.signature, ".UNOFFICIAL")) {
    AddFact(finding.origin->description, "Note",
            "the suffix .UNOFFICIAL says that the signature came from a database other than "
            "ClamAV's own");
  }
  return finding;
}

// "Engine version: 1.2.2"
std::string SummaryValue(const ReportInput& input, std::string_view name) {
  for (const std::string_view line : input.Lines()) {
    if (StartsWith(line, name)) return std::string(TrimSpace(line.substr(name.size())));
  }
  return {};
}

Status Read(const ReportInput& input, Sink& sink) {
  ReportFacts facts;
  facts.tool = kTool;
  facts.tool_version = SummaryValue(input, "Engine version:");
  facts.created = SummaryValue(input, "End Date:");
  sink.Begin(facts);
  Repeats repeats;
  for (const std::string_view line : input.Lines()) {
    const std::optional<Line> found = FoundLine(line);
    if (found) repeats.Count(found->path + "\n" + found->signature);
  }
  for (const std::string_view line : input.Lines()) {
    if (IsClean(line)) {
      sink.AddPassed(1);
    } else if (const std::optional<Line> found = FoundLine(line)) {
      const int64_t occurrences = repeats.Take(found->path + "\n" + found->signature);
      if (occurrences == 0) continue;
      model::Finding finding = MakeFinding(*found, facts.tool_version);
      finding.origin->occurrences = occurrences;
      sink.Add(std::move(finding));
    } else if (const std::optional<Line> error = SplitAt(line, " ERROR")) {
      AddNotExamined(sink, input, {},
                     fmt::format("clamav could not examine {}: {}", error->path, error->signature));
    }
  }
  return {};
}

}  // namespace

const Importer kClamav = {
    "clamav", "ClamAV", "what clamscan and clamdscan print", "one signature in one file",
    Detect,   Read};

}  // namespace ouro::ingest
