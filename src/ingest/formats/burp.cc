// Burp Suite: XML export of issues. Source: the document type declaration that the export begins
// with.
#include <utility>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/scanner_shared.h"
#include "ingest/words.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "burp";

int Detect(const ReportInput& input) {
  if (!input.LooksLikeXml()) return kNo;
  const XmlNode root = input.xml();
  if (root.name() != "issues") return kNo;
  if (root.HasAttribute("burpVersion")) return kNamed;
  return root.Child("issue").Child("issueBackground") ? kSure : kNo;
}

// Request and response bodies are left out: they hold sessions and other people's data.
model::Finding ReadIssue(const XmlNode& issue) {
  model::Finding finding = ScannerFinding(model::FindingClass::kProbe, kTool,
                                          issue.ChildText("type"), issue.ChildText("name"));
  SetSeverity(finding, kTool, issue.ChildText("severity"), model::Severity::kInfo);
  // "False positive" is a severity that people set in Burp.
  if (EqualsIgnoreCase(finding.origin->severity, "False positive")) {
    finding.severity = model::Severity::kInfo;
    finding.origin->state = "false_positive";
  }
  finding.message = PlainText(issue.ChildText("issueDetail"));
  const std::string background = PlainText(issue.ChildText("issueBackground"));
  if (finding.message.empty()) finding.message = background;
  model::Origin& origin = *finding.origin;
  origin.impact = background;
  origin.uid = issue.ChildText("serialNumber");
  origin.confidence = issue.ChildText("confidence");
  finding.remediation = PlainText(issue.ChildText("remediationDetail"));
  const std::string general = PlainText(issue.ChildText("remediationBackground"));
  if (!general.empty()) {
    finding.remediation += fmt::format("{}{}", finding.remediation.empty() ? "" : "\n", general);
  }
  const std::string site = SiteOf(issue.ChildText("host"));
  origin.endpoint = site;
  finding.asset.Make().host = HostOf(site);
  // `location` adds the parameter to the path: "/search [q parameter]".
  const std::string location = issue.ChildText("location");
  origin.description.clear();
  AppendFact(origin.description, "Place",
             site + (location.empty() ? issue.ChildText("path") : location));
  AppendFact(origin.description, "Detail", PlainText(issue.ChildText("issueDetail")));
  const std::string classes = PlainText(issue.ChildText("vulnerabilityClassifications"));
  for (const std::string_view line : SplitText(classes, '\n')) {
    if (line.find("CWE-") != std::string_view::npos) AddCwe(finding, line);
    if (line.find("CAPEC-") != std::string_view::npos) AddUnique(origin.tags, line);
  }
  for (const std::string& url : UrlsIn(issue.ChildText("references")))
    AddUnique(finding.references, url);
  for (const std::string& url : UrlsIn(issue.ChildText("vulnerabilityClassifications"))) {
    AddUnique(finding.references, url);
  }
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const XmlNode root, XmlOf(input, "issues"));
  sink.Begin({std::string(kTool), std::string(root.Attribute("burpVersion")), "",
              std::string(root.Attribute("exportTime"))});
  FindingFolder folder;
  for (const XmlNode& issue : root.Children("issue")) {
    model::Finding finding = ReadIssue(issue);
    const std::string key = fmt::format("{}\n{}\n{}\n{}", finding.check, finding.title,
                                        finding.origin->endpoint, finding.origin->state);
    folder.Add(key, std::move(finding));
  }
  folder.Flush(sink);
  return {};
}

}  // namespace

const Importer kBurp = {"burp",
                        "Burp Suite",
                        "Burp Suite's XML export of issues",
                        "one type of issue on one site, whatever number of places have it",
                        Detect,
                        Read};

}  // namespace ouro::ingest
