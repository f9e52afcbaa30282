// Kubesec: `kubesec scan -o json` and the answer of its HTTP API (v2): a list of scanned objects
// with a score; `critical` takes points away, `advise` would give some.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "kubesec";

std::vector<io::NodeView> Objects(const ReportInput& input) {
  std::vector<io::NodeView> objects;
  for (const io::NodeView& value : input.values()) {
    if (value.IsMap()) objects.push_back(value);
    if (!value.IsList()) continue;
    for (const io::NodeView& object : value.Children()) objects.push_back(object);
  }
  return objects;
}

int Detect(const ReportInput& input) {
  const std::vector<io::NodeView> objects = Objects(input);
  if (objects.empty()) return kNo;
  if (HasKeys(objects.front(), {"object", "valid", "score"})) return kSure;
  return HasKeys(objects.front(), {"score", "scoring"}) ? kGuess : kNo;
}

// "Deployment/web.shop": kind, name and, after the last dot, the namespace ("default" where none is
// written).
void SetObject(model::Finding& finding, std::string_view object) {
  const size_t slash = object.find('/');
  const std::string_view kind = object.substr(0, slash);
  std::string_view name = slash == std::string_view::npos ? "" : object.substr(slash + 1);
  std::string_view namespace_name;
  if (const size_t dot = name.rfind('.'); dot != std::string_view::npos) {
    namespace_name = name.substr(dot + 1);
    name = name.substr(0, dot);
  }
  SetResource(finding, kind, namespace_name, name);
}

model::Finding ReadRule(io::NodeView object, io::NodeView rule, std::string_view list) {
  const std::string selector = Text(rule, "selector");
  std::string id = Text(rule, "id");
  if (id.empty()) id = RuleOfTitle(selector);
  model::Finding finding = NewFinding(model::FindingClass::kMisconfig, kTool, {}, id);
  finding.message = FirstText(rule, {"reason", "title", "selector"});
  finding.title = FirstLine(FirstText(rule, {"title", "reason", "selector"}));
  SetSeverityAs(finding, kTool, list,
                list == "critical" ? model::Severity::kCritical : model::Severity::kLow);
  SetObject(finding, Text(object, "object"));
  finding.location.file = LocationPath(Text(object, "fileName"));
  AddReference(finding, FirstText(rule, {"href", "link"}));
  AddFact(finding.origin->description, "Selector", selector);
  AddFact(finding.origin->description, "Points", Text(rule, "points"));
  return finding;
}

void ReadObject(const ReportInput& input, io::NodeView object, Sink& sink) {
  if (!Flag(object, "valid", true)) {
    AddNotExamined(sink, input, object,
                   fmt::format("kubesec did not examine {}: {}", Text(object, "object"),
                               FirstText(object, {"message", "error"})));
  }
  const io::NodeView scoring = object.Get("scoring");
  for (const std::string_view list : {"critical", "advise"}) {
    for (const io::NodeView& rule : Items(scoring, list)) sink.Add(ReadRule(object, rule, list));
  }
  sink.AddPassed(static_cast<int64_t>(Items(scoring, "passed").size()));
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY_STATUS(JsonValues(input));
  const std::vector<io::NodeView> objects = Objects(input);
  for (const io::NodeView& object : objects) {
    if (!object.Get("score")) return MissingPart(object, "score");
  }
  ReportFacts facts;
  facts.tool = kTool;
  if (!objects.empty()) facts.target = Text(objects.front(), "fileName");
  sink.Begin(facts);
  for (const io::NodeView& object : objects) ReadObject(input, object, sink);
  return {};
}

}  // namespace

const Importer kKubesec = {"kubesec",
                           "Kubesec",
                           "kubesec scan (JSON) and the answer of its API",
                           "one rule that an object breaks or does not yet follow",
                           Detect,
                           Read};

}  // namespace ouro::ingest
