// Kubescape: `kubescape scan --format json` of version 2 and later (results for each resource
// beside a list of the resources) and `--format-version v1` (frameworks, controls, rules and their
// responses). Fields: kubescape/opa-utils, reporthandling. Severity of a control is its score
// factor in the bands of reporthandling/apis: 9 critical, 7 high, 4 medium, 1 low.
#include <map>
#include <set>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "kubescape";

// Frameworks of a v1 report: the value is a list of them, holds such a list, or is one.
std::vector<io::NodeView> Frameworks(io::NodeView root) {
  if (root.IsList()) return root.Children();
  if (root.Get("controlReports")) return {root};
  return Items(root, "frameworks");
}

bool IsVersion2(io::NodeView root) {
  return HasKeys(root, {"results", "summaryDetails"});
}

int Detect(const ReportInput& input) {
  const io::NodeView root = input.json();
  if (IsVersion2(root)) return root.Get("resources") ? kNamed : kSure;
  const std::vector<io::NodeView> frameworks = Frameworks(root);
  return !frameworks.empty() && frameworks.front().Get("controlReports") ? kNamed : kNo;
}

// What is known of a control, from either version.
struct Control {
  std::string id;
  std::string name;
  double score = -1;
  std::string description;
  std::string remediation;
  std::string category;
};

// An object with the places in it that a control complains about.
struct Subject {
  io::NodeView object;      // the manifest; may be absent
  std::string resource_id;  // "apps/v1/shop/Deployment/web"
  std::string file;
  std::string host_cluster;
  bool live = false;
};

// The last three parts of "<group>/<version>/<namespace>/<kind>/<name>".
void SetResourceOfId(model::Finding& finding, std::string_view id) {
  const std::vector<std::string_view> parts = SplitText(id, '/');
  if (parts.size() < 3) {
    SetResource(finding, {}, {}, id);
    return;
  }
  const size_t count = parts.size();
  SetResource(finding, parts[count - 2], parts[count - 3], parts[count - 1]);
}

void SetSubject(model::Finding& finding, const Subject& subject, std::string_view container) {
  if (subject.object.Get("metadata")) {
    SetResourceOfObject(finding, subject.object, container);
  } else if (!Text(subject.object, "kind").empty()) {
    // Subjects of bindings: users, groups and service accounts.
    SetResource(finding, Text(subject.object, "kind"), Text(subject.object, "namespace"),
                Text(subject.object, "name"), container, Text(subject.object, "apiVersion"));
  } else {
    SetResourceOfId(finding, subject.resource_id);
  }
  finding.location.file = subject.file;
  if (subject.live) finding.stage = kStageRuntime;
  if (!subject.host_cluster.empty()) finding.asset.Make().cluster = subject.host_cluster;
}

void SetControlSeverity(model::Finding& finding, double score) {
  if (score < 0) {
    SetSeverityAs(finding, kTool, {}, model::Severity::kMedium);
    return;
  }
  SetSeverityAs(finding, kTool, fmt::format("score factor {}", score), SeverityOfScore(score));
}

// The paths of one container of one object, in the order of the report.
struct Place {
  std::string container;
  std::vector<std::string> paths;
  std::vector<std::string> fixes;  // "path = value"
  std::string alert;
};

class Places {
 public:
  Place& Of(const std::string& container) {
    for (Place& place : places_) {
      if (place.container == container) return place;
    }
    places_.push_back({container, {}, {}, {}});
    return places_.back();
  }
  std::vector<Place>& all() { return places_; }

 private:
  std::vector<Place> places_;
};

model::Finding MakeFinding(const Control& control, const Subject& subject, const Place& place) {
  model::Finding finding = NewFinding(model::FindingClass::kMisconfig, kTool, {}, control.id);
  finding.title = control.name.empty() ? control.id : control.name;
  SetControlSeverity(finding, control.score);
  SetSubject(finding, subject, place.container);
  finding.message = place.alert.empty()
                        ? fmt::format("{} {} fails the control '{}'", finding.resource.kind,
                                      finding.resource.name, finding.title)
                        : place.alert;
  if (!place.paths.empty()) finding.location.json_path = JsonPathOf(place.paths.front());
  finding.remediation = control.remediation;
  for (const std::string& fix : place.fixes) AddLine(finding.remediation, fix);
  finding.origin->description = control.description;
  for (const std::string& path : place.paths) {
    AddFact(finding.origin->description, "Path", path);
  }
  finding.origin->category = control.category;
  AddReference(finding, "https://hub.armosec.io/docs/" + LowerAscii(control.id));
  return finding;
}

