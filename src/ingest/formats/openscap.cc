// OpenSCAP: `oscap xccdf eval --results` (XCCDF 1.1 and 1.2) and `--results-arf` (ARF 1.1: reports
// that hold a test result each, beside the data stream with the benchmark). Result words: NISTIR
// 7275 §6.6.4.2.
#include <map>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "openscap";
constexpr std::string_view kXccdf = "checklists.nist.gov/xccdf";

int Detect(const ReportInput& input) {
  if (!input.LooksLikeXml()) return kNo;
  const XmlNode root = input.xml();
  if (root.name() == "asset-report-collection") return kNamed;
  if (root.name() != "Benchmark" && root.name() != "TestResult") return kNo;
  if (root.namespace_uri().find(kXccdf) == std::string_view::npos) return kGuess;
  return root.name() == "TestResult" || root.Child("TestResult") ? kNamed : kGuess;
}

std::map<std::string, XmlNode, std::less<>> RulesById(XmlNode root) {
  std::map<std::string, XmlNode, std::less<>> rules;
  for (const XmlNode& rule : root.Descendants("Rule")) {
    rules.emplace(std::string(rule.Attribute("id")), rule);
  }
  return rules;
}

std::vector<XmlNode> TestResults(XmlNode root) {
  if (root.name() == "TestResult") return {root};
  return root.Descendants("TestResult");
}

// What every finding of one test result shares.
struct Run {
  std::string host;
  std::string tool_version;
  std::string profile;
};

std::string DeepText(XmlNode node) {
  return std::string(TrimSpace(node.Text(true)));
}

// CVEs make a vulnerability; other identifiers (CCE, RHSA) are tags.
void ReadIdents(model::Finding& finding, XmlNode result, XmlNode rule) {
  std::vector<std::string> ids;
  std::vector<XmlNode> idents = result.Children("ident");
  if (idents.empty()) idents = rule.Children("ident");
  for (const XmlNode& ident : idents) {
    const std::string text = ident.Text();
    if (!VulnIdsIn(text).empty()) {
      ids.push_back(text);
    } else {
      AddTag(finding, text);
    }
  }
  const std::vector<std::string> named = VulnIdsIn(finding.title);
  if (ids.empty() && named.empty()) return;
  ids.insert(ids.end(), named.begin(), named.end());
  finding.finding_class = model::FindingClass::kVuln;
  SetVulnIds(finding.vuln.Make(), ids);
}

void ReadRule(model::Finding& finding, XmlNode rule) {
  finding.origin->description = DeepText(rule.Child("description"));
  finding.origin->impact = DeepText(rule.Child("rationale"));
  finding.remediation = DeepText(rule.Child("fixtext"));
  if (finding.remediation.empty()) finding.remediation = DeepText(rule.Child("fix"));
  for (const XmlNode& reference : rule.Children("reference")) {
    const std::string_view href = reference.Attribute("href");
    const std::string text = reference.Text();
    if (text.empty()) {
      AddReference(finding, href);
    } else if (!href.empty()) {
      AddTag(finding, text);
    }
  }
}

std::string MessageOf(XmlNode result, std::string_view title) {
  std::string text;
  for (const XmlNode& message : result.Children("message")) AddLine(text, message.Text());
  return text.empty() ? std::string(title) : text;
}

model::Finding ReadResult(const Run& run, XmlNode result, XmlNode rule) {
  const std::string id(result.Attribute("idref"));
  model::Finding finding = NewFinding(model::FindingClass::kBench, kTool, run.tool_version, id);
  finding.title = DeepText(rule.Child("title"));
  if (finding.title.empty()) finding.title = id;
  finding.stage = kStageRuntime;
  finding.message = MessageOf(result, finding.title);
  std::string severity(result.Attribute("severity"));
  if (severity.empty()) severity = rule.Attribute("severity");
  if (severity.empty()) {
    SetSeverityAs(finding, kTool, {}, model::Severity::kMedium);
  } else {
    SetSeverity(finding, kTool, severity);
  }
  ReadRule(finding, rule);
  ReadIdents(finding, result, rule);
  const std::string instance = result.ChildText("instance");
  finding.field_path = instance;
  finding.origin->category = run.profile;
  if (!run.host.empty()) finding.asset.Make().host = run.host;
  return finding;
}

bool IsNotExamined(std::string_view word) {
  return word == "error" || word == "unknown" || word == "notchecked";
}

void ReadTestResult(const ReportInput& input, XmlNode test,
                    const std::map<std::string, XmlNode, std::less<>>& rules, Sink& sink) {
  Run run;
  run.host = test.ChildText("target");
  run.tool_version = test.Attribute("test-system");
  run.profile = test.Child("profile").Attribute("idref");
  std::map<std::string, int64_t> not_examined;
  for (const XmlNode& result : test.Children("rule-result")) {
    const std::string word = result.ChildText("result");
    const auto rule = rules.find(result.Attribute("idref"));
    if (word == "fail") {
      sink.Add(ReadResult(run, result, rule == rules.end() ? XmlNode() : rule->second));
    } else if (word == "pass" || word == "fixed") {
      sink.AddPassed(1);
    } else if (IsNotExamined(word)) {
      ++not_examined[word];
    }
  }
  for (const auto& [word, count] : not_examined) {
    AddNotExamined(sink, input, {},
                   fmt::format("rules with the result '{}' were not examined: {}", word, count),
                   word == "notchecked");
  }
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const XmlNode root, XmlRoot(input));
  const std::vector<XmlNode> tests = TestResults(root);
  if (tests.empty()) {
    return Fail(ErrorCode::kInvalid, "the report has no TestResult: was it made with --results?");
  }
  ReportFacts facts;
  facts.tool = kTool;
  facts.tool_version = tests.front().Attribute("test-system");
  facts.target = tests.front().ChildText("target");
  facts.created = tests.front().Attribute("end-time");
  sink.Begin(facts);
  const std::map<std::string, XmlNode, std::less<>> rules = RulesById(root);
  for (const XmlNode& test : tests) ReadTestResult(input, test, rules, sink);
  return {};
}

}  // namespace

const Importer kOpenscap = {"openscap",
                            "OpenSCAP",
                            "oscap xccdf eval --results (XCCDF 1.1, 1.2) and --results-arf",
                            "one rule that a host fails",
                            Detect,
                            Read};

}  // namespace ouro::ingest
