// SonarQube: answers of its API (issues/search, hotspots/search), and the HTML and JSON of
// sonar-report. Sources: SonarQube's web API documentation; the templates of sonar-report in its
// repository.
#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/field.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/scanner_shared.h"
#include "ingest/words.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "sonarqube";
constexpr std::string_view kDetailTitle = "Detail of the Detected Vulnerabilities";

int Detect(const ReportInput& input) {
  if (!input.LooksLikeJson()) {
    const std::string_view head = input.bytes().substr(0, 2'048);
    return head.find("<title>SonarQube Vulnerability Report") != std::string_view::npos ? kNamed
                                                                                        : kNo;
  }
  const io::NodeView json = input.json();
  if (HasKeys(json, {"issues", "sonarBaseURL"})) return kNamed;
  if (json.Get("hotspots").IsList()) {
    const std::vector<io::NodeView> items = Items(json, "hotspots");
    if (items.empty()) return json.Get("paging") ? kSure : kNo;
    return HasKeys(items.front(), {"securityCategory", "component"}) ? kNamed : kNo;
  }
  if (!json.Get("issues").IsList() || !json.Get("paging")) return kNo;
  const std::vector<io::NodeView> items = Items(json, "issues");
  if (items.empty()) return json.Get("effortTotal") ? kNamed : kNo;
  return HasKeys(items.front(), {"key", "rule", "component"}) ? kNamed : kNo;
}

// What is known of a rule: {"squid:S2068": …} of sonar-report, or the list of the API.
struct Rule {
  std::string name;
  std::string description;
};
using Rules = std::map<std::string, Rule, std::less<>>;

struct Issue {
  std::string key;
  std::string rule;
  std::string severity;
  std::string component;
  int64_t line = 0;
  int64_t column = 0;
  int64_t end_line = 0;
  std::string hash;  // of the line's text, by SonarQube
  std::string title;
  std::string message;
  std::string status;
  std::string category;
  std::vector<std::string> tags;
};

// Issues: OPEN, ACCEPTED, WONTFIX, FALSE_POSITIVE, FIXED, CLOSED; hotspots: TO_REVIEW, REVIEWED,
// SAFE.
std::string StateOf(std::string_view status) {
  const std::string word = ReplaceAll(LowerAscii(status), "-", "_");
  if (word == "false_positive") return "false_positive";
  if (word == "accepted" || word == "wontfix" || word == "acknowledged") return "risk_accepted";
  if (word == "safe") return "not_affected";
  if (word == "fixed" || word == "closed" || word == "resolved") return "fixed";
  return {};
}

// "project:src/app.ts" → "src/app.ts".
std::string FileOf(std::string_view component) {
  const size_t colon = component.rfind(':');
  return ReportPath(colon == std::string_view::npos ? component : component.substr(colon + 1));
}

// CWE numbers of a rule's text: "CWE-798 - Use of Hard-coded Credentials".
void AddCwesOf(model::Finding& finding, std::string_view text) {
  for (size_t at = text.find("CWE-"); at != std::string_view::npos;
       at = text.find("CWE-", at + 4)) {
    AddCwe(finding, text.substr(at, 10));
  }
}

model::Finding MakeFinding(const Issue& issue, const Rules& rules) {
  const auto rule = rules.find(issue.rule);
  std::string title = issue.title == "/" ? std::string() : issue.title;
  if (title.empty() && rule != rules.end()) title = rule->second.name;
  if (title.empty()) title = issue.message;
  model::Finding finding =
      ScannerFinding(model::FindingClass::kLint, kTool, issue.rule, FirstLine(title));
  SetSeverity(finding, kTool, issue.severity);
  finding.message = issue.message;
  finding.location.file = FileOf(issue.component);
  finding.location.line = issue.line;
  finding.location.column = issue.column;
  finding.location.end_line = issue.end_line;
  model::Origin& origin = *finding.origin;
  origin.uid = issue.key;
  origin.state = StateOf(issue.status);
  origin.category = issue.category;
  origin.tags = issue.tags;
  if (!issue.hash.empty()) origin.snippet_hash = SecretHash(issue.hash);
  if (rule != rules.end()) {
    origin.description = PlainText(rule->second.description);
    AddCwesOf(finding, origin.description);
    for (const std::string& url : UrlsIn(rule->second.description))
      AddUnique(finding.references, url);
  }
  return finding;
}

Rules RulesOf(io::NodeView json) {
  Rules rules;
  const io::NodeView node = json.Get("rules");
  for (const auto& [key, rule] : node.Members()) {
    rules[std::string(key)] = {Text(rule, "name"), Text(rule, "htmlDesc")};
  }
  for (const io::NodeView& rule : node.IsList() ? node.Children() : std::vector<io::NodeView>()) {
    rules[Text(rule, "key")] = {Text(rule, "name"), FirstText(rule, {"htmlDesc", "mdDesc"})};
  }
  return rules;
}

// Components carry the path; its key also holds the project.
std::map<std::string, std::string, std::less<>> PathsOf(io::NodeView json) {
  std::map<std::string, std::string, std::less<>> paths;
  for (const io::NodeView& component : Items(json, "components")) {
    const std::string path = Text(component, "path");
    if (!path.empty()) paths[Text(component, "key")] = path;
  }
  return paths;
}

Issue ReadIssue(io::NodeView item) {
  Issue issue;
  issue.key = Text(item, "key");
  issue.rule = FirstText(item, {"rule", "ruleKey"});
  issue.severity = FirstText(item, {"severity", "vulnerabilityProbability"});
  issue.component = Text(item, "component");
  issue.line = Integer(item, "textRange.startLine", Integer(item, "line"));
  issue.end_line = Integer(item, "textRange.endLine");
  // SonarQube's offsets count from 0.
  if (At(item, "textRange.startOffset")) issue.column = Integer(item, "textRange.startOffset") + 1;
  issue.hash = Text(item, "hash");
  issue.title = Text(item, "description");
  issue.message = Text(item, "message");
  issue.status = FirstText(item, {"resolution", "issueStatus", "status"});
  issue.category = FirstText(item, {"type", "securityCategory"});
  issue.tags = Texts(item, "tags");
  // The impacts of the clean code taxonomy replace the severity from version 10.2 on.
  for (const io::NodeView& impact : Items(item, "impacts")) {
    if (issue.severity.empty()) issue.severity = Text(impact, "severity");
    AddUnique(issue.tags, LowerAscii(Text(impact, "softwareQuality")));
  }
  return issue;
}

Status ReadJson(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView json, JsonOf(input));
  OURO_TRY(const std::vector<io::NodeView> items,
           ListOf(json, json.Get("hotspots") ? "hotspots" : "issues"));
  const Rules rules = RulesOf(json);
  const auto paths = PathsOf(json);
  sink.Begin({std::string(kTool), "", FirstText(json, {"projectName", "sonarComponent"}),
              Text(json, "date")});
  for (const io::NodeView& item : items) {
    const Issue issue = ReadIssue(item);
    model::Finding finding = MakeFinding(issue, rules);
    if (const auto path = paths.find(issue.component); path != paths.end()) {
      finding.location.file = ReportPath(path->second);
    }
    const std::string branch = Text(json, "branch");
    if (!branch.empty()) finding.asset.Make().branch = branch;
    sink.Add(std::move(finding));
  }
  const int64_t total = Integer(json, "paging.total");
  if (total > static_cast<int64_t>(items.size())) {
    sink.AddProblem(ScannerWarning(
        ErrorCode::kLimit, input.name(),
        fmt::format("the report is one page: {} of {} entries; import the other pages as well",
                    items.size(), total)));
  }
  return {};
}

