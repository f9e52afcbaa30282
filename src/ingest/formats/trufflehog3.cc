// trufflehog3 (--format JSON): version 3, and the older form with `reason` and `stringsFound`.
// Source: the tool's README and lib/trufflehog3/models.py.
#include <utility>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/field.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/scanner_shared.h"
#include "ingest/words.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "trufflehog3";

bool IsOlder(io::NodeView item) {
  return HasKeys(item, {"path", "reason", "stringsFound"}) && !item.Get("printDiff") &&
         !item.Get("linenum") && !item.Get("diff");
}

int Detect(const ReportInput& input) {
  const io::NodeView json = input.json();
  if (!json.IsList()) return kNo;
  const std::vector<io::NodeView> items = json.Children();
  if (items.empty()) return kNo;
  const io::NodeView first = items.front();
  if (HasKeys(first, {"rule", "path", "secret"}) && first.Get("rule").IsMap()) return kNamed;
  return IsOlder(first) ? kSure : kNo;
}

void SetCommit(model::Finding& finding, std::string commit, std::string branch,
               std::string_view date) {
  if (commit.empty() && branch.empty()) return;
  std::string& text = finding.origin->description;
  AppendFact(text, "Commit", commit);
  AppendFact(text, "Branch", branch);
  AppendFact(text, "Date", date);
  finding.asset.Make().commit = std::move(commit);
  finding.asset->branch = std::move(branch);
}

model::Finding ReadCurrent(io::NodeView item) {
  const std::string what = FirstText(item, {"rule.message", "rule.id"});
  const std::string file = ReportPath(Text(item, "path"));
  const std::string secret = Text(item, "secret");
  model::Finding finding =
      ScannerFinding(model::FindingClass::kSecret, kTool, Text(item, "rule.id"),
                     WithoutSecret(fmt::format("{} found in {}", what, file), secret));
  SetSeverity(finding, kTool, Text(item, "rule.severity"), model::Severity::kHigh);
  AddCwe(finding, "CWE-798");
  finding.location.file = file;
  finding.location.line = Integer(item, "line");
  finding.message = WithoutSecret(fmt::format("trufflehog3 found a secret: {}", what), secret);
  finding.origin->uid = Text(item, "id");
  if (!secret.empty()) finding.origin->snippet_hash = SecretHash(secret);
  SetCommit(finding, Text(item, "commit"), Text(item, "branch"), Text(item, "date"));
  AppendFact(finding.origin->description, "Commit message",
             WithoutSecret(Text(item, "message"), secret));
  AppendFact(finding.origin->description, "Author", WithoutSecret(Text(item, "author"), secret));
  return finding;
}

model::Finding ReadOlder(io::NodeView item) {
  const std::string reason = Text(item, "reason");
  const std::string file = ReportPath(Text(item, "path"));
  model::Finding finding = ScannerFinding(model::FindingClass::kSecret, kTool, reason,
                                          fmt::format("Hard Coded {} in: {}", reason, file));
  SetAssumedSeverity(finding, kTool, model::Severity::kHigh);
  AddCwe(finding, "CWE-798");
  finding.location.file = file;
  finding.location.line = Integer(item, "line");
  finding.message = fmt::format("trufflehog3 found {} in the history of this file", reason);
  SetCommit(finding, Text(item, "commitHash"), Text(item, "branch"), Text(item, "date"));
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const std::vector<io::NodeView> items, RecordsOf(input));
  sink.Begin({std::string(kTool), "", "", ""});
  FindingFolder folder;
  for (const io::NodeView& item : items) {
    const bool is_older = !item.Get("rule") && static_cast<bool>(item.Get("reason"));
    model::Finding finding = is_older ? ReadOlder(item) : ReadCurrent(item);
    // The older form quotes whole lines of each commit, not secrets: rule and file are all it
    // tells.
    const std::string key = fmt::format("{}\n{}\n{}", finding.check, finding.location.file,
                                        is_older ? std::string() : finding.origin->snippet_hash);
    folder.Add(key, std::move(finding));
  }
  folder.Flush(sink);
  return {};
}

}  // namespace

const Importer kTrufflehog3 = {"trufflehog3",
                               "trufflehog3",
                               "trufflehog3 --format JSON, and the form before version 3",
                               "one secret in one file (older form: one rule in one file)",
                               Detect,
                               Read};

}  // namespace ouro::ingest
