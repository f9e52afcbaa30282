// JUnit XML: what failed or erred is a finding, what passed is counted, what was skipped is
// neither. Names of checks are taken where the suite is a tool's (Checkov, Trivy, kube-linter, …).
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/sarif_tools.h"
#include "ingest/formats/vuln_shared.h"

namespace ouro::ingest {
namespace {

using model::Finding;
using model::FindingClass;

int Detect(const ReportInput& input) {
  if (!input.LooksLikeXml()) return kNo;
  const XmlNode root = input.xml();
  if (root.name() == "testsuites") return kNamed;
  return root.name() == "testsuite" && (root.HasAttribute("tests") || root.Child("testcase"))
             ? kNamed
             : kNo;
}

// "[HIGH][CKV_K8S_16] Container …", "[HIGH] CVE-2019-14697": what stands in brackets at the
// beginning.
std::vector<std::string> Brackets(std::string_view& name) {
  std::vector<std::string> parts;
  for (name = TrimSpace(name); StartsWith(name, "["); name = TrimSpace(name)) {
    const size_t close = name.find(']');
    if (close == std::string_view::npos) break;
    parts.emplace_back(name.substr(1, close - 1));
    name.remove_prefix(close + 1);
  }
  return parts;
}

bool IsRuleId(std::string_view text) {
  const bool has_digit = text.find_first_of("0123456789") != std::string_view::npos;
  const bool has_separator = text.find_first_of("_-") != std::string_view::npos;
  return has_digit && has_separator && text.find(' ') == std::string_view::npos;
}

struct Rule {
  std::string id;
  std::string severity;
  std::string title;
};

Rule RuleOf(const std::string& name) {
  std::string_view rest = name;
  Rule rule;
  const std::vector<std::string> parts = Brackets(rest);
  for (const std::string& part : parts) {
    if (EqualsIgnoreCase(part, "none")) continue;  // Checkov: no severity known
    if (rule.severity.empty() && SeverityOfWord(part)) {
      rule.severity = part;
    } else if (rule.id.empty() && IsRuleId(part) && !StartsWith(part, "sig-")) {
      rule.id = part;
    }
  }
  const bool only_severity = !rule.severity.empty() && parts.size() == 1;
  if (rule.id.empty() && only_severity && IsRuleId(rest)) rule.id = rest;
  rule.title = rule.id.empty() && rule.severity.empty() ? name : std::string(rest);
  if (rule.title.empty()) rule.title = name;
  return rule;
}

std::string_view FailureOf(XmlNode testcase, XmlNode& node) {
  for (const std::string_view kind : {"failure", "error"}) {
    node = testcase.Child(kind);
    if (node) return kind;
  }
  return {};
}

// Checkov: "Resource: Deployment.shop.web".
void SetCheckovResource(Finding& finding, const std::string& text) {
  const size_t at = text.find("Resource: ");
  if (at == std::string::npos) return;
  const std::string resource = FirstLine(std::string_view(text).substr(at + 10));
  const size_t first = resource.find('.');
  const size_t second = first == std::string::npos ? first : resource.find('.', first + 1);
  if (second == std::string::npos || KubernetesKind(resource.substr(0, first)).empty()) return;
  SetResource(finding, resource.substr(0, first), resource.substr(first + 1, second - first - 1),
              resource.substr(second + 1));
}

// Trivy's template has "package-version" as class name.
void SetSubject(Finding& finding, const std::string& class_name) {
  if (finding.vuln && !class_name.empty()) {
    const size_t dash = class_name.find('-', 1);
    SetPackage(finding, "", class_name.substr(0, dash),
               dash == std::string::npos ? std::string_view()
                                         : std::string_view(class_name).substr(dash + 1));
  }
}

Finding ReadFailure(XmlNode testcase, XmlNode failure, const std::string& suite) {
  const std::string name(testcase.Attribute("name"));
  const std::string class_name(testcase.Attribute("classname"));
  const SarifDriver driver = DriverOf(suite);
  const bool conformance = ContainsIgnoreCase(suite, "e2e") || StartsWith(name, "[sig-");
  const Rule rule = RuleOf(name);
  const std::string tool = driver.known ? driver.prefix : std::string("junit");
  const std::vector<std::string> ids = VulnIdsIn(rule.id);
  const FindingClass finding_class = driver.known  ? driver.finding_class
                                     : conformance ? FindingClass::kBench
                                                   : FindingClass::kLint;
  const std::string check = rule.id.empty() ? OneLine(name, 160) : rule.id;
  Finding finding =
      ids.empty() ? NewFinding(finding_class, tool, {}, check) : NewVulnFinding(tool, {}, ids);
  finding.title = OneLine(rule.title);
  finding.message = FirstLine(failure.Attribute("message"), 500);
  model::Origin& origin = *finding.origin;
  origin.description = failure.Text();
  if (finding.message.empty()) finding.message = FirstLine(origin.description, 500);
  origin.category = suite;
  origin.tags.clear();
  AddTag(finding, std::string(failure.Attribute("type")));
  const std::string type(failure.Attribute("type"));
  const std::string word = !rule.severity.empty() ? rule.severity
                           : SeverityOfWord(type) ? type
                                                  : std::string();
  if (word.empty()) {
    finding.severity = model::Severity::kMedium;
    finding.severity_source = fmt::format("{} (no severity given)", tool);
  } else {
    SetSeverity(finding, tool, word);
  }
  finding.location.file = LocationPath(testcase.Attribute("file"));
  finding.location.line = ParseInt64(testcase.Attribute("line")).value_or(0);
  SetSubject(finding, class_name);
  if (tool == "checkov") SetCheckovResource(finding, finding.message + "\n" + origin.description);
  if (!finding.vuln && finding.location.file.empty()) origin.service = class_name;
  return finding;
}

struct Counts {
  int64_t passed = 0;
};

// Suites may hold suites.
void ReadSuite(XmlNode suite, const std::string& outer, Counts& counts, Sink& sink) {
  std::string name(suite.Attribute("name"));
  if (name.empty()) name = outer;
  for (const XmlNode& testcase : suite.Children("testcase")) {
    XmlNode failure;
    if (!FailureOf(testcase, failure).empty()) {
      sink.Add(ReadFailure(testcase, failure, name));
    } else if (!testcase.Child("skipped")) {
      ++counts.passed;
    }
  }
  for (const XmlNode& inner : suite.Children("testsuite")) ReadSuite(inner, name, counts, sink);
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const XmlNode root, XmlRoot(input));
  if (root.name() != "testsuites" && root.name() != "testsuite") {
    return Fail(ErrorCode::kInvalid, "the report has no element <testsuites> or <testsuite>",
                "1:1");
  }
  const XmlNode first = root.name() == "testsuite" ? root : root.Child("testsuite");
  const SarifDriver driver = DriverOf(first.Attribute("name"));
  sink.Begin({driver.known ? driver.prefix : "junit",
              {},
              std::string(first.Attribute("name")),
              std::string(first.Attribute("timestamp"))});
  Counts counts;
  ReadSuite(root, {}, counts, sink);
  if (counts.passed > 0) sink.AddPassed(counts.passed);
  return {};
}

}  // namespace

const Importer kJunit = {
    "junit", "JUnit", "JUnit XML of any tool, Kubernetes e2e results too", "one failed test case",
    Detect,  Read};

}  // namespace ouro::ingest