// Texts between an opening and a closing tag, one after the other. The table of sonar-report is
// regular: its cells hold no table of their own.
std::vector<std::string_view> Elements(std::string_view html, std::string_view name) {
  std::vector<std::string_view> found;
  const std::string open = fmt::format("<{}", name);
  const std::string close = fmt::format("</{}>", name);
  for (size_t at = html.find(open); at != std::string_view::npos; at = html.find(open, at)) {
    const size_t start = html.find('>', at);
    const size_t end = html.find(close, at);
    if (start == std::string_view::npos || end == std::string_view::npos) break;
    // "<t" of "<td" is no "<tr".
    found.push_back(html.substr(start + 1, end - start - 1));
    at = end + close.size();
  }
  return found;
}

// Rules behind the title "Known Security Rules": a link with the key, then <details> with HTML.
Rules HtmlRules(std::string_view html) {
  Rules rules;
  static constexpr std::string_view kKey = "rule_key=";
  for (size_t at = html.find(kKey); at != std::string_view::npos; at = html.find(kKey, at)) {
    at += kKey.size();
    const std::string key(html.substr(at, html.find_first_of("\"&", at) - at));
    const size_t start = html.find("<details", at);
    const size_t end = html.find("</details>", at);
    const size_t next = html.find(kKey, at);
    if (start == std::string_view::npos || end == std::string_view::npos || next < start) continue;
    rules[key] = {"", std::string(html.substr(start, end - start))};
    at = end;
  }
  return rules;
}

Status ReadHtml(const ReportInput& input, Sink& sink) {
  const std::string_view html = input.bytes();
  const size_t title = html.find(kDetailTitle);
  if (title == std::string_view::npos || html.find("</html>", title) == std::string_view::npos) {
    return Fail(ErrorCode::kParse, "the table of vulnerabilities is missing or the page breaks off",
                fmt::format("{}:1", std::max<size_t>(1, input.Lines().size())));
  }
  const size_t body = html.find("<tbody", title);
  const size_t end = html.find("</table>", title);
  sink.Begin({std::string(kTool), "", "", ""});
  if (body == std::string_view::npos || body > end) return {};
  const Rules rules = HtmlRules(html.substr(end));
  for (const std::string_view row : Elements(html.substr(body, end - body), "tr")) {
    const std::vector<std::string_view> cells = Elements(row, "td");
    if (cells.size() < 6) continue;
    Issue issue;
    issue.rule = PlainText(cells[0]);
    issue.severity = PlainText(cells[1]);
    issue.component = PlainText(cells[2]);
    issue.line = ParseInt64(PlainText(cells[3])).value_or(0);
    issue.title = PlainText(cells[4]);
    issue.message = PlainText(cells[5]);
    if (cells.size() > 6) issue.key = PlainText(cells[6]);
    if (cells.size() > 7) issue.status = PlainText(cells[7]);
    sink.Add(MakeFinding(issue, rules));
  }
  return {};
}

Status Read(const ReportInput& input, Sink& sink) {
  return input.LooksLikeJson() ? ReadJson(input, sink) : ReadHtml(input, sink);
}

}  // namespace

const Importer kSonarqube = {"sonarqube",
                             "SonarQube",
                             "SonarQube issues and hotspots of the API, sonar-report HTML and JSON",
                             "one issue or hotspot",
                             Detect,
                             Read};

}  // namespace ouro::ingest
