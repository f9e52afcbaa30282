// Our own report: `ouro … --format json` and ndjson (docs/formats/finding.md). What another run
// found is imported like any other tool's report; ids are computed anew, so an edited one means
// nothing.
#include "base/text.h"
#include "ingest/field.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kSchema = "ouro/finding/v1";

bool IsFinding(io::NodeView node) {
  return HasKeys(node, {"id", "class", "check", "resource", "location", "severity", "status"});
}

int Detect(const ReportInput& input) {
  if (Text(input.json(), "schema") == kSchema) return kNamed;
  return IsFinding(input.json()) ? kSure : kNo;
}

model::FindingClass ClassOf(std::string_view word) {
  for (int i = 0; i <= static_cast<int>(model::FindingClass::kLint); ++i) {
    const auto value = static_cast<model::FindingClass>(i);
    if (model::FindingClassName(value) == word) return value;
  }
  return model::FindingClass::kMisconfig;
}

model::Location ReadLocation(io::NodeView node) {
  model::Location location;
  location.file = Text(node, "file");
  location.line = Integer(node, "line");
  location.column = Integer(node, "column");
  location.end_line = Integer(node, "end_line");
  location.end_column = Integer(node, "end_column");
  location.start_offset = static_cast<uint32_t>(Integer(node, "start_offset"));
  location.end_offset = static_cast<uint32_t>(Integer(node, "end_offset"));
  location.json_path = Text(node, "json_path");
  location.document = Integer(node, "document");
  return location;
}

void ReadSuppression(io::NodeView node, model::Finding& finding) {
  if (Text(node, "status") == "error") finding.status = model::FindingStatus::kError;
  const io::NodeView suppressed = node.Get("suppressed");
  if (!suppressed) return;
  finding.status = model::FindingStatus::kSuppressed;
  finding.suppressed = model::Suppression{Text(suppressed, "by"), Text(suppressed, "reason"),
                                          Text(suppressed, "until")};
}

void ReadPackageAndVuln(io::NodeView node, model::Finding& finding) {
  if (const io::NodeView package = node.Get("package")) {
    finding.package =
        model::Package{Text(package, "purl"), Text(package, "name"), Text(package, "version"),
                       Text(package, "type"), Text(package, "path"), Text(package, "source")};
  }
  if (const io::NodeView image = node.Get("image")) {
    finding.image =
        model::Image{Text(image, "reference"), Text(image, "digest"), Text(image, "layer")};
  }
  const io::NodeView vuln = node.Get("vuln");
  if (!vuln) return;
  model::Vuln& facts = finding.vuln.Make();
  facts.id = Text(vuln, "id");
  facts.aliases = Texts(vuln, "aliases");
  for (const io::NodeView& rating : Items(vuln, "cvss")) {
    facts.cvss.push_back(
        {Text(rating, "vector"), Number(rating, "score").value_or(-1), Text(rating, "source")});
  }
  facts.epss = Number(vuln, "epss").value_or(-1);
  facts.epss_percentile = Number(vuln, "epss_percentile").value_or(-1);
  facts.kev = Flag(vuln, "kev");
  facts.fixed_in = Text(vuln, "fixed_in");
  facts.fix_state = Text(vuln, "fix_state");
  facts.published = Text(vuln, "published");
}

void ReadAsset(io::NodeView node, model::Finding& finding) {
  const io::NodeView asset = node.Get("asset");
  if (!asset) return;
  finding.asset =
      model::Asset{Text(asset, "application"), Text(asset, "environment"), Text(asset, "cluster"),
                   Text(asset, "repository"),  Text(asset, "branch"),      Text(asset, "commit"),
                   Text(asset, "host"),        Text(asset, "node_role")};
}

model::Finding ReadFinding(io::NodeView node) {
  model::Finding finding;
  finding.finding_class = ClassOf(Text(node, "class"));
  finding.check = Text(node, "check");
  finding.concept_name = Text(node, "concept");
  finding.aliases = Texts(node, "aliases");
  finding.title = Text(node, "title");
  const io::NodeView resource = node.Get("resource");
  finding.resource = {Text(resource, "api_version"), Text(resource, "kind"),
                      Text(resource, "namespace"), Text(resource, "name"),
                      Text(resource, "container")};
  finding.field_path = Text(node, "field_path");
  finding.location = ReadLocation(node.Get("location"));
  finding.severity =
      model::ParseSeverity(Text(node, "severity")).value_or(model::Severity::kMedium);
  finding.severity_source = Text(node, "severity_source");
  finding.message = Text(node, "message");
  finding.remediation = Text(node, "remediation");
  finding.references = Texts(node, "references");
  finding.stage = Text(node, "stage");
  finding.count = Integer(node, "count", 1);
  for (const io::NodeView& place : Items(node, "other_locations")) {
    finding.other_locations.push_back(ReadLocation(place));
  }
  ReadSuppression(node, finding);
  ReadPackageAndVuln(node, finding);
  ReadAsset(node, finding);
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  const io::NodeView root = input.json();
  const bool document = Text(root, "schema") == kSchema;
  const std::vector<io::NodeView> findings = document ? Items(root, "findings") : input.values();
  for (const io::NodeView& node : findings) {
    if (IsFinding(node)) continue;
    return Fail(ErrorCode::kInvalid, "this is no finding of ouro/finding/v1", PlaceOf(node));
  }
  sink.Begin({"ouro", Text(root, "run.version"), JoinText(Texts(root, "run.paths"), " "),
              Text(root, "run.started")});
  for (const io::NodeView& node : findings) sink.Add(ReadFinding(node));
  for (const io::NodeView& node : Items(root, "problems")) {
    model::Problem problem;
    problem.kind = Text(node, "kind");
    problem.file = Text(node, "file");
    problem.line = Integer(node, "line");
    problem.message = Text(node, "message");
    problem.warning = Flag(node, "warning");
    sink.AddProblem(std::move(problem));
  }
  return {};
}

}  // namespace

const Importer kOuro = {
    "ouro",        "ouro", "ouro scan, image, cluster … with --format json or ndjson",
    "one finding", Detect, Read};

}  // namespace ouro::ingest
