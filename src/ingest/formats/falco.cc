// Falco: `json_output: true` (one event a line), the payloads that Falcosidekick sends on (with
// uuid and custom fields) and the answer of Falcosidekick UI's search. The subject is the workload:
// a pod's name is traced to its owner as far as the event tells.
#include <array>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "falco";

bool IsEvent(io::NodeView node) {
  return HasKeys(node, {"rule", "priority", "output"});
}

std::vector<io::NodeView> Events(const ReportInput& input) {
  std::vector<io::NodeView> events;
  const auto add = [&events](const std::vector<io::NodeView>& nodes) {
    for (const io::NodeView& node : nodes) {
      if (IsEvent(node)) events.push_back(node);
    }
  };
  for (const io::NodeView& value : input.values()) {
    if (value.IsList()) {
      add(value.Children());
    } else if (value.Get("results").IsList()) {
      add(Items(value, "results"));
    } else {
      add({value});
    }
  }
  return events;
}

int Detect(const ReportInput& input) {
  const io::NodeView json = input.json();
  io::NodeView first = json;
  if (json.Get("results").IsList()) first = json.Get("results");
  if (first.IsList()) {
    const std::vector<io::NodeView> items = first.Children();
    first = items.empty() ? io::NodeView() : items.front();
  }
  if (!IsEvent(first)) return kNo;
  return first.Get("output_fields") || first.Get("time") ? kSure : kGuess;
}

struct OwnerField {
  std::string_view field;
  std::string_view kind;
};

// Fields that name the owner, nearest to the user's object first: those of the k8smeta plugin and
// those of old versions.
constexpr auto kOwnerFields = std::to_array<OwnerField>({
    {"k8smeta.deployment.name", "Deployment"},
    {"k8s.deployment.name", "Deployment"},
    {"k8smeta.rs.name", "ReplicaSet"},
    {"k8s.rs.name", "ReplicaSet"},
    {"k8smeta.rc.name", "ReplicationController"},
    {"k8s.rc.name", "ReplicationController"},
});

// A field of the event; its keys hold dots. "<NA>" stands for unknown.
std::string Field(io::NodeView event, std::string_view name) {
  std::string text = ScalarText(event.Get("output_fields").Get(name));
  return text == "<NA>" || text == "N/A" ? std::string() : text;
}

std::string FirstField(io::NodeView event, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    std::string text = Field(event, name);
    if (!text.empty()) return text;
  }
  return {};
}

Owner OwnerOfEvent(io::NodeView event, std::string_view pod) {
  for (const OwnerField& known : kOwnerFields) {
    const std::string name = Field(event, known.field);
    if (!name.empty()) return OwnerOf(known.kind, name);
  }
  return OwnerOfPod(pod);
}

// Events of the audit log name the object of the request.
bool SetAuditTarget(model::Finding& finding, io::NodeView event) {
  const std::string resource = Field(event, "ka.target.resource");
  if (resource.empty()) return false;
  SetResource(finding, resource, Field(event, "ka.target.namespace"),
              FirstField(event, {"ka.target.name", "ka.resp.name"}));
  finding.field_path = Field(event, "ka.user.name");
  return true;
}

void SetSubject(model::Finding& finding, io::NodeView event) {
  const std::string hostname = Text(event, "hostname");
  if (!hostname.empty()) finding.asset.Make().host = hostname;
  if (SetAuditTarget(finding, event)) return;
  finding.field_path = FirstField(event, {"proc.exepath", "proc.name"});
  std::string container = FirstField(event, {"container.name", "k8s.container.name"});
  if (container == "host" || Field(event, "container.id") == "host") container.clear();
  const std::string pod = FirstField(event, {"k8s.pod.name", "k8smeta.pod.name"});
  if (!pod.empty()) {
    const Owner owner = OwnerOfEvent(event, pod);
    SetResource(finding, owner.kind, FirstField(event, {"k8s.ns.name", "k8smeta.ns.name"}),
                owner.name, container);
  } else if (!container.empty()) {
    SetResource(finding, "Container", {}, container, container);
  } else {
    SetResource(finding, "Node", {}, hostname);
  }
  const std::string repository = Field(event, "container.image.repository");
  if (repository.empty()) return;
  const std::string tag = Field(event, "container.image.tag");
  finding.image.Make().reference = tag.empty() ? repository : repository + ":" + tag;
  finding.image->digest = Field(event, "container.image.digest");
}

// "16:31:56.746609046: Warning Shell spawned …" → "Shell spawned …".
std::string MessageOf(io::NodeView event) {
  std::string_view text = TrimSpace(event.Get("output").Text());
  const size_t colon = text.find(": ");
  if (colon != std::string_view::npos && colon < 40 && !text.empty() && text.front() >= '0' &&
      text.front() <= '9') {
    text = TrimSpace(text.substr(colon + 2));
  }
  const std::string priority = Text(event, "priority") + " ";
  if (text.size() > priority.size() &&
      EqualsIgnoreCase(text.substr(0, priority.size()), priority)) {
    text.remove_prefix(priority.size());
  }
  return std::string(text);
}

model::Finding ReadEvent(io::NodeView event) {
  const std::string rule = Text(event, "rule");
  model::Finding finding = NewFinding(model::FindingClass::kRuntime, kTool, {}, rule);
  finding.title = rule;
  SetSeverity(finding, kTool, Text(event, "priority"));
  finding.stage = kStageRuntime;
  finding.message = MessageOf(event);

  SetSubject(finding, event);
  finding.origin->uid = Text(event, "uuid");
  finding.origin->category = Text(event, "source");
  for (const std::string& tag : Texts(event, "tags")) AddTag(finding, tag);
  AddFact(finding.origin->description, "Time", Text(event, "time"));
  for (const auto& [name, value] : event.Get("output_fields").Members()) {
    AddFact(finding.origin->description, name, ScalarText(value));
  }
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY_STATUS(JsonValues(input));
  const std::vector<io::NodeView> events = Events(input);
  if (events.empty() && !input.json().Get("results").IsList() && !input.json().IsList()) {
    return MissingPart(input.json(), "rule");
  }
  ReportFacts facts;
  facts.tool = kTool;
  if (!events.empty()) facts.created = Text(events.front(), "time");
  sink.Begin(facts);
  for (const io::NodeView& event : events) sink.Add(ReadEvent(event));
  return {};
}

}  // namespace

const Importer kFalco = {
    "falco",     "Falco", "events of Falco with json_output, and payloads of Falcosidekick",
    "one event", Detect,  Read};

}  // namespace ouro::ingest