void AddPath(Places& places, const Subject& subject, const std::string& path,
             const std::string& value) {
  if (path.empty()) return;
  Place& place = places.Of(ContainerOfPath(subject.object, path));
  place.paths.push_back(path);
  if (!value.empty()) place.fixes.push_back(fmt::format("{} = {}", path, value));
}

// ---- version 2 ----

std::map<std::string, io::NodeView> ResourcesById(io::NodeView root) {
  std::map<std::string, io::NodeView> resources;
  for (const io::NodeView& resource : Items(root, "resources")) {
    resources.emplace(Text(resource, "resourceID"), resource);
  }
  return resources;
}

Control ControlOf(io::NodeView root, io::NodeView entry) {
  Control control;
  control.id = Text(entry, "controlID");
  control.name = Text(entry, "name");
  const io::NodeView summary = At(root, "summaryDetails.controls").Get(control.id);
  control.score = Number(summary, "scoreFactor").value_or(-1);
  control.description = Text(summary, "description");
  control.remediation = FirstText(summary, {"remediation", "mitigation"});
  control.category = Text(summary, "category.name");
  const std::string part = Text(summary, "category.subCategory.name");
  if (!part.empty()) control.category += " > " + part;
  return control;
}

// "failed", "passed", "skipped"; older reports say it only of the rules.
std::string StatusOf(io::NodeView control) {
  std::string status = FirstText(control, {"status.status", "status"});
  if (!status.empty()) return LowerAscii(status);
  for (const io::NodeView& rule : Items(control, "rules")) {
    if (Text(rule, "status") != "passed") return "failed";
  }
  return "passed";
}

bool IsExcepted(io::NodeView control) {
  if (StartsWith(Text(control, "status.subStatus"), "w/exception")) return true;
  for (const io::NodeView& rule : Items(control, "rules")) {
    if (!Items(rule, "exception").empty() && Text(rule, "status") != "failed") return true;
  }
  return false;
}

Places PlacesOf(const Subject& subject, io::NodeView control, bool excepted) {
  Places places;
  for (const io::NodeView& rule : Items(control, "rules")) {
    if (!excepted && Text(rule, "status") == "passed") continue;
    for (const io::NodeView& path : Items(rule, "paths")) {
      const std::string fix = Text(path, "fixPath.path");
      const std::string failed = FirstText(path, {"failedPath", "reviewPath", "deletePath"});
      AddPath(places, subject, failed.empty() ? fix : failed, Text(path, "fixPath.value"));
    }
  }
  if (places.all().empty()) places.Of({});
  return places;
}

Subject SubjectOf(const std::map<std::string, io::NodeView>& resources, io::NodeView root,
                  io::NodeView result) {
  Subject subject;
  subject.resource_id = Text(result, "resourceID");
  const auto found = resources.find(subject.resource_id);
  const io::NodeView resource =
      found == resources.end() ? result.Get("rawResource") : found->second;
  subject.object = resource.Get("object");
  subject.file = LocationPath(FirstText(resource, {"source.relativePath", "source.path"}));
  subject.host_cluster = Text(root, "clusterName");
  const std::string target = Text(root, "metadata.scanMetadata.scanningTarget");
  subject.live = subject.file.empty() && !StartsWith(subject.resource_id, "path=") &&
                 (target.empty() || target == "0" || EqualsIgnoreCase(target, "cluster"));
  return subject;
}

void ReadControl(const Subject& subject, io::NodeView root, io::NodeView entry, Sink& sink,
                 int64_t& skipped) {
  const std::string status = StatusOf(entry);
  const bool excepted = status != "failed" && IsExcepted(entry);
  if (status == "skipped" || status == "irrelevant") {
    ++skipped;
    return;
  }
  if (status != "failed" && !excepted) {
    sink.AddPassed(1);
    return;
  }
  const Control control = ControlOf(root, entry);
  Places places = PlacesOf(subject, entry, excepted);
  for (const Place& place : places.all()) {
    model::Finding finding = MakeFinding(control, subject, place);
    if (excepted) finding.origin->state = "risk_accepted";
    sink.Add(std::move(finding));
  }
}

