// Smaller scanners for secrets, alike in what they say: secretlint, Talisman, ggshield, Nosey
// Parker, Rusty Hog and n0s1. Sources: each tool's README or documentation of its JSON output.
#include <algorithm>
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

// The first entry of a list, the first line, or the object itself.
io::NodeView FirstRecord(const ReportInput& input) {
  const io::NodeView json = input.json();
  if (!json.IsList()) return json;
  const std::vector<io::NodeView> items = json.Children();
  return items.empty() ? io::NodeView() : items.front();
}

// A secret at a place; the value only as a hash.
model::Finding SecretFinding(std::string_view tool, std::string_view rule, std::string title,
                             std::string_view secret) {
  model::Finding finding =
      ScannerFinding(model::FindingClass::kSecret, tool, rule, WithoutSecret(title, secret));
  SetAssumedSeverity(finding, tool, model::Severity::kHigh);
  AddCwe(finding, "CWE-798");
  const bool is_masked = secret.find_first_not_of("*x") == std::string_view::npos;
  if (!is_masked) finding.origin->snippet_hash = SecretHash(secret);
  finding.message = finding.title;
  finding.remediation =
      "Revoke the secret and issue a new one, then remove it from the place and its history";
  return finding;
}

std::string BaseName(std::string_view path) {
  const size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

int DetectSecretlint(const ReportInput& input) {
  const io::NodeView file = FirstRecord(input);
  if (!HasKeys(file, {"filePath", "messages"})) return kNo;
  if (file.Get("sourceContentType")) return kNamed;
  const std::vector<io::NodeView> messages = Items(file, "messages");
  return !messages.empty() &&
                 Text(messages.front(), "ruleId").find("secretlint") != std::string::npos
             ? kNamed
             : kNo;
}

Status ReadSecretlint(const ReportInput& input, Sink& sink) {
  static constexpr std::string_view kTool = "secretlint";
  OURO_TRY(const std::vector<io::NodeView> files, RecordsOf(input));
  sink.Begin({std::string(kTool), "", "", ""});
  for (const io::NodeView& file : files) {
    const std::string path = ReportPath(Text(file, "filePath"));
    for (const io::NodeView& item : Items(file, "messages")) {
      const std::string rule_id = Text(item, "ruleId");
      static constexpr std::string_view kPrefix = "@secretlint/secretlint-rule-";
      const std::string_view rule =
          StartsWith(rule_id, kPrefix) ? std::string_view(rule_id).substr(kPrefix.size()) : rule_id;
      const std::string what = Text(item, "messageId");
      std::string secret;
      for (const auto& [name, value] : item.Get("data").Members()) secret = ScalarText(value);
      model::Finding finding =
          SecretFinding(kTool, fmt::format("{}/{}", rule, what),
                        fmt::format("Hard coded {} found in {}", what, BaseName(path)), secret);
      SetSeverity(finding, kTool, Text(item, "severity"), model::Severity::kHigh);
      finding.location.file = path;
      finding.location.line = Integer(item, "loc.start.line");
      // secretlint's columns count from 0.
      finding.location.column = Integer(item, "loc.start.column") + 1;
      finding.location.end_line = Integer(item, "loc.end.line");
      AppendFact(finding.origin->description, "Rule", rule_id);
      AppendFact(finding.origin->description, "Message ID", what);
      AddUnique(finding.references, Text(item, "docsUrl"));
      sink.Add(std::move(finding));
    }
  }
  return {};
}

int DetectTalisman(const ReportInput& input) {
  const io::NodeView json = input.json();
  return HasKeys(json, {"summary", "results"}) && At(json, "summary.types.filecontent") ? kNamed
                                                                                        : kNo;
}

// "Expected file to not contain hex encoded texts such as: 68656c6c6f": what follows is the secret.
void AddTalismanFailure(std::string_view path, io::NodeView item, bool is_warning, Sink& sink) {
  static constexpr std::string_view kTool = "talisman";
  const std::string text = Text(item, "message");
  const size_t colon = text.find(" such as: ");
  const std::string secret = colon == std::string::npos ? std::string() : text.substr(colon + 10);
  const std::string type = Text(item, "type");
  model::Finding finding =
      SecretFinding(kTool, type, fmt::format("Secret pattern found in {}", BaseName(path)), secret);
  const std::string severity = Text(item, "severity");
  if (!severity.empty()) SetSeverity(finding, kTool, severity, model::Severity::kHigh);
  if (is_warning) finding.severity = std::min(finding.severity, model::Severity::kLow);
  finding.message = text.substr(0, colon);
  finding.location.file = path;
  const std::vector<std::string> commits = Texts(item, "commits");
  if (!commits.empty()) {
    finding.asset.Make().commit = commits.front();
    AppendFact(finding.origin->description, "Commits", JoinText(commits, ", "));
  }
  sink.Add(std::move(finding));
}

Status ReadTalisman(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView json, JsonOf(input));
  OURO_TRY(const std::vector<io::NodeView> files, ListOf(json, "results"));
  sink.Begin({"talisman", "", "", ""});
  for (const io::NodeView& file : files) {
    const std::string path = ReportPath(Text(file, "filename"));
    for (const io::NodeView& item : Items(file, "failure_list")) {
      AddTalismanFailure(path, item, false, sink);
    }
    for (const io::NodeView& item : Items(file, "warning_list")) {
      AddTalismanFailure(path, item, true, sink);
    }
  }
  return {};
}

