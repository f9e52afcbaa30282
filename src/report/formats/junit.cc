// JUnit XML as Jenkins, GitLab and GitHub's test reporters read it: a suite per object (or per file
// for findings about none), a failure per open finding, skipped for what is suppressed, a passing
// case per check that passed when that is known, and an error per problem.
#include <algorithm>
#include <map>
#include <unordered_set>

#include "base/text.h"
#include "fmt/format.h"
#include "report/formats/formats.h"
#include "report/words.h"

namespace ouro::report {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// Characters that stand for themselves in character data and in attribute values.
bool IsPlain(char c) {
  return c >= 0x20 && c < 0x7f && c != '&' && c != '<' && c != '>' && c != '"';
}

// Appends the first character of `text`, which is not plain; gives its size in bytes.
size_t AppendXmlCharacter(std::string& out, std::string_view text) {
  constexpr size_t kSequenceSizeMax = 4;
  switch (text.front()) {
    case '&':
      out += "&amp;";
      return 1;
    case '<':
      out += "&lt;";
      return 1;
    case '>':
      out += "&gt;";
      return 1;
    case '"':
      out += "&quot;";
      return 1;
    case '\n':
      out += "&#10;";
      return 1;
    case '\t':
      out += "&#9;";
      return 1;
    default:
      break;
  }
  const size_t valid = ValidUtf8Prefix(text.substr(0, kSequenceSizeMax));
  size_t size = 1;
  while (size < valid && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) ++size;
  const std::string_view character = text.substr(0, size);
  // What is left is a control character, a broken sequence, U+FFFE, U+FFFF or a good character.
  const bool good =
      valid > 0 && size > 1 && character != "\xEF\xBF\xBE" && character != "\xEF\xBF\xBF";
  out += good ? character : kReplacement;
  return size;
}

// Text as XML character data or attribute value. Characters that XML 1.0 (section 2.2) does not
// have become U+FFFD; line ends and tabs are escaped so that attributes keep them.
void AppendXml(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const auto plain_end = std::find_if_not(text.begin(), text.end(), IsPlain);
    const auto plain = static_cast<size_t>(plain_end - text.begin());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (!text.empty()) text.remove_prefix(AppendXmlCharacter(out, text));
  }
}

struct Suite {
  std::string name;
  std::vector<const model::Finding*> findings;
  std::vector<const model::Passed*> passed;
  int64_t failures = 0;
  int64_t skipped = 0;
};

class JunitWriter {
 public:
  JunitWriter(const model::Report& report, std::string& out) : report_(report), out_(out) {
    Collect();
  }

  void Write() {
    int64_t tests = 0;
    int64_t failures = 0;
    int64_t skipped = 0;
    for (const Suite& suite : suites_) {
      tests += CaseCount(suite);
      failures += suite.failures;
      skipped += suite.skipped;
    }
    const auto errors = static_cast<int64_t>(errors_.size());
    out_ += "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites";
    Attribute("name", "ouro");
    Counts(tests + errors, failures, errors, skipped);
    out_ += ">\n";
    for (const Suite& suite : suites_) AppendSuite(suite);
    if (!errors_.empty()) AppendErrors();
    out_ += "</testsuites>\n";
  }

 private:
  static int64_t CaseCount(const Suite& suite) {
    return static_cast<int64_t>(suite.findings.size() + suite.passed.size());
  }

  Suite& SuiteOf(const model::Resource& resource, const std::string& file) {
    std::string name = ObjectName(resource);
    if (name.empty()) name = file;
    const auto [at, fresh] = index_.try_emplace(name, suites_.size());
    if (fresh) {
      suites_.emplace_back();
      suites_.back().name = std::move(name);
    }
    return suites_[at->second];
  }

  void Collect() {
    for (const model::Finding& finding : report_.findings) {
      Suite& suite = SuiteOf(finding.resource, finding.location.file);
      suite.findings.push_back(&finding);
      ++(IsSuppressed(finding) ? suite.skipped : suite.failures);
    }
    for (const model::Passed& passed : report_.passed) {
      SuiteOf(passed.resource, passed.file).passed.push_back(&passed);
    }
    for (const model::Problem& problem : report_.problems) {
      if (!problem.warning) errors_.push_back(&problem);
    }
  }

  void Attribute(std::string_view name, std::string_view value) {
    out_ += ' ';
    out_ += name;
    out_ += "=\"";
    AppendXml(out_, value);
    out_ += '"';
  }

  void Counts(int64_t tests, int64_t failures, int64_t errors, int64_t skipped) {
    out_ += fmt::format(" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"0\"",
                        tests, failures, errors, skipped);
  }

