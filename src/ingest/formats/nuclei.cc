// Nuclei: -json and -jsonl (one object a line), -json-export (a list), old and new spelling of the
// keys. Source: pkg/output/output.go (ResultEvent) and pkg/model/model.go of the tool's repository.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/field.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/scanner_shared.h"
#include "ingest/words.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "nuclei";

int Detect(const ReportInput& input) {
  io::NodeView item = input.json();
  if (item.IsList()) {
    const std::vector<io::NodeView> items = item.Children();
    if (items.empty()) return kNo;
    item = items.front();
  }
  if (!HasKeys(item, {"info", "type"}) || !item.Get("info").IsMap()) return kNo;
  return item.Get("template-id") || item.Get("templateID") ? kNamed : kNo;
}

// "a, b" or ["a", "b"].
std::vector<std::string> Words(io::NodeView node, std::string_view key) {
  std::vector<std::string> words;
  for (const std::string& text : Texts(node, key)) {
    for (const std::string_view word : SplitText(text, ',')) AddUnique(words, word);
  }
  return words;
}

void SetClassification(model::Finding& finding, io::NodeView info) {
  const io::NodeView facts = info.Get("classification");
  AddCwes(finding, Texts(facts, "cwe-id"));
  std::vector<std::string> ids;
  for (const std::string& id : Texts(facts, "cve-id")) {
    for (const std::string& found : VulnIdsIn(ReplaceAll(id, "cve", "CVE"))) AddUnique(ids, found);
  }
  if (!ids.empty()) SetVulnIds(finding.vuln.Make(), ids);
  const double score = Number(facts, "cvss-score").value_or(-1);
  AddCvss(finding, Text(facts, "cvss-metrics"), score);
  if (finding.vuln) {
    finding.vuln->epss = Number(facts, "epss-score").value_or(-1);
    finding.vuln->epss_percentile = Number(facts, "epss-percentile").value_or(-1);
  }
}

void SetReferences(model::Finding& finding, io::NodeView info) {
  for (const std::string& reference : Texts(info, "reference")) {
    const std::vector<std::string> urls = UrlsIn(reference);
    if (urls.empty()) AddUnique(finding.references, reference);
    for (const std::string& url : urls) AddUnique(finding.references, url);
  }
}

// Where it matched: "https://host/path", "host:port" or a bare name; the host stands for the
// target.
void SetTarget(model::Finding& finding, io::NodeView item) {
  const std::string matched = FirstText(item, {"matched-at", "matched", "url", "host"});
  // An IP address only where no name is told.
  std::string host = HostOf(FirstText(item, {"host", "matched-at", "matched"}));
  if (host.empty()) host = Text(item, "ip");
  finding.origin->endpoint = host;
  if (!host.empty()) finding.asset.Make().host = host;
  AppendFact(finding.origin->description, "Matched at", matched);
  AppendFact(finding.origin->description, "Address", Text(item, "ip"));
}

model::Finding ReadItem(io::NodeView item) {
  const io::NodeView info = item.Get("info");
  const std::string rule = FirstText(item, {"template-id", "templateID"});
  const std::string matcher = FirstText(item, {"matcher-name", "matcher_name", "extractor-name"});
  std::string title = Text(info, "name");
  model::Finding finding =
      ScannerFinding(model::FindingClass::kProbe, kTool, rule, title.empty() ? rule : title);
  SetSeverity(finding, kTool, Text(info, "severity"), model::Severity::kInfo);
  finding.message = Text(info, "description");
  finding.remediation = Text(info, "remediation");
  finding.field_path = matcher;
  finding.origin->impact = Text(info, "impact");
  finding.origin->category = Text(item, "type");
  for (const std::string& tag : Words(info, "tags")) AddUnique(finding.origin->tags, tag);
  SetTarget(finding, item);
  AppendFact(finding.origin->description, "Matcher", matcher);
  // What the template extracted: of a token template that is the token itself.
  const std::vector<std::string> extracted = Texts(item, "extracted-results");
  const std::string results =
      JoinText(extracted.empty() ? Texts(item, "extracted_results") : extracted, ", ");
  SetClassification(finding, info);
  if (!results.empty() &&
      IsAboutSecrets(rule + " " + JoinText(finding.origin->tags, " "), finding.origin->cwes)) {
    finding.origin->snippet_hash = SecretHash(results);
  } else {
    AppendFact(finding.origin->description, "Results", results);
  }
  SetReferences(finding, info);
  AddUnique(finding.references, Text(item, "template-url"));
  if (finding.message.empty()) finding.message = finding.title;
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const std::vector<io::NodeView> items, RecordsOf(input));
  sink.Begin({std::string(kTool), "", "", ""});
  FindingFolder folder;
  for (const io::NodeView& item : items) {
    if (!item.Get("info").IsMap()) {
      sink.AddProblem(ScannerProblem(
          ErrorCode::kInvalid, input.name(), 0,
          fmt::format("the entry at {} has no `info` and was left out", PlaceOf(item))));
      continue;
    }
    // -matcher-status also lists templates that did not match.
    if (!Flag(item, "matcher-status", true)) {
      sink.AddPassed(1);
      continue;
    }
    model::Finding finding = ReadItem(item);
    const std::string key = fmt::format("{}\n{}\n{}\n{}", finding.check, finding.origin->category,
                                        finding.field_path, finding.origin->endpoint);
    folder.Add(key, std::move(finding));
  }
  folder.Flush(sink);
  return {};
}

}  // namespace

const Importer kNuclei = {
    "nuclei",
    "Nuclei",
    "nuclei -json, -jsonl and -json-export",
    "one template and matcher on one host, whatever number of addresses match",
    Detect,
    Read};

}  // namespace ouro::ingest
