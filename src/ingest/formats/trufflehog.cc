// TruffleHog: version 3 (--json, one object a line), version 2 (--json, one object a commit and
// file). Source: pkg/output/json.go and pkg/pb/source_metadatapb of v3; truffleHog.py of v2.
#include <array>
#include <utility>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/field.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/scanner_shared.h"
#include "ingest/words.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "trufflehog";

bool IsVersion2(io::NodeView item) {
  return HasKeys(item, {"path", "reason", "stringsFound"}) && item.Get("printDiff");
}

int DetectItem(io::NodeView item) {
  if (HasKeys(item, {"SourceMetadata", "DetectorName"})) return kNamed;
  return IsVersion2(item) ? kNamed : kNo;
}

int Detect(const ReportInput& input) {
  // v3 logs in JSON on the same stream, so the first lines may be about something else.
  static constexpr size_t kLookedAtCount = 20;
  size_t count = 0;
  for (const io::NodeView& value : input.values()) {
    if (++count > kLookedAtCount) return kNo;
    const std::vector<io::NodeView> items = value.IsList() ? value.Children() : std::vector{value};
    if (items.empty()) continue;
    if (const int sure = DetectItem(items.front()); sure != kNo) return sure;
    if (!items.front().Get("level")) return kNo;
  }
  return kNo;
}

// Keys of a source's metadata that name the place in which the secret lies, best first.
constexpr std::array<std::string_view, 8> kFileKeys = {"file", "path",     "key",      "filename",
                                                       "page", "location", "document", "link"};

// SourceMetadata.Data has one member: the kind of source.
void SetSource(model::Finding& finding, io::NodeView item) {
  for (const auto& [kind, data] : At(item, "SourceMetadata.Data").Members()) {
    for (const std::string_view key : kFileKeys) {
      if (finding.location.file.empty()) finding.location.file = ReportPath(Text(data, key));
    }
    finding.location.line = Integer(data, "line");
    finding.origin->category = kind;
    AddUnique(finding.references, Text(data, "link"));
    if (const std::string image = Text(data, "image"); !image.empty()) {
      finding.image.Make().reference = image;
      finding.image->layer = Text(data, "layer");
      if (const std::string tag = Text(data, "tag"); !tag.empty()) {
        finding.image->reference += ":" + tag;
      }
    }
    const std::string repository = FirstText(data, {"repository", "bucket", "project"});
    const std::string commit = Text(data, "commit");
    if (!repository.empty() || !commit.empty()) {
      finding.asset.Make().repository = repository;
      finding.asset->commit = commit;
      finding.asset->branch = Text(data, "branch");
    }
    std::string& text = finding.origin->description;
    AppendFact(text, "Author", Text(data, "email"));
    AppendFact(text, "Date", Text(data, "timestamp"));
  }
}

void SetVerdict(model::Finding& finding, io::NodeView item) {
  const bool is_verified = Flag(item, "Verified");
  SetAssumedSeverity(finding, kTool,
                     is_verified ? model::Severity::kCritical : model::Severity::kMedium);
  finding.origin->confidence = is_verified ? "verified" : "unverified";
  const std::string detector = Text(item, "DetectorName");
  finding.message = is_verified
                        ? fmt::format("A secret of {} that works: TruffleHog used it", detector)
                        : fmt::format("A secret of {} that TruffleHog could not use", detector);
  finding.remediation =
      "Revoke the secret and issue a new one, then remove it from the place and its history";
  AddUnique(finding.references, Text(item, "ExtraData.rotation_guide"));
}

model::Finding ReadVersion3(io::NodeView item) {
  const std::string detector = Text(item, "DetectorName");
  const std::string secret = FirstText(item, {"RawV2", "Raw"});
  model::Finding finding = ScannerFinding(model::FindingClass::kSecret, kTool, detector, "");
  SetSource(finding, item);
  SetVerdict(finding, item);
  AddCwe(finding, "CWE-798");
  const std::string place =
      finding.location.file.empty() ? Text(item, "SourceName") : finding.location.file;
  finding.title =
      WithoutSecret(fmt::format("Hard coded {} secret found in {}", detector, place), secret);
  finding.origin->description = WithoutSecret(finding.origin->description, secret);
  if (!secret.empty()) finding.origin->snippet_hash = SecretHash(secret);
  const std::string decoder = Text(item, "DecoderName");
  if (!decoder.empty() && decoder != "PLAIN") AddUnique(finding.origin->tags, decoder);
  return finding;
}

model::Finding ReadVersion2(io::NodeView item) {
  const std::string reason = Text(item, "reason");
  const std::string file = ReportPath(Text(item, "path"));
  model::Finding finding =
      ScannerFinding(model::FindingClass::kSecret, kTool, reason,
                     fmt::format("Hard coded {} secret found in {}", reason, file));
  SetAssumedSeverity(finding, kTool, model::Severity::kHigh);
  AddCwe(finding, "CWE-798");
  finding.location.file = file;
  finding.message = fmt::format("TruffleHog found {} in the history of this file", reason);
  finding.asset.Make().commit = Text(item, "commitHash");
  finding.asset->branch = Text(item, "branch");
  // The commit's message may hold the secret as well: only where none of the strings is in it.
  std::string text;
  AppendFact(text, "Commit", Text(item, "commitHash"));
  AppendFact(text, "Date", Text(item, "date"));
  finding.origin->description = text;
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const std::vector<io::NodeView> items, RecordsOf(input));
  sink.Begin({std::string(kTool), "", "", ""});
  FindingFolder folder;
  for (const io::NodeView& item : items) {
    // v3 also logs in JSON on the same stream: {"level":"info","msg":…}.
    if (item.Get("level") && item.Get("msg")) continue;
    const bool is_version_3 = static_cast<bool>(item.Get("DetectorName"));
    model::Finding finding = is_version_3 ? ReadVersion3(item) : ReadVersion2(item);
    const std::string key =
        fmt::format("{}\n{}\n{}\n{}\n{}\n{}", finding.check, finding.location.file,
                    finding.location.line, finding.asset ? finding.asset->repository : "",
                    finding.image ? finding.image->reference : "", finding.origin->snippet_hash);
    folder.Add(key, std::move(finding));
  }
  folder.Flush(sink);
  return {};
}

}  // namespace

const Importer kTrufflehog = {"trufflehog",
                              "TruffleHog",
                              "trufflehog --json, versions 2 and 3",
                              "one secret at one place (version 2: one rule in one file)",
                              Detect,
                              Read};

}  // namespace ouro::ingest