  // The name of a test case, which viewers take as its identity: unique in its suite, and without
  // the line, so that it stays the same when the file is edited. `detail` tells two equal names
  // apart.
  std::string CaseName(const std::string& check, std::string_view title,
                       const std::string& container, std::string_view detail) {
    std::string name = check;
    if (!title.empty() && title != check) name += fmt::format(" {}", title);
    if (!container.empty()) name += " (" + container + ")";
    if (names_.insert(name).second) return name;
    if (!detail.empty()) name += fmt::format(" {}", detail);
    const std::string base = name;
    for (int i = 2; !names_.insert(name).second; ++i) name = fmt::format("{} #{}", base, i);
    return name;
  }

  // The title of a check, empty where the report does not know it.
  std::string_view TitleOfCheck(const std::string& id) const {
    const auto at = std::lower_bound(
        report_.rules.begin(), report_.rules.end(), id,
        [](const model::RuleInfo& rule, const std::string& want) { return rule.id < want; });
    return at == report_.rules.end() || at->id != id ? std::string_view() : at->title;
  }

  void OpenCase(const std::string& suite, const std::string& name, const std::string& file,
                int64_t line) {
    out_ += "    <testcase";
    Attribute("classname", suite);
    Attribute("name", name);
    if (!file.empty()) Attribute("file", file);
    if (line > 0) Attribute("line", std::to_string(line));
    Attribute("time", "0");
  }

  void AppendSuite(const Suite& suite) {
    out_ += "  <testsuite";
    Attribute("name", suite.name);
    Counts(CaseCount(suite), suite.failures, 0, suite.skipped);
    out_ += ">\n";
    names_.clear();
    for (const model::Finding* finding : suite.findings) AppendFinding(suite, *finding);
    for (const model::Passed* passed : suite.passed) {
      OpenCase(suite.name,
               CaseName(passed->check, TitleOfCheck(passed->check), passed->resource.container, ""),
               passed->file, passed->line);
      out_ += "/>\n";
    }
    out_ += "  </testsuite>\n";
  }

  void AppendFinding(const Suite& suite, const model::Finding& finding) {
    OpenCase(
        suite.name,
        CaseName(finding.check, TitleOf(finding), finding.resource.container, finding.field_path),
        finding.location.file, finding.location.line);
    out_ += ">\n";
    if (IsSuppressed(finding)) {
      out_ += "      <skipped";
      Attribute("message", SuppressionText(finding));
      out_ += "/>\n    </testcase>\n";
      return;
    }
    const std::string_view detail =
        finding.message.empty() ? TitleOf(finding) : std::string_view(finding.message);
    out_ += "      <failure";
    Attribute("message", fmt::format("{}: {}", model::SeverityName(finding.severity), detail));
    Attribute("type", model::SeverityName(finding.severity));
    out_ += '>';
    AppendXml(out_, FailureText(finding, detail));
    out_ += "</failure>\n    </testcase>\n";
  }

  static std::string FailureText(const model::Finding& finding, std::string_view detail) {
    std::string text = fmt::format("{}\n{}", PlaceText(finding.location), detail);
    const std::string fix = FixText(finding);
    if (!fix.empty()) text += "\nfix: " + fix;
    if (!finding.remediation.empty()) text += "\nhelp: " + finding.remediation;
    if (!finding.action.empty()) text += "\ngate: " + finding.action;
    if (finding.count > 1) text += fmt::format("\nseen {} times", finding.count);
    for (const model::Location& place : finding.other_locations)
      text += "\nalso at " + PlaceText(place);
    return text + "\nid: " + finding.id;
  }

  void AppendErrors() {
    out_ += "  <testsuite";
    Attribute("name", "not examined");
    const auto count = static_cast<int64_t>(errors_.size());
    Counts(count, 0, count, 0);
    out_ += ">\n";
    for (const model::Problem* problem : errors_) {
      std::string name = PlaceText(*problem);
      if (!problem->object.empty()) name += (name.empty() ? "" : " ") + problem->object;
      OpenCase("not examined", name.empty() ? problem->kind : name, problem->file, problem->line);
      out_ += ">\n      <error";
      Attribute("message", problem->message);
      Attribute("type", problem->kind);
      out_ += "/>\n    </testcase>\n";
    }
    out_ += "  </testsuite>\n";
  }

  const model::Report& report_;
  std::string& out_;
  std::vector<Suite> suites_;
  std::map<std::string, size_t> index_;  // suite by name
  std::vector<const model::Problem*> errors_;
  std::unordered_set<std::string> names_;  // of the suite that is being written
};

}  // namespace

void WriteJunit(const model::Report& report, const ReportOptions&, std::string& out) {
  out.reserve(out.size() + 1'024 + report.findings.size() * 900 + report.passed.size() * 200);
  JunitWriter(report, out).Write();
}

}  // namespace ouro::report