int DetectGgshield(const ReportInput& input) {
  const io::NodeView json = input.json();
  return HasKeys(json, {"total_incidents", "total_occurrences"}) &&
                 (json.Get("scans") || json.Get("entities_with_incidents"))
             ? kNamed
             : kNo;
}

void AddGgshieldIncident(io::NodeView scan, std::string_view file, io::NodeView incident,
                         FindingFolder& folder) {
  static constexpr std::string_view kTool = "ggshield";
  const std::string type = FirstText(incident, {"detector", "type", "policy"});
  for (const io::NodeView& place : Items(incident, "occurrences")) {
    const std::string secret = Text(place, "match");
    model::Finding finding =
        SecretFinding(kTool, type, fmt::format("Hard coded {} found in {}", type, file), secret);
    // The service's own hash of the secret names it even where the match is masked.
    const std::string sha = Text(incident, "ignore_sha");
    if (!sha.empty()) finding.origin->snippet_hash = SecretHash(sha);
    finding.origin->confidence = Text(incident, "validity");
    finding.origin->category = Text(incident, "policy");
    finding.location.file = ReportPath(file);
    finding.location.line = Integer(place, "line_start");
    finding.location.end_line = Integer(place, "line_end");
    AddUnique(finding.references, Text(incident, "incident_url"));
    if (Text(scan, "type") == "commit") finding.asset.Make().commit = Text(scan, "id");
    if (Flag(incident, "ignored")) finding.origin->state = "risk_accepted";
    const std::string key = fmt::format("{}\n{}\n{}\n{}", type, file, finding.location.line,
                                        finding.origin->snippet_hash);
    folder.Add(key, std::move(finding));
  }
}

Status ReadGgshield(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView json, JsonOf(input));
  sink.Begin({"ggshield", Text(json, "secrets_engine_version"), "", ""});
  FindingFolder folder;
  std::vector<io::NodeView> scans = Items(json, "scans");
  if (json.Get("entities_with_incidents")) scans.push_back(json);
  for (const io::NodeView& scan : scans) {
    for (const io::NodeView& entity : Items(scan, "entities_with_incidents")) {
      for (const io::NodeView& incident : Items(entity, "incidents")) {
        AddGgshieldIncident(scan, Text(entity, "filename"), incident, folder);
      }
    }
  }
  folder.Flush(sink);
  return {};
}

int DetectNoseyParker(const ReportInput& input) {
  const io::NodeView item = FirstRecord(input);
  return HasKeys(item, {"rule_name", "matches"}) &&
                 (item.Get("finding_id") || item.Get("num_matches"))
             ? kNamed
             : kNo;
}

void AddNoseyParkerMatch(io::NodeView item, io::NodeView match, FindingFolder& folder) {
  static constexpr std::string_view kTool = "noseyparker";
  std::string file;
  std::string commit;
  std::string repository;
  for (const io::NodeView& source : Items(match, "provenance")) {
    file = FirstText(source, {"first_commit.blob_path", "commit_provenance.blob_path", "path"});
    commit = FirstText(source, {"first_commit.commit_metadata.commit_id",
                                "commit_provenance.commit_metadata.commit_id"});
    repository = Text(source, "repo_path");
    if (!file.empty()) break;
  }
  const std::string rule = FirstText(item, {"rule_text_id", "rule_name"});
  // The groups of the match are the secret; the snippet around it is not kept.
  const std::string secret = JoinText(Texts(match, "groups"), "\n");
  const std::string name = Text(item, "rule_name");
  model::Finding finding = SecretFinding(
      kTool, rule, file.empty() ? name : fmt::format("{} found in {}", name, ReportPath(file)),
      secret);
  finding.location.file = ReportPath(file);
  finding.location.line = Integer(match, "location.source_span.start.line");
  finding.location.column = Integer(match, "location.source_span.start.column");
  finding.origin->uid = FirstText(match, {"structural_id", "blob_id"});
  if (!commit.empty() || !repository.empty()) {
    finding.asset.Make().commit = commit;
    if (repository != "./.git") finding.asset->repository = repository;
  }
  const std::string key = fmt::format("{}\n{}\n{}\n{}", rule, finding.location.file,
                                      finding.location.line, finding.origin->snippet_hash);
  folder.Add(key, std::move(finding));
}

Status ReadNoseyParker(const ReportInput& input, Sink& sink) {
  OURO_TRY(const std::vector<io::NodeView> items, RecordsOf(input));
  sink.Begin({"noseyparker", "", "", ""});
  FindingFolder folder;
  for (const io::NodeView& item : items) {
    for (const io::NodeView& match : Items(item, "matches"))
      AddNoseyParkerMatch(item, match, folder);
  }
  folder.Flush(sink);
  return {};
}

