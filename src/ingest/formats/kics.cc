// KICS: `kics scan --report-formats json` (results.json), all versions: queries, each with the
// files and lines in which it matched.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "kics";

int Detect(const ReportInput& input) {
  const io::NodeView json = input.json();
  if (!Text(json, "kics_version").empty()) return kNamed;
  return HasKeys(json, {"queries", "queries_total", "severity_counters"}) ? kSure : kNo;
}

bool IsKubernetes(io::NodeView query) {
  return EqualsIgnoreCase(Text(query, "platform"), "Kubernetes");
}

// "metadata.name={{web}}.spec.containers.name={{app}}.image": the name behind the marker.
std::string NamedPart(std::string_view search_key, std::string_view marker) {
  const size_t at = search_key.find(marker);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = search_key.substr(at + marker.size());
  return std::string(rest.substr(0, rest.find("}}")));
}

std::string ContainerOf(std::string_view search_key) {
  for (const std::string_view marker :
       {"initContainers.name={{", "ephemeralContainers.name={{", "containers.name={{"}) {
    std::string name = NamedPart(search_key, marker);
    if (!name.empty()) return name;
  }
  return {};
}

void SetSubject(model::Finding& finding, io::NodeView query, io::NodeView file) {
  finding.location.file = LocationPath(Text(file, "file_name"));
  finding.location.line = Integer(file, "line");
  const std::string search_key = Text(file, "search_key");
  std::string name = Text(file, "resource_name");
  if (!IsKubernetes(query)) {
    SetResource(finding, Text(file, "resource_type"), {}, name);
    return;
  }
  if (name.empty()) name = NamedPart(search_key, "metadata.name={{");
  SetResource(finding, Text(file, "resource_type"), {}, name, ContainerOf(search_key));
}

bool IsSecretQuery(io::NodeView query) {
  return Text(query, "category") == "Secret Management" ||
         StartsWith(Text(query, "query_name"), "Passwords And Secrets");
}

model::Finding ReadFile(io::NodeView query, io::NodeView file, std::string_view version) {
  const bool secret = StartsWith(Text(query, "query_name"), "Passwords And Secrets");
  model::Finding finding =
      NewFinding(secret ? model::FindingClass::kSecret : model::FindingClass::kMisconfig, kTool,
                 version, FirstText(query, {"query_id", "query_name"}));
  finding.title = fmt::format("{}: {}", Text(query, "category"), Text(query, "query_name"));
  SetSeverity(finding, kTool, Text(query, "severity"));
  SetSubject(finding, query, file);
  finding.origin->uid = Text(file, "similarity_id");
  finding.origin->category = Text(query, "category");
  AddTag(finding, Text(query, "platform"));
  AddTag(finding, Text(query, "cloud_provider"));
  AddCwes(finding, Text(query, "cwe"));
  AddReference(finding, Text(query, "query_url"));
  std::string& description = finding.origin->description;
  AddLine(description, Text(query, "description"));
  AddFact(description, "Platform", Text(query, "platform"));
  AddFact(description, "Category", finding.origin->category);
  AddFact(description, "Issue type", Text(file, "issue_type"));
  finding.remediation = Text(file, "expected_value");
  // What a query about secrets found is the secret.
  if (IsSecretQuery(query)) {
    finding.message = Text(query, "description");
    finding.origin->snippet_hash =
        SecretHash(Text(file, "actual_value") + Text(file, "search_value"));
    if (secret) finding.remediation.clear();
  } else {
    finding.message = FirstText(file, {"actual_value"});
    AddFact(description, "Actual value", finding.message);
    if (finding.message.empty()) finding.message = Text(query, "description");
  }
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  if (!root.Get("queries")) return MissingPart(root, "queries");
  ReportFacts facts;
  facts.tool = kTool;
  facts.tool_version = Text(root, "kics_version");
  facts.target = JoinText(Texts(root, "paths"), ", ");
  facts.created = FirstText(root, {"end", "start"});
  sink.Begin(facts);
  for (const io::NodeView& query : Items(root, "queries")) {
    for (const io::NodeView& file : Items(query, "files")) {
      sink.Add(ReadFile(query, file, facts.tool_version));
    }
  }
  const int64_t failed = Integer(root, "files_failed_to_scan");
  if (failed > 0) {
    AddNotExamined(sink, input, root.Get("files_failed_to_scan"),
                   fmt::format("files that kics could not scan were not examined: {}", failed));
  }
  return {};
}

}  // namespace

const Importer kKics = {"kics",
                        "KICS",
                        "kics scan --report-formats json",
                        "one match of one query in one place of a file",
                        Detect,
                        Read};

}  // namespace ouro::ingest
