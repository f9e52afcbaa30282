// Gitleaks, JSON reports of all versions: 1 to 3 (`commitMsg`, `reason` or `rule`), 4 to 7
// (`offender`, `lineNumber`) and 8 (`RuleID`, `Secret`, `Fingerprint`). Source: report/finding.go
// of v8 and scan/leak.go and audit/ of the older tags in the tool's repository.
#include <utility>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/field.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/scanner_shared.h"
#include "ingest/words.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "gitleaks";

bool IsVersion8(io::NodeView leak) {
  return HasKeys(leak, {"RuleID", "File"}) && (leak.Get("Secret") || leak.Get("Match"));
}

bool IsOlder(io::NodeView leak) {
  return HasKeys(leak, {"line", "offender", "commit"}) && (leak.Get("rule") || leak.Get("reason"));
}

int Detect(const ReportInput& input) {
  const std::vector<io::NodeView>& values = input.values();
  if (values.empty() || !values.front().IsList()) return kNo;
  const std::vector<io::NodeView> leaks = values.front().Children();
  if (leaks.empty()) return kNo;
  return IsVersion8(leaks.front()) || IsOlder(leaks.front()) ? kNamed : kNo;
}

// With --redact the tool writes this word instead of (a part of) the secret.
bool IsRedacted(std::string_view secret) {
  return secret.empty() || secret.find("REDACTED") != std::string_view::npos ||
         EndsWith(secret, "...");
}

struct Leak {
  std::string rule;
  std::string what;  // the rule in words
  std::string secret;
  std::string message;  // of the commit
  std::string author;
  std::string date;
};

void SetEvidence(model::Finding& finding, const Leak& leak) {
  model::Origin& origin = *finding.origin;
  if (!IsRedacted(leak.secret)) origin.snippet_hash = SecretHash(leak.secret);
  std::string text;
  AppendFact(text, "Commit hash", finding.asset ? finding.asset->commit : "");
  AppendFact(text, "Commit message", leak.message);
  AppendFact(text, "Author", leak.author);
  AppendFact(text, "Date", StartsWith(leak.date, "0001-01-01") ? "" : leak.date);
  AppendFact(text, "Rule Id", leak.rule);
  origin.description = WithoutSecret(text, leak.secret);
  AddCwe(finding, "CWE-798");
  SetAssumedSeverity(finding, kTool, model::Severity::kHigh);
  finding.message =
      fmt::format("Gitleaks found a secret by its rule {}{}", leak.rule,
                  leak.what.empty() || leak.what == leak.rule ? "" : ": " + leak.what);
  finding.message = WithoutSecret(finding.message, leak.secret);
  finding.remediation =
      "Revoke the secret and issue a new one, then remove it from the code and from the history";
}

void SetCommit(model::Finding& finding, std::string commit, std::string repository) {
  if (repository == ".") repository.clear();
  if (commit.empty() && repository.empty()) return;
  model::Asset& asset = finding.asset.Make();
  asset.commit = std::move(commit);
  asset.repository = std::move(repository);
}

model::Finding ReadVersion8(io::NodeView item) {
  Leak leak{Text(item, "RuleID"),  Text(item, "Description"), FirstText(item, {"Secret", "Match"}),
            Text(item, "Message"), Text(item, "Author"),      Text(item, "Date")};
  const std::string file = ReportPath(Text(item, "File"));
  const std::string& what = leak.what.empty() ? leak.rule : leak.what;
  model::Finding finding = ScannerFinding(
      model::FindingClass::kSecret, kTool, leak.rule,
      WithoutSecret(fmt::format("Hard coded {} found in {}", what, file), leak.secret));
  finding.location.file = file;
  finding.location.line = Integer(item, "StartLine");
  finding.location.end_line = Integer(item, "EndLine");
  finding.location.column = Integer(item, "StartColumn");
  finding.location.end_column = Integer(item, "EndColumn");
  SetCommit(finding, Text(item, "Commit"), "");
  SetEvidence(finding, leak);
  AddUnique(finding.references, Text(item, "Link"));
  finding.origin->uid = WithoutSecret(Text(item, "Fingerprint"), leak.secret);
  for (const std::string& tag : Texts(item, "Tags")) AddUnique(finding.origin->tags, tag);
  return finding;
}

model::Finding ReadOlder(io::NodeView item) {
  Leak leak{FirstText(item, {"rule", "reason"}),
            Text(item, "info"),
            Text(item, "offender"),
            FirstText(item, {"commitMessage", "commitMsg"}),
            Text(item, "author"),
            Text(item, "date")};
  model::Finding finding = ScannerFinding(model::FindingClass::kSecret, kTool, leak.rule,
                                          fmt::format("Hard Coded {}", leak.rule));
  finding.location.file = ReportPath(FirstText(item, {"file", "path"}));
  finding.location.line = Integer(item, "lineNumber");
  SetCommit(finding, Text(item, "commit"), FirstText(item, {"repoURL", "repo"}));
  SetEvidence(finding, leak);
  AddUnique(finding.references, Text(item, "leakURL"));
  const std::string tags = Text(item, "tags");
  for (const std::string_view tag : SplitText(tags, ',')) AddUnique(finding.origin->tags, tag);
  if (const std::string severity = Text(item, "severity"); !severity.empty()) {
    SetSeverity(finding, kTool, severity, model::Severity::kHigh);
  }
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const std::vector<io::NodeView> leaks, RecordsOf(input));
  sink.Begin({std::string(kTool), "", "", ""});
  FindingFolder folder;
  for (const io::NodeView& leak : leaks) {
    const bool is_new = IsVersion8(leak);
    if (!is_new && !leak.Get("rule") && !leak.Get("reason")) {
      sink.AddProblem(ScannerProblem(
          ErrorCode::kInvalid, input.name(), 0,
          fmt::format("the entry at {} has no rule and was left out", PlaceOf(leak))));
      continue;
    }
    model::Finding finding = is_new ? ReadVersion8(leak) : ReadOlder(leak);
    // The same secret at the same place in several commits is one finding.
    const std::string key = fmt::format(
        "{}\n{}\n{}\n{}\n{}", finding.check, finding.location.file, finding.location.line,
        finding.origin->snippet_hash,
        finding.origin->snippet_hash.empty() && finding.asset ? finding.asset->commit : "");
    folder.Add(key, std::move(finding));
  }
  folder.Flush(sink);
  return {};
}

}  // namespace

const Importer kGitleaks = {"gitleaks",
                            "Gitleaks",
                            "gitleaks with a JSON report, versions 1 to 8",
                            "one secret at one place, whatever number of commits have it",
                            Detect,
                            Read};

}  // namespace ouro::ingest