int DetectRustyHog(const ReportInput& input) {
  if (!input.json().IsList()) return kNo;
  const io::NodeView item = FirstRecord(input);
  if (!HasKeys(item, {"stringsFound", "reason"})) return kNo;
  return item.Get("linenum") || item.Get("issue_id") || item.Get("page_id") ||
                 item.Get("parent_commit_hash")
             ? kNamed
             : kNo;
}

// Where each of the hogs looks: files, Git, Jira, Confluence.
std::string PlaceOfHog(io::NodeView item) {
  if (const std::string issue = Text(item, "issue_id"); !issue.empty()) {
    return fmt::format("Jira ID {} ({})", issue, Text(item, "location"));
  }
  if (const std::string page = Text(item, "page_id"); !page.empty()) {
    return fmt::format("Confluence Page ID {}", page);
  }
  const std::string commit = Text(item, "commitHash");
  if (!commit.empty()) return fmt::format("Git path {} ({})", Text(item, "path"), commit);
  return fmt::format("path {}", Text(item, "path"));
}

Status ReadRustyHog(const ReportInput& input, Sink& sink) {
  static constexpr std::string_view kTool = "rusty-hog";
  OURO_TRY(const std::vector<io::NodeView> items, RecordsOf(input));
  sink.Begin({std::string(kTool), "", "", ""});
  for (const io::NodeView& item : items) {
    const std::string reason = Text(item, "reason");
    const std::string secret = JoinText(Texts(item, "stringsFound"), "\n");
    model::Finding finding = SecretFinding(
        kTool, reason, fmt::format("{} found in {}", reason, PlaceOfHog(item)), secret);
    finding.location.file = ReportPath(Text(item, "path"));
    finding.location.line = std::max<int64_t>(0, Integer(item, "linenum"));
    const std::string url = Text(item, "url");
    AddUnique(finding.references, url);
    finding.origin->endpoint = url;
    if (const std::string commit = Text(item, "commitHash"); !commit.empty()) {
      finding.asset.Make().commit = commit;
    }
    sink.Add(std::move(finding));
  }
  return {};
}

int DetectN0s1(const ReportInput& input) {
  return Text(input.json(), "tool.name") == "n0s1" ? kNamed : kNo;
}

Status ReadN0s1(const ReportInput& input, Sink& sink) {
  static constexpr std::string_view kTool = "n0s1";
  OURO_TRY(const io::NodeView json, JsonOf(input));
  const io::NodeView findings = json.Get("findings");
  if (!findings.IsMap()) {
    return Fail(ErrorCode::kInvalid, "`findings` is missing or no map", PlaceOf(json));
  }
  const std::string version = Text(json, "tool.version");
  sink.Begin({std::string(kTool), version, Text(json, "tool.scan_arguments.scan_target"),
              Text(json, "scan_date.date_utc")});
  for (const auto& [id, item] : findings.Members()) {
    const std::string rule = Text(item, "details.matched_regex_config.id");
    model::Finding finding = SecretFinding(kTool, rule, rule, Text(item, "secret"));
    finding.message =
        fmt::format("{} in {} of {}", Text(item, "details.matched_regex_config.description"),
                    Text(item, "details.ticket_field"), Text(item, "details.platform"));
    // The text is redacted around the match; the tool's id is a hash of the place and the value.
    finding.origin->snippet_hash = SecretHash(id);
    finding.origin->uid = id;
    finding.origin->tool_version = version;
    finding.origin->category = Text(item, "details.platform");
    const std::string url = Text(item, "url");
    finding.origin->endpoint = url;
    AddUnique(finding.references, url);
    sink.Add(std::move(finding));
  }
  return {};
}

}  // namespace

const Importer kSecretlint = {
    "secretlint",     "secretlint",  "secretlint --format json", "one message at one place",
    DetectSecretlint, ReadSecretlint};
const Importer kTalisman = {"talisman",
                            "Talisman",
                            "the JSON report of talisman --scan",
                            "one failure or warning of one file",
                            DetectTalisman,
                            ReadTalisman};
const Importer kGgshield = {"ggshield",
                            "ggshield",
                            "ggshield secret scan --json",
                            "one occurrence of a secret at one place",
                            DetectGgshield,
                            ReadGgshield};
const Importer kNoseyparker = {"noseyparker",
                               "Nosey Parker",
                               "noseyparker report with JSON or JSON lines",
                               "one secret at one place",
                               DetectNoseyParker,
                               ReadNoseyParker};
const Importer kRustyHog = {"rusty-hog",
                            "Rusty Hog",
                            "choctaw_hog, duroc_hog, gottingen_hog and essex_hog with JSON output",
                            "one entry of the list",
                            DetectRustyHog,
                            ReadRustyHog};
const Importer kN0s1 = {"n0s1",     "n0s1",  "n0s1 with a JSON report", "one match in one text",
                        DetectN0s1, ReadN0s1};

}  // namespace ouro::ingest
