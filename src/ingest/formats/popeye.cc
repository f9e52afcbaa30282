// Popeye: `popeye -o json`: sanitizers (since 0.20 "sections" with "linter"), each with issues by
// object. Levels: 0 OK, 1 info, 2 warning, 3 error (popeye, internal/rules).
#include <set>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"
#include "model/kinds.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "popeye";

std::vector<io::NodeView> Sections(io::NodeView root) {
  const io::NodeView popeye = root.Get("popeye");
  const io::NodeView sections =
      popeye.Get("sections") ? popeye.Get("sections") : popeye.Get("sanitizers");
  return sections.IsList() ? sections.Children() : std::vector<io::NodeView>();
}

int Detect(const ReportInput& input) {
  const io::NodeView popeye = input.json().Get("popeye");
  if (!popeye.IsMap()) return kNo;
  return popeye.Get("sections") || popeye.Get("sanitizers") || popeye.Get("score") ? kNamed
                                                                                   : kGuess;
}

struct Level {
  std::string_view word;
  model::Severity severity;
};

Level LevelOf(int64_t level) {
  if (level == 1) return {"Info", model::Severity::kInfo};
  if (level == 2) return {"Warning", model::Severity::kLow};
  return {"Error", model::Severity::kHigh};
}

// "[POP-106] No resources …": the code between the brackets.
std::string CodeOf(std::string_view message) {
  if (StartsWith(message, "[")) return std::string(message.substr(1, message.find(']') - 1));
  return RuleOfTitle(message);
}

// An issue with what stands above it.
struct Issue {
  std::string linter;
  std::string object;  // "namespace/name", "name", or empty
  std::string group;   // container, or "__root__"
  std::string message;
  int64_t level = 0;
};

void SetSubject(model::Finding& finding, const Issue& issue) {
  const std::string_view object = issue.object;
  const size_t slash = object.find('/');
  const std::string_view namespace_name =
      slash == std::string_view::npos ? std::string_view() : object.substr(0, slash);
  const std::string_view name = slash == std::string_view::npos ? object : object.substr(slash + 1);
  const bool in_container = !issue.group.empty() && issue.group != "__root__";
  const std::string_view kind = model::CanonicalKind(issue.linter);
  // A linter of the cluster as such names no object.
  if (kind == "cluster" || name.empty()) {
    SetResource(finding, "Cluster", {}, {});
    return;
  }
  const Owner owner = kind == "Pod" ? OwnerOfPod(name) : OwnerOf(kind, name);
  SetResource(finding, owner.kind, namespace_name, owner.name,
              in_container ? issue.group : std::string_view());
}

model::Finding MakeFinding(const Issue& issue) {
  const std::string code = CodeOf(issue.message);
  model::Finding finding = NewFinding(model::FindingClass::kMisconfig, kTool, {}, code);
  finding.title = fmt::format("{} {} {}", issue.linter, issue.object, issue.message);
  const Level level = LevelOf(issue.level);
  SetSeverityAs(finding, kTool, level.word, level.severity);
  finding.stage = kStageRuntime;
  finding.message = issue.message;
  SetSubject(finding, issue);
  finding.origin->category = issue.linter;
  std::string& description = finding.origin->description;
  AddLine(description, fmt::format("**Sanitizer** : {}", issue.linter));
  AddLine(description, fmt::format("**Resource** : {}", issue.object));
  AddLine(description, fmt::format("**Group** : {}", issue.group));
  AddLine(description, fmt::format("**Severity** : {}", level.word));
  AddLine(description, fmt::format("**Message** : {}", issue.message));
  return finding;
}

class Reader {
 public:
  explicit Reader(Sink& sink) : sink_(sink) {}

  void ReadSection(io::NodeView section) {
    Issue issue;
    issue.linter = FirstText(section, {"linter", "sanitizer", "name"});
    for (const auto& [object, entries] : section.Get("issues").Members()) {
      issue.object = std::string(object);
      ReadEntries(issue, entries);
    }
    sink_.AddPassed(Integer(section, "tally.ok"));
  }

 private:
  // A list of issues, or (old versions) a map of such lists by group.
  void ReadEntries(Issue& issue, io::NodeView entries) {
    if (entries.IsMap()) {
      for (const auto& [group, list] : entries.Members()) {
        for (const io::NodeView& entry : list.Children()) Take(issue, entry, group);
      }
      return;
    }
    for (const io::NodeView& entry : entries.Children()) Take(issue, entry, {});
  }

  void Take(Issue& issue, io::NodeView entry, std::string_view group) {
    issue.level = Integer(entry, "level");
    if (issue.level <= 0) return;
    issue.group = FirstText(entry, {"group"});
    if (issue.group.empty()) issue.group = std::string(group);
    issue.message = Text(entry, "message");
    const std::string key = fmt::format("{}\n{}\n{}\n{}\n{}", issue.linter, issue.object,
                                        issue.group, issue.level, issue.message);
    if (seen_.insert(key).second) sink_.Add(MakeFinding(issue));
  }

  Sink& sink_;
  std::set<std::string> seen_;
};

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  if (!root.Get("popeye")) return MissingPart(root, "popeye");
  ReportFacts facts;
  facts.tool = kTool;
  facts.created = Text(root, "popeye.report_time");
  facts.target = FirstText(root, {"ClusterName", "popeye.cluster"});
  sink.Begin(facts);
  Reader reader(sink);
  for (const io::NodeView& section : Sections(root)) reader.ReadSection(section);
  for (const std::string& error : Texts(root, "popeye.errors")) {
    AddNotExamined(sink, input, At(root, "popeye.errors"), "popeye: " + error);
  }
  return {};
}

}  // namespace

const Importer kPopeye = {"popeye",
                          "Popeye",
                          "popeye -o json, with sanitizers or sections",
                          "one issue of one object or container",
                          Detect,
                          Read};

}  // namespace ouro::ingest
