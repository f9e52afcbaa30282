// detect-secrets: the baseline file of `detect-secrets scan` and of `audit`.
// Source: the tool's docs/design.md and detect_secrets/core/potential_secret.py.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/field.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/scanner_shared.h"
#include "ingest/words.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "detect-secrets";

int Detect(const ReportInput& input) {
  const io::NodeView json = input.json();
  if (!HasKeys(json, {"results", "plugins_used"}) || !json.Get("results").IsMap()) return kNo;
  return kNamed;
}

model::Finding ReadSecret(std::string_view file, io::NodeView item) {
  const std::string type = Text(item, "type");
  const std::string path =
      ReportPath(FirstText(item, {"filename"}).empty() ? file : Text(item, "filename"));
  model::Finding finding = ScannerFinding(model::FindingClass::kSecret, kTool, type,
                                          fmt::format("{} found in {}", type, path));
  const bool is_verified = Flag(item, "is_verified");
  SetAssumedSeverity(finding, kTool,
                     is_verified ? model::Severity::kCritical : model::Severity::kHigh);
  AddCwe(finding, "CWE-798");
  finding.location.file = path;
  finding.location.line = Integer(item, "line_number");
  finding.message = fmt::format("detect-secrets found what looks like a secret: {}", type);
  model::Origin& origin = *finding.origin;
  // The baseline has a plain SHA-1 of the secret, which a dictionary undoes: hashed once more, with
  // a key.
  const std::string hash = Text(item, "hashed_secret");
  if (!hash.empty()) origin.snippet_hash = SecretHash(hash);
  origin.confidence = is_verified ? "verified" : "unverified";
  // What a person said of it in `detect-secrets audit`.
  if (item.Get("is_secret") && !Flag(item, "is_secret", true)) origin.state = "false_positive";
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView json, JsonOf(input));
  const io::NodeView files = json.Get("results");
  if (!files.IsMap()) {
    return Fail(ErrorCode::kInvalid, "`results` is missing or no map of files", PlaceOf(json));
  }
  const std::string version = Text(json, "version");
  sink.Begin({std::string(kTool), version, "", Text(json, "generated_at")});
  for (const auto& [file, secrets] : files.Members()) {
    for (const io::NodeView& secret : secrets.Children()) {
      model::Finding finding = ReadSecret(file, secret);
      finding.origin->tool_version = version;
      sink.Add(std::move(finding));
    }
  }
  return {};
}

}  // namespace

const Importer kDetectSecrets = {
    "detect-secrets",          "detect-secrets", "the baseline of detect-secrets scan or audit",
    "one secret at one place", Detect,           Read};

}  // namespace ouro::ingest