void ReadVersion2(const ReportInput& input, io::NodeView root, Sink& sink) {
  const std::map<std::string, io::NodeView> resources = ResourcesById(root);
  int64_t skipped = 0;
  for (const io::NodeView& result : Items(root, "results")) {
    const Subject subject = SubjectOf(resources, root, result);
    for (const io::NodeView& control : Items(result, "controls")) {
      ReadControl(subject, root, control, sink, skipped);
    }
  }
  if (skipped > 0) {
    AddNotExamined(sink, input, root.Get("results"),
                   fmt::format("controls that kubescape skipped were not examined: {}", skipped),
                   true);
  }
}

// ---- version 1 ----

Subject SubjectOfResponse(io::NodeView root, io::NodeView response) {
  Subject subject;
  const std::vector<io::NodeView> objects = Items(response, "alertObject.k8sApiObjects");
  subject.object = objects.empty() ? At(response, "alertObject.externalObjects") : objects.front();
  subject.host_cluster = root.IsMap() ? Text(root, "clusterName") : std::string();
  subject.live = true;
  return subject;
}

void ReadResponse(io::NodeView root, const Control& control, io::NodeView response,
                  std::set<std::string>& seen, Sink& sink) {
  const Subject subject = SubjectOfResponse(root, response);
  Places places;
  for (const std::string& path : Texts(response, "failedPaths")) {
    AddPath(places, subject, path, {});
  }
  for (const io::NodeView& fix : Items(response, "fixPaths")) {
    AddPath(places, subject, Text(fix, "path"), Text(fix, "value"));
  }
  if (places.all().empty()) places.Of({});
  for (Place& place : places.all()) {
    place.alert = Text(response, "alertMessage");
    model::Finding finding = MakeFinding(control, subject, place);
    if (response.Get("exception").IsMap()) finding.origin->state = "risk_accepted";
    // The same control stands in several frameworks, and several of its rules may say the same.
    const std::string key =
        JoinText({finding.check, finding.resource.kind, finding.resource.namespace_name,
                  finding.resource.name, finding.resource.container},
                 "\n");
    if (seen.insert(key).second) sink.Add(std::move(finding));
  }
}

void ReadVersion1(io::NodeView root, Sink& sink) {
  std::set<std::string> seen;
  for (const io::NodeView& framework : Frameworks(root)) {
    for (const io::NodeView& entry : Items(framework, "controlReports")) {
      Control control;
      control.id = FirstText(entry, {"controlID", "id"});
      control.name = Text(entry, "name");
      control.score = Number(entry, "baseScore").value_or(-1);
      control.description = Text(entry, "description");
      control.remediation = Text(entry, "remediation");
      control.category = Text(framework, "name");
      for (const io::NodeView& rule : Items(entry, "ruleReports")) {
        for (const io::NodeView& response : Items(rule, "ruleResponses")) {
          ReadResponse(root, control, response, seen, sink);
        }
      }
      const int64_t failed = Integer(entry, "failedResources") + Integer(entry, "warningResources");
      sink.AddPassed(std::max<int64_t>(0, Integer(entry, "totalResources") - failed));
    }
  }
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  const bool version2 = IsVersion2(root);
  if (!version2 && Frameworks(root).empty()) return MissingPart(root, "results");
  ReportFacts facts;
  facts.tool = kTool;
  if (root.IsMap()) {
    facts.target = FirstText(root, {"clusterName",
                                    "metadata.contextMetadata.clusterContextMetadata."
                                    "contextName"});
    facts.created = Text(root, "generationTime");
    facts.tool_version = Text(root, "metadata.scanMetadata.kubescapeVersion");
  }
  sink.Begin(facts);
  if (version2) {
    ReadVersion2(input, root, sink);
  } else {
    ReadVersion1(root, sink);
  }
  return {};
}

}  // namespace

const Importer kKubescape = {"kubescape",
                             "Kubescape",
                             "kubescape scan --format json, format versions v1 and v2",
                             "one failed control of one object or container",
                             Detect,
                             Read};

}  // namespace ouro::ingest
