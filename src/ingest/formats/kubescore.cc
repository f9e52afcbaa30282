// kube-score: `kube-score score --output-format json` with --output-version v2 (a list of objects,
// snake case) and v1 (a map of objects, Go's own field names); many values one after the other are
// fine. A check fails with grade 1 (critical) or 5 (warning); 7 and 10 are "almost OK" and "OK"
// (scorecard.Grade).
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "kubescore";
constexpr int64_t kGradeCritical = 1;
constexpr int64_t kGradeWarning = 5;

// Field of either version.
io::NodeView Either(io::NodeView node, std::string_view v2, std::string_view v1) {
  const io::NodeView child = node.Get(v2);
  return child ? child : node.Get(v1);
}

bool IsObject(io::NodeView node) {
  return HasKeys(node, {"object_name", "checks"}) || HasKeys(node, {"ObjectMeta", "Checks"});
}

// The values of a report. kube-score writes `null` without a line end for a file without objects,
// so that reports of several files put together hold "nullnull", which no reader of JSON takes
// apart.
class Report {
 public:
  explicit Report(const ReportInput& input) {
    if (input.json_error() == nullptr) {
      AddObjects(input.values());
      return;
    }
    if (input.bytes().find("nullnull") == std::string_view::npos) return;
    io::ReadOptions options;
    options.keep_comments = false;
    std::string text = ReplaceAll(input.bytes(), "nullnull", "null null");
    text = ReplaceAll(text, "nullnull", "null null");
    if (!io::ReadJson(std::move(text), options, keys_, tree_)) return;
    for (const io::ReadProblem& problem : tree_.problems()) broken_ |= !problem.warning;
    repaired_ = !broken_;
    std::vector<io::NodeView> values;
    for (const io::Root& root : tree_.roots()) {
      if (root.node != io::kNoNode) values.emplace_back(tree_, keys_, root.node);
    }
    if (repaired_) AddObjects(values);
  }
  bool repaired() const { return repaired_; }
  const std::vector<io::NodeView>& objects() const { return objects_; }

 private:
  void AddObjects(const std::vector<io::NodeView>& values) {
    for (const io::NodeView& value : values) {
      for (const io::NodeView& object : value.Children()) objects_.push_back(object);
    }
  }

  io::KeyTable keys_;
  io::Tree tree_;
  bool broken_ = false;
  bool repaired_ = false;
  std::vector<io::NodeView> objects_;
};

int Detect(const ReportInput& input) {
  const std::string_view head = input.bytes().substr(0, 65'536);
  if (head.find("\"object_name\"") == std::string_view::npos &&
      head.find("\"ObjectMeta\"") == std::string_view::npos) {
    return kNo;
  }
  const Report report(input);
  return !report.objects().empty() && IsObject(report.objects().front()) ? kSure : kNo;
}

struct Failure {
  std::string_view word;
  model::Severity severity;
};

// Nothing for a check that did not fail. Grades are numbers; some versions write their names.
std::optional<Failure> FailureOf(io::NodeView check) {
  const std::string grade = FirstText(check, {"grade", "Grade"});
  const std::optional<int64_t> number = ParseInt64(grade);
  if (number == kGradeCritical || EqualsIgnoreCase(grade, "critical")) {
    return Failure{"critical", model::Severity::kHigh};
  }
  if (number == kGradeWarning || EqualsIgnoreCase(grade, "warning")) {
    return Failure{"warning", model::Severity::kMedium};
  }
  return std::nullopt;
}

void SetObject(model::Finding& finding, io::NodeView object, std::string_view container) {
  const io::NodeView type = Either(object, "type_meta", "TypeMeta");
  const io::NodeView meta = Either(object, "object_meta", "ObjectMeta");
  SetResource(finding, FirstText(type, {"kind", "Kind"}), Text(meta, "namespace"),
              FirstText(meta, {"name", "generateName"}), container,
              FirstText(type, {"apiVersion", "APIVersion"}));
  finding.location.file =
      LocationPath(FirstText(object, {"file_name", "FileLocation.Name", "FileName"}));
  finding.location.line = Integer(object, "file_row", Integer(object, "FileLocation.Line"));
}

// The path of a comment is the name of a container, or empty, or a field ("spec.replicas").
bool IsContainerName(std::string_view path) {
  return !path.empty() && path.find_first_of("./[ ") == std::string_view::npos;
}

model::Finding ReadComment(io::NodeView object, io::NodeView check, const Failure& failure,
                           io::NodeView comment) {
  const io::NodeView rule = Either(check, "check", "Check");
  const std::string title = FirstText(rule, {"name", "Name"});
  std::string id = FirstText(rule, {"id", "ID"});
  if (id.empty()) id = RuleOfTitle(title);
  model::Finding finding = NewFinding(model::FindingClass::kMisconfig, kTool, {}, id);
  finding.title = title;
  SetSeverityAs(finding, kTool, failure.word, failure.severity);
  const std::string path = FirstText(comment, {"path", "Path"});
  SetObject(finding, object, IsContainerName(path) ? path : std::string_view());
  if (!IsContainerName(path)) finding.field_path = path;
  finding.message = FirstText(comment, {"summary", "Summary"});
  if (finding.message.empty()) finding.message = title;
  finding.remediation = FirstText(comment, {"description", "Description"});
  AddReference(finding, FirstText(comment, {"documentation_url", "DocumentationURL"}));
  finding.origin->description = FirstText(rule, {"comment", "Comment"});
  finding.origin->category = FirstText(rule, {"target_type", "TargetType"});
  return finding;
}

void ReadCheck(io::NodeView object, io::NodeView check, Sink& sink) {
  if (Flag(check, "skipped") || Flag(check, "Skipped")) return;
  const std::optional<Failure> failure = FailureOf(check);
  if (!failure) {
    sink.AddPassed(1);
    return;
  }
  const std::vector<io::NodeView> comments = Either(check, "comments", "Comments").Children();
  if (comments.empty()) sink.Add(ReadComment(object, check, *failure, {}));
  for (const io::NodeView& comment : comments) {
    sink.Add(ReadComment(object, check, *failure, comment));
  }
}

Status Read(const ReportInput& input, Sink& sink) {
  const Report report(input);
  if (!report.repaired()) OURO_TRY_STATUS(JsonValues(input));
  for (const io::NodeView& object : report.objects()) {
    if (!IsObject(object)) return MissingPart(object, "checks");
  }
  ReportFacts facts;
  facts.tool = kTool;
  sink.Begin(facts);
  for (const io::NodeView& object : report.objects()) {
    for (const io::NodeView& check : Either(object, "checks", "Checks").Children()) {
      ReadCheck(object, check, sink);
    }
  }
  return {};
}

}  // namespace

const Importer kKubescore = {"kubescore",
                             "kube-score",
                             "kube-score score --output-format json, output versions v1 and v2",
                             "one comment of one failed check about one object or container",
                             Detect,
                             Read};

}  // namespace ouro::ingest
