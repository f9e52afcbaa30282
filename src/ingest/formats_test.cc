// Every sample of testdata: detected as the importer whose folder it lies in, read, and compared
// with its .expected file line by line; then cut off in several places, when it must fail.
#include <doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "fmt/format.h"
#include "ingest/importer.h"

namespace ouro::ingest {
namespace {

namespace fs = std::filesystem;

std::string ReadAll(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string OrDash(const std::string& text) {
  return text.empty() ? "-" : text;
}

std::string ResourceText(const model::Resource& resource) {
  if (resource.kind.empty() && resource.name.empty()) return "-";
  std::string text = resource.kind + " ";
  if (!resource.namespace_name.empty()) text += resource.namespace_name + "/";
  text += resource.name;
  if (!resource.container.empty()) text += " [" + resource.container + "]";
  return text;
}

std::string PlaceText(const model::Location& location) {
  if (location.file.empty()) return "-";
  return location.line == 0 ? location.file : fmt::format("{}:{}", location.file, location.line);
}

std::string Line(const model::Finding& finding) {
  return fmt::format(
      "{} | {} | {} | {} | {} | {} | {} | {}\n", model::SeverityName(finding.severity),
      model::FindingClassName(finding.finding_class), finding.check, ResourceText(finding.resource),
      finding.package ? OrDash(finding.package->purl) : "-",
      finding.vuln ? OrDash(finding.vuln->id) : "-", PlaceText(finding.location), finding.title);
}

std::string Summary(const ListSink& sink) {
  std::string text;
  for (const model::Finding& finding : sink.findings) text += Line(finding);
  if (sink.passed > 0) text += fmt::format("passed {}\n", sink.passed);
  for (const model::Problem& problem : sink.problems) {
    text += fmt::format("problem {} {}\n", problem.kind, problem.message);
  }
  for (const model::Package& package : sink.components) {
    text += fmt::format("component {}\n", package.purl.empty() ? package.name : package.purl);
  }
  for (const model::VexStatement& vex : sink.vex) {
    text += fmt::format("vex {} {} {}\n", model::VexStatusName(vex.status), vex.vulnerability,
                        vex.products.empty() ? "-" : vex.products.front().id);
  }
  for (const std::string& proposal : sink.proposals) text += "proposal " + proposal + "\n";
  return text;
}

struct Sample {
  std::string importer;
  fs::path path;
};

std::vector<Sample> Samples() {
  std::vector<Sample> samples;
  const fs::path root = fs::path(OURO_SOURCE_DIR) / "src/ingest/testdata";
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file() || entry.path().extension() == ".expected") continue;
    samples.push_back({entry.path().parent_path().filename().string(), entry.path()});
  }
  std::sort(samples.begin(), samples.end(),
            [](const Sample& a, const Sample& b) { return a.path < b.path; });
  return samples;
}

// A report that was cut off: 0 when it is refused, else the number of findings that were kept.
size_t KeptOfCut(const Sample& sample, const std::string& bytes, size_t size) {
  const ReportInput input(sample.path.string(), bytes.substr(0, size));
  const Importer* importer = FindImporter(sample.importer);
  ListSink sink;
  return importer->read(input, sink) ? sink.findings.size() : 0;
}

}  // namespace

TEST_CASE("every sample is detected and read as expected") {
  const bool update = std::getenv("OURO_UPDATE_EXPECTED") != nullptr;
  for (const Sample& sample : Samples()) {
    CAPTURE(sample.path);
    const ReportInput input(sample.path.string(), ReadAll(sample.path));
    const Result<const Importer*> importer = DetectImporter(input);
    if (!importer) {
      FAIL_CHECK(importer.error().ToString());
      continue;
    }
    CHECK((*importer)->name == sample.importer);
    ListSink sink;
    const Status status = (*importer)->read(input, sink);
    const std::string got = status ? Summary(sink) : "error " + status.error().ToString() + "\n";
    fs::path expected = sample.path;
    expected.replace_extension(".expected");
    if (update) std::ofstream(expected, std::ios::binary) << got;
    CHECK(got == ReadAll(expected));
    if (status) CHECK_FALSE(sink.facts.tool.empty());
  }
}

TEST_CASE("a sample that breaks off is refused and leaves nothing") {
  for (const Sample& sample : Samples()) {
    CAPTURE(sample.path);
    const std::string bytes = ReadAll(sample.path);
    const ReportInput whole(sample.path.string(), bytes);
    const bool one_json = whole.LooksLikeJson() && whole.values().size() == 1;
    const bool xml = whole.LooksLikeXml() && whole.xml().exists();
    if ((!one_json && !xml) || FindImporter(sample.importer) == nullptr) continue;
    for (const size_t percent : {15U, 40U, 70U, 95U}) {
      CAPTURE(percent);
      CHECK(KeptOfCut(sample, bytes, bytes.size() * percent / 100) == 0);
    }
  }
}

TEST_CASE("importers have distinct names in order") {
  const auto importers = AllImporters();
  for (size_t i = 1; i < importers.size(); ++i) {
    CHECK(importers[i - 1]->name < importers[i]->name);
  }
}

}  // namespace ouro::ingest
