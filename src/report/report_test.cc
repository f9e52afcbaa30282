// Golden files: testdata/<report>.<format>.out is what a format makes of a report of
// sample_reports.h. OURO_UPDATE_GOLDEN=1 rewrites them; review the difference.
#include "report/report.h"

#include <doctest.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "report/json_text.h"
#include "report/sample_reports.h"

namespace ouro::report {
namespace {

std::string Write(std::string_view format, const model::Report& report,
                  const ReportOptions& options = {}) {
  std::string out;
  FindReporter(format)->write(report, options, out);
  return out;
}

void CheckGolden(const std::string& name, const std::string& actual) {
  const std::string path = std::string(OURO_SOURCE_DIR) + "/src/report/testdata/" + name + ".out";
  if (std::getenv("OURO_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << actual;
    return;
  }
  std::ifstream file(path, std::ios::binary);
  const std::string expected{std::istreambuf_iterator<char>(file),
                             std::istreambuf_iterator<char>()};
  CAPTURE(name);
  CHECK_MESSAGE(actual == expected, "differs from ", path, "; OURO_UPDATE_GOLDEN=1 rewrites it");
}

size_t CountOf(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

TEST_CASE("the list of formats is sorted, and every format can be found") {
  std::string_view last;
  for (const Reporter& reporter : AllReporters()) {
    CHECK(last < reporter.name);
    CHECK(!reporter.doc.empty());
    CHECK(FindReporter(reporter.name) == &reporter);
    last = reporter.name;
  }
  CHECK(FindReporter("html") == nullptr);
}

TEST_CASE("a text is written alike whether or not it is copied whole") {
  for (int c = 0; c < 256; ++c) {
    for (size_t size = 1; size <= 25; ++size) {
      for (size_t at = 0; at < size; ++at) {
        std::string text(size, 'x');
        text[at] = static_cast<char>(c);
        std::string expected;
        AppendJsonString(expected, text);
        std::string actual;
        AppendText(actual, text);
        if (actual != expected) FAIL_CHECK(c << " at " << at << " of " << size);
      }
    }
  }
  std::string empty = "[";
  AppendText(empty, std::string_view());
  CHECK(empty == "[\"\"");
}

TEST_CASE("every format of every report") {
  const std::vector<std::pair<const char*, model::Report>> reports = {
      {"empty", samples::Empty()},           {"typical", samples::Typical()},
      {"problems", samples::ProblemsOnly()}, {"strange", samples::Strange()},
      {"baseline", samples::WithBaseline()},
  };
  for (const auto& [name, report] : reports) {
    for (const Reporter& reporter : AllReporters()) {
      CheckGolden(std::string(name) + "." + std::string(reporter.name),
                  Write(reporter.name, report));
    }
  }
}

TEST_CASE("the table's options") {
  ReportOptions verbose;
  verbose.verbose = verbose.show_passed = true;
  CheckGolden("typical.table-verbose", Write("table", samples::Typical(), verbose));
  CheckGolden("problems.table-verbose", Write("table", samples::ProblemsOnly(), verbose));
  ReportOptions narrow;
  narrow.width = 60;
  CheckGolden("typical.table-narrow", Write("table", samples::Typical(), narrow));
  CheckGolden("strange.table-narrow", Write("table", samples::Strange(), narrow));
  ReportOptions color;
  color.color = true;
  CheckGolden("typical.table-color", Write("table", samples::Typical(), color));
  ReportOptions quiet;
  quiet.quiet = true;
  CheckGolden("typical.table-quiet", Write("table", samples::Typical(), quiet));
  ReportOptions passed;
  passed.show_passed = true;
  CheckGolden("typical.json-passed", Write("json", samples::Typical(), passed));
}

TEST_CASE("no format lets a control character of the input through") {
  for (const Reporter& reporter : AllReporters()) {
    CAPTURE(reporter.name);
    for (const char c : Write(reporter.name, samples::Strange())) {
      const auto byte = static_cast<unsigned char>(c);
      const bool harmless = (byte >= 0x20 && byte != 0x7f) || byte == '\n';
      CHECK(harmless);
    }
  }
}

TEST_CASE("a table without colour has no escape sequence, with colour the same text") {
  ReportOptions color;
  color.color = true;
  const std::string plain = Write("table", samples::Typical());
  const std::string painted = Write("table", samples::Typical(), color);
  CHECK(plain.find('\x1b') == std::string::npos);
  std::string stripped;
  for (size_t i = 0; i < painted.size(); ++i) {
    if (painted[i] == '\x1b') i = painted.find('m', i) + 1;
    while (i < painted.size() && painted[i] == '\x1b') i = painted.find('m', i) + 1;
    if (i < painted.size()) stripped += painted[i];
  }
  CHECK(stripped == plain);
}

TEST_CASE("all problems are named up to twenty, then counted; verbose names all") {
  const std::string table = Write("table", samples::ProblemsOnly());
  CHECK(CountOf(table, "shop/broken") == 20);
  CHECK(table.find("and 3 more") != std::string::npos);
  ReportOptions verbose;
  verbose.verbose = true;
  CHECK(CountOf(Write("table", samples::ProblemsOnly(), verbose), "shop/broken") == 23);
}

TEST_CASE("SARIF keeps GitHub's limits, the important findings, and says what it left out") {
  model::Report report = samples::Large(25'010);
  report.findings.back().severity = model::Severity::kCritical;
  report.findings.back().action = "block";
  const std::string last_id = report.findings.back().id;
  const std::string sarif = Write("sarif", report);
  CHECK(CountOf(sarif, "\"ruleIndex\":") == 25'000);
  CHECK(sarif.find(last_id) != std::string::npos);
  CHECK(sarif.find("the 10 least important findings are left out") != std::string::npos);
  const std::string shown = Write("sarif", samples::Large(5'001));
  CHECK(CountOf(shown, "\"ruleIndex\":") == 5'001);
  CHECK(shown.find("GitHub code scanning shows the first 5000") != std::string::npos);
  CHECK(Write("sarif", samples::Large(5'000)).find("result-limit") == std::string::npos);
}

TEST_CASE("SARIF takes at most 20 tags a rule") {
  model::Report report = samples::Typical();
  report.rules[0].tags.clear();
  for (int i = 0; i < 40; ++i) report.rules[0].tags.push_back(fmt::format("tag:{}", i));
  CHECK(CountOf(Write("sarif", report), "\"tag:") == 18);  // with "security" and the class
}

TEST_CASE("a comment stays below GitHub's size and says what is missing") {
  model::Report report = samples::Large(3'000);
  report.problems.assign(500, samples::BrokenFile());
  const std::string markdown = Write("markdown", report);
  CHECK(markdown.size() <= 65'536);
  CHECK(markdown.size() > 60'000);
  CHECK(markdown.find("more blocking findings are not shown") != std::string::npos);
  CHECK(CountOf(markdown, "<details>") == CountOf(markdown, "</details>"));
  const std::string strange = Write("markdown", samples::Strange());
  CHECK(strange.find("@team") == std::string::npos);
  CHECK(strange.find("<b>") == std::string::npos);
}

TEST_CASE("every finding is in every format that lists findings") {
  const model::Report report = samples::Large(1'000);
  CHECK(CountOf(Write("ndjson", report), "\n") == 1'000);
  CHECK(CountOf(Write("json", report), "\"id\":") == 1'000);
  CHECK(CountOf(Write("sarif", report), "ouroFindingId/v1") == 1'000);
  CHECK(CountOf(Write("junit", report), "<failure ") == 1'000);
  CHECK(CountOf(Write("table", report), "shop/team-") == 1'000);
}

}  // namespace
}  // namespace ouro::report
