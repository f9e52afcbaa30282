// Docker Bench for Security: the .json that it writes beside its log, and the log itself. A test
// with "(Manual)" in its words is left to people: it was not examined.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "dockerbench";

// What one test says, from either form.
struct Test {
  std::string id;
  std::string words;
  std::string result;  // PASS, WARN, INFO, NOTE
  std::string details;
  std::string remediation;
  std::string impact;
  std::string section;
};

bool IsManual(const Test& test) {
  return test.words.find("(Manual)") != std::string::npos;
}

model::Severity SeverityOf(std::string_view result) {
  if (result == "FAIL") return model::Severity::kCritical;
  if (result == "WARN") return model::Severity::kHigh;
  return result == "INFO" ? model::Severity::kLow : model::Severity::kInfo;
}

model::Finding MakeFinding(const Test& test, std::string_view version) {
  model::Finding finding = NewFinding(model::FindingClass::kBench, kTool, version, test.id);
  finding.title = fmt::format("{} - {}", test.id, test.words);
  SetSeverityAs(finding, kTool, test.result, SeverityOf(test.result));
  finding.stage = kStageRuntime;
  finding.message = test.details.empty() ? test.words : test.details;
  finding.remediation = test.remediation;
  if (!test.impact.empty()) AddLine(finding.remediation, "mitigation impact: " + test.impact);
  finding.origin->uid = test.id;
  finding.origin->category = test.section;
  AddLine(finding.origin->description, test.section);
  AddLine(finding.origin->description, test.words);
  AddFact(finding.origin->description, "Details", test.details);
  finding.asset.Make().node_role = "docker host";
  return finding;
}

class Reader {
 public:
  Reader(const ReportInput& input, std::string version, Sink& sink)
      : input_(input), version_(std::move(version)), sink_(sink) {}

  void Take(const Test& test) {
    if (test.result == "PASS") {
      sink_.AddPassed(1);
    } else if (test.result != "FAIL" && IsManual(test)) {
      manual_.push_back(test.id);
    } else {
      sink_.Add(MakeFinding(test, version_));
    }
  }
  void End() {
    if (manual_.empty()) return;
    AddNotExamined(sink_, input_, {},
                   fmt::format("tests that must be made by hand were not examined ({}): {}",
                               manual_.size(), JoinText(manual_, ", ")),
                   true);
  }

 private:
  const ReportInput& input_;
  std::string version_;
  Sink& sink_;
  std::vector<std::string> manual_;
};

// ---- the log: "[WARN] 1.1.1 - Ensure …" and below it "[WARN]      * Running as root: web" ----

bool IsNumber(std::string_view word) {
  return !word.empty() && word.front() >= '0' && word.front() <= '9' &&
         word.find('.') != std::string_view::npos &&
         word.find_first_not_of("0123456789.") == std::string_view::npos;
}

// "[WARN]" at the beginning: the word, and what follows.
bool SplitMark(std::string_view line, std::string_view& mark, std::string_view& rest) {
  if (line.size() < 6 || line[0] != '[' || line[5] != ']') return false;
  mark = line.substr(1, 4);
  rest = TrimSpace(line.substr(6));
  return mark == "PASS" || mark == "WARN" || mark == "INFO" || mark == "NOTE" || mark == "FAIL";
}

// "[WARN] 1.1.1  - Ensure …": the mark, the number and a dash.
bool IsTestLine(std::string_view line) {
  std::string_view mark;
  std::string_view rest;
  if (!SplitMark(line, mark, rest)) return false;
  const size_t blank = rest.find(' ');
  return blank != std::string_view::npos && IsNumber(rest.substr(0, blank)) &&
         StartsWith(TrimSpace(rest.substr(blank)), "- ");
}

bool IsLog(const ReportInput& input) {
  const std::string_view head = input.bytes().substr(0, 4'096);
  if (head.find("Docker Bench for Security") != std::string_view::npos) return true;
  if (!StartsWith(TrimSpace(WithoutColours(head)), "[")) return false;
  for (const std::string_view line : input.Lines(4'096)) {
    if (IsTestLine(WithoutColours(line))) return true;
  }
  return false;
}

void ReadLog(const ReportInput& input, Reader& reader) {
  std::optional<Test> test;
  std::string section;
  for (const std::string_view raw : input.Lines()) {
    const std::string line = WithoutColours(raw);
    std::string_view mark;
    std::string_view rest;
    if (!SplitMark(line, mark, rest)) continue;
    if (StartsWith(rest, "*")) {
      if (test && mark != "PASS") AddLine(test->details, rest.substr(1));
      continue;
    }
    const size_t blank = rest.find(' ');
    std::string_view id = rest.substr(0, blank);
    if (EndsWith(id, ".")) id.remove_suffix(1);
    std::string_view words =
        blank == std::string_view::npos ? std::string_view() : TrimSpace(rest.substr(blank));
    if (StartsWith(words, "-")) words = TrimSpace(words.substr(1));
    if (!IsNumber(id)) {
      if (ParseInt64(id)) section = std::string(words);
      continue;
    }
    if (test) reader.Take(*test);
    test = Test{std::string(id), std::string(words), std::string(mark), {}, {}, {}, section};
  }
  if (test) reader.Take(*test);
}

// ---- JSON ----

void ReadJson(io::NodeView root, Reader& reader) {
  for (const io::NodeView& section : Items(root, "tests")) {
    for (const io::NodeView& node : Items(section, "results")) {
      Test test;
      test.id = Text(node, "id");
      test.words = Text(node, "desc");
      test.result = Text(node, "result");
      test.details = Text(node, "details");
      test.remediation = Text(node, "remediation");
      test.impact = Text(node, "remediation-impact");
      test.section = Text(section, "desc");
      if (!test.result.empty()) reader.Take(test);
    }
  }
}

int Detect(const ReportInput& input) {
  if (IsLog(input)) return kNamed;
  return HasKeys(input.json(), {"dockerbenchsecurity", "tests"}) ? kNamed : kNo;
}

Status Read(const ReportInput& input, Sink& sink) {
  ReportFacts facts;
  facts.tool = kTool;
  io::NodeView root;
  if (!IsLog(input)) {
    OURO_TRY(root, JsonRoot(input));
    if (!root.Get("tests")) return MissingPart(root, "tests");
    facts.tool_version = Text(root, "dockerbenchsecurity");
    facts.created = Text(root, "start");
  }
  sink.Begin(facts);
  Reader reader(input, facts.tool_version, sink);
  if (root) {
    ReadJson(root, reader);
  } else {
    ReadLog(input, reader);
  }
  reader.End();
  return {};
}

}  // namespace

const Importer kDockerbench = {"dockerbench",
                               "Docker Bench for Security",
                               "docker-bench-security.sh: its .log.json and its log",
                               "one test that a host did not pass",
                               Detect,
                               Read};

}  // namespace ouro::ingest
