// Prowler: version 2 (CSV, JSON lines), versions 3 and 4 (CSV, JSON, ASFF), and its OCSF reports.
// Sources: the tool's documentation ("Reporting") and lib/outputs in its repository; OCSF class
// 2004.
#include <array>
#include <utility>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/csv.h"
#include "ingest/field.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/scanner_shared.h"
#include "ingest/words.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "prowler";
// More than the importer of OCSF in general says of the same file.
constexpr int kOwnOcsf = kNamed + 10;

bool IsOcsf(io::NodeView item) {
  return item.Get("finding_info").IsMap() &&
         EqualsIgnoreCase(Text(item, "metadata.product.name"), "prowler");
}

bool IsVersion3(io::NodeView item) {
  return HasKeys(item, {"FindingUniqueId", "CheckID", "Status"});
}

bool IsVersion2(io::NodeView item) {
  return HasKeys(item, {"Control", "Message", "Status", "Severity", "CAF Epic"});
}

bool IsAsff(io::NodeView item) {
  return item.Get("ProductFields").IsMap() &&
         EqualsIgnoreCase(Text(item.Get("ProductFields"), "ProviderName"), "prowler");
}

int DetectCsv(const ReportInput& input) {
  const std::vector<std::string_view> lines = input.Lines(4'096);
  if (lines.empty()) return kNo;
  const std::string_view header = lines.front();
  const bool version2 = header.find("CHECK_RESULT_EXTENDED") != std::string_view::npos;
  const bool version3 = header.find("FINDING_UNIQUE_ID") != std::string_view::npos &&
                        header.find("STATUS_EXTENDED") != std::string_view::npos;
  const bool version4 = header.find("FINDING_UID") != std::string_view::npos &&
                        header.find("PROWLER_VERSION") != std::string_view::npos;
  return version2 || version3 || version4 ? kNamed : kNo;
}

int Detect(const ReportInput& input) {
  io::NodeView item = input.json();
  if (!item) return input.LooksLikeXml() ? kNo : DetectCsv(input);
  if (item.IsList()) {
    const std::vector<io::NodeView> items = item.Children();
    if (items.empty()) return kNo;
    item = items.front();
  }
  if (IsOcsf(item)) return kOwnOcsf;
  return IsVersion3(item) || IsVersion2(item) || IsAsff(item) ? kNamed : kNo;
}

// One result of one check, whatever the format.
struct CheckResult {
  std::string uid;
  std::string provider;
  std::string check;
  std::string title;
  std::string status;  // PASS, FAIL, INFO, MANUAL, WARNING
  std::string detail;  // the result in words
  std::string severity;
  std::string service;
  std::string kind;      // type of the cloud resource
  std::string resource;  // its id or ARN
  std::string name;
  std::string region;  // "namespace: kube-system" of a cluster
  std::string account;
  std::string account_name;  // "context: prod" of a cluster
  std::string description;
  std::string risk;
  std::string remediation;
  std::vector<std::string> references;
  std::vector<std::string> tags;  // compliance and categories
  bool muted = false;
};

std::string_view WithoutLabel(std::string_view text, std::string_view label) {
  return StartsWith(text, label) ? TrimSpace(text.substr(label.size())) : text;
}

// Prowler's types of Kubernetes objects: those of the control plane are its static pods.
std::string KubernetesKind(std::string_view type) {
  static constexpr std::array<std::string_view, 5> kPods = {
      "KubernetesAPIServer", "KubernetesControllerManager", "KubernetesScheduler", "KubernetesEtcd",
      "KubernetesPod"};
  for (const std::string_view pod : kPods) {
    if (pod == type) return "Pod";
  }
  return std::string(WithoutLabel(type, "Kubernetes"));
}

void SetSubject(model::Finding& finding, const CheckResult& result) {
  if (result.provider == "kubernetes") {
    const std::string_view space = WithoutLabel(result.region, "namespace:");
    SetResource(finding, KubernetesKind(result.kind), space == "cluster-wide" ? "" : space,
                result.name.empty() ? result.resource : result.name);
    finding.asset.Make().cluster = WithoutLabel(result.account_name, "context:");
    finding.stage = "runtime";
    return;
  }
  // A cloud resource stands where an object of a cluster would: its account is its namespace.
  finding.resource.kind = result.kind.empty() ? result.service : result.kind;
  finding.resource.namespace_name = result.account;
  finding.resource.name = result.resource.empty() ? result.name : result.resource;
  if (finding.resource.kind.empty()) finding.resource.kind = "Account";
  if (!finding.resource.name.empty()) return;
  // The CSV of version 2 has no id: only the text tells one user or bucket from the other.
  finding.resource.name = result.region.empty() ? result.account : result.region;
  finding.field_path = result.detail;
}

model::Finding MakeFinding(const CheckResult& result) {
  model::Finding finding =
      ScannerFinding(model::FindingClass::kMisconfig, kTool, result.check, result.title);
  SetSeverity(finding, kTool, result.severity, model::Severity::kInfo);
  SetSubject(finding, result);
  finding.message = result.detail;
  finding.remediation = result.remediation;
  for (const std::string& url : result.references) AddUnique(finding.references, url);
  model::Origin& origin = *finding.origin;
  origin.uid = result.uid;
  origin.impact = result.risk;
  origin.service = result.service;
  origin.category = result.provider;
  origin.tags = result.tags;
  std::string facts = result.description;
  AppendFact(facts, "Account", result.account);
  AppendFact(facts, "Region", result.region);
  AppendFact(facts, "Status", result.status == "FAIL" ? "" : result.status);
  origin.description = std::move(facts);
  if (result.muted) origin.state = "risk_accepted";
  return finding;
}

struct Outcome {
  FindingFolder findings;
  int64_t note_count = 0;
};

void AddResult(const CheckResult& result, Outcome& outcome, Sink& sink) {
  if (EqualsIgnoreCase(result.status, "PASS") || EqualsIgnoreCase(result.status, "PASSED")) {
    sink.AddPassed(1);
    return;
  }
  // INFO is a note: nothing was compared with anything.
  if (EqualsIgnoreCase(result.status, "INFO")) {
    ++outcome.note_count;
    return;
  }
  model::Finding finding = MakeFinding(result);
  outcome.findings.Add(fmt::format("{}\n{}\n{}\n{}\n{}\n{}", result.check, result.uid,
                                   result.resource, result.region, result.account, result.detail),
                       std::move(finding));
}

void Finish(Outcome& outcome, std::string_view file, Sink& sink) {
  outcome.findings.Flush(sink);
  if (outcome.note_count == 0) return;
  sink.AddProblem(ScannerWarning(
      ErrorCode::kUnsupported, file,
      fmt::format("{} results are notes (INFO), which say neither pass nor fail, and were left out",
                  outcome.note_count)));
}

// "[check114] Ensure hardware MFA …": id and text of a control of version 2.
void SplitControl(const std::string& control, CheckResult& result) {
  const size_t end = control.find(']');
  if (!StartsWith(control, "[") || end == std::string::npos) {
    result.check = control;
    return;
  }
  result.check = control.substr(1, end - 1);
  result.description = TrimSpace(control.substr(end + 1));
}

CheckResult ReadVersion2(io::NodeView item) {
  CheckResult result;
  SplitControl(Text(item, "Control"), result);
  result.provider = "aws";
  result.title = Text(item, "Message");
  result.detail = result.title;
  result.status = Text(item, "Status");
  result.severity = Text(item, "Severity");
  result.service = Text(item, "Service");
  result.resource = Text(item, "Resource ID");
  result.region = Text(item, "Region");
  result.account = Text(item, "Account Number");
  AppendFact(result.description, "Check", result.check);
  AppendFact(result.description, "Control", Text(item, "Control ID"));
  AppendFact(result.description, "Compliance", Text(item, "Compliance"));
  AppendFact(result.description, "Service", result.service);
  AppendFact(result.description, "CAF epic", Text(item, "CAF Epic"));
  result.risk = Text(item, "Risk");
  result.remediation = Text(item, "Remediation");
  result.references = UrlsIn(Text(item, "Doc link"));
  return result;
}

CheckResult ReadVersion3(io::NodeView item) {
  CheckResult result;
  result.uid = Text(item, "FindingUniqueId");
  result.provider = Text(item, "Provider");
  result.check = Text(item, "CheckID");
  result.title = Text(item, "CheckTitle");
  result.status = Text(item, "Status");
  result.detail = Text(item, "StatusExtended");
  result.severity = Text(item, "Severity");
  result.service = Text(item, "ServiceName");
  result.kind = Text(item, "ResourceType");
  result.resource = FirstText(item, {"ResourceArn", "ResourceId"});
  result.name = FirstText(item, {"ResourceName", "ResourceId"});
  result.region = Text(item, "Region");
  if (result.region.empty()) result.region = Text(item, "Namespace");
  result.account = FirstText(item, {"AccountId", "Subscription", "ProjectId"});
  result.account_name = Text(item, "Context");
  result.description = Text(item, "Description");
  result.risk = Text(item, "Risk");
  result.remediation = Text(item, "Remediation.Recommendation.Text");
  AddUnique(result.references, Text(item, "Remediation.Recommendation.Url"));
  AddUnique(result.references, Text(item, "RelatedUrl"));
  for (const auto& [framework, controls] : item.Get("Compliance").Members()) {
    for (const io::NodeView& control : controls.Children()) {
      AddUnique(result.tags, fmt::format("{}: {}", framework, ScalarText(control)));
    }
  }
  for (const std::string& category : Texts(item, "Categories")) AddUnique(result.tags, category);
  return result;
}

// The object of a finding: OCSF's first resource.
void SetOcsfResource(io::NodeView item, CheckResult& result) {
  const std::vector<io::NodeView> resources = Items(item, "resources");
  if (resources.empty()) return;
  const io::NodeView resource = resources.front();
  result.kind = Text(resource, "type");
  result.resource = Text(resource, "uid");
  result.name = Text(resource, "name");
  result.service = Text(resource, "group.name");
  const std::string space = FirstText(resource, {"namespace", "data.metadata.namespace"});
  if (!space.empty()) result.region = space;
  if (result.region.empty()) result.region = Text(resource, "region");
}

CheckResult ReadOcsf(io::NodeView item) {
  CheckResult result;
  result.uid = Text(item, "finding_info.uid");
  result.check = Text(item, "metadata.event_code");
  result.detail = FirstText(item, {"message", "status_detail"});
  result.title = result.detail.empty() ? Text(item, "finding_info.title") : result.detail;
  result.status = Text(item, "status_code");
  result.severity = Text(item, "severity");
  result.muted = EqualsIgnoreCase(Text(item, "status"), "suppressed");
  result.provider = FirstText(item, {"cloud.provider", "unmapped.provider"});
  result.account = Text(item, "cloud.account.uid");
  result.account_name = FirstText(item, {"unmapped.context", "cloud.account.name"});
  result.region = Text(item, "cloud.region");
  SetOcsfResource(item, result);
  if (result.provider.empty() && StartsWith(result.kind, "Kubernetes"))
    result.provider = "kubernetes";
  result.description = FirstText(item, {"finding_info.desc", "finding_info.title"});
  result.risk = Text(item, "risk_details");
  result.remediation = Text(item, "remediation.desc");
  for (const std::string& reference : Texts(item, "remediation.references")) {
    if (StartsWith(reference, "http")) {
      AddUnique(result.references, reference);
    } else if (!TrimSpace(reference).empty()) {
      result.remediation += fmt::format("\n{}", TrimSpace(reference));
    }
  }
  AddUnique(result.references, Text(item, "unmapped.related_url"));
  for (const auto& [framework, controls] : At(item, "unmapped.compliance").Members()) {
    for (const io::NodeView& control : controls.Children()) {
      AddUnique(result.tags, fmt::format("{}: {}", framework, ScalarText(control)));
    }
  }
  for (const std::string& category : Texts(item, "unmapped.categories")) {
    AddUnique(result.tags, category);
  }
  return result;
}

CheckResult ReadAsff(io::NodeView item) {
  CheckResult result;
  result.uid = Text(item, "Id");
  result.provider = "aws";
  // "prowler-<check>" is the generator.
  const std::string generator = Text(item, "GeneratorId");
  result.check = WithoutLabel(generator, "prowler-");
  result.title = Text(item, "Title");
  result.detail = Text(item, "Description");
  result.status = Text(item, "Compliance.Status");
  if (result.status == "FAILED") result.status = "FAIL";
  result.severity = Text(item, "Severity.Label");
  result.account = Text(item, "AwsAccountId");
  const std::vector<io::NodeView> resources = Items(item, "Resources");
  if (!resources.empty()) {
    result.kind = Text(resources.front(), "Type");
    result.resource = Text(resources.front(), "Id");
    result.region = Text(resources.front(), "Region");
  }
  result.muted = EqualsIgnoreCase(Text(item, "Workflow.Status"), "SUPPRESSED");
  result.remediation = Text(item, "Remediation.Recommendation.Text");
  AddUnique(result.references, Text(item, "Remediation.Recommendation.Url"));
  result.tags = Texts(item, "Compliance.RelatedRequirements");
  return result;
}

Status ReadJson(const ReportInput& input, Sink& sink) {
  OURO_TRY(const std::vector<io::NodeView> items, RecordsOf(input));
  sink.Begin({std::string(kTool),
              items.empty() ? "" : Text(items.front(), "metadata.product.version"), "", ""});
  Outcome outcome;
  for (const io::NodeView& item : items) {
    if (IsOcsf(item)) {
      AddResult(ReadOcsf(item), outcome, sink);
    } else if (IsVersion3(item)) {
      AddResult(ReadVersion3(item), outcome, sink);
    } else if (IsAsff(item)) {
      AddResult(ReadAsff(item), outcome, sink);
    } else if (HasKeys(item, {"Control", "Status"})) {
      AddResult(ReadVersion2(item), outcome, sink);
    } else {
      sink.AddProblem(ScannerProblem(
          ErrorCode::kInvalid, input.name(), 0,
          fmt::format("the entry at {} is no result of Prowler and was left out", PlaceOf(item))));
    }
  }
  Finish(outcome, input.name(), sink);
  return {};
}

// Columns of version 2: names that no later version has.
CheckResult ReadVersion2Row(const Csv& csv, size_t row) {
  const auto cell = [&csv, row](std::string_view column) {
    return std::string(csv.Cell(row, column));
  };
  CheckResult result;
  SplitControl(cell("TITLE_TEXT"), result);
  result.provider = "aws";
  result.title = cell("CHECK_RESULT_EXTENDED");
  result.detail = result.title;
  result.status = cell("CHECK_RESULT");
  result.severity = cell("CHECK_SEVERITY");
  result.service = cell("CHECK_SERVICENAME");
  result.kind = cell("CHECK_ASFF_RESOURCE_TYPE");
  result.resource = cell("CHECK_RESOURCE_ID");
  result.region = cell("REGION");
  result.account = cell("ACCOUNT_NUM");
  AppendFact(result.description, "Control", cell("TITLE_ID"));
  AppendFact(result.description, "Level", cell("ITEM_LEVEL"));
  AppendFact(result.description, "Compliance", cell("CHECK_ASFF_COMPLIANCE_TYPE"));
  AppendFact(result.description, "CAF epic", cell("CHECK_CAF_EPIC"));
  result.risk = cell("CHECK_RISK");
  result.remediation = cell("CHECK_REMEDIATION");
  result.references = UrlsIn(cell("CHECK_DOC"));
  return result;
}

CheckResult ReadLaterRow(const Csv& csv, size_t row) {
  const auto cell = [&csv, row](std::string_view column) {
    return std::string(csv.Cell(row, column));
  };
  const auto either = [&cell](std::string_view first, std::string_view second) {
    std::string text = cell(first);
    return text.empty() ? cell(second) : text;
  };
  CheckResult result;
  result.uid = either("FINDING_UID", "FINDING_UNIQUE_ID");
  result.provider = LowerAscii(cell("PROVIDER"));
  result.check = cell("CHECK_ID");
  result.title = cell("CHECK_TITLE");
  result.status = cell("STATUS");
  result.detail = cell("STATUS_EXTENDED");
  result.severity = cell("SEVERITY");
  result.service = cell("SERVICE_NAME");
  result.kind = cell("RESOURCE_TYPE");
  result.resource = either("RESOURCE_UID", "RESOURCE_ARN");
  if (result.resource.empty()) result.resource = cell("RESOURCE_ID");
  result.name = either("RESOURCE_NAME", "RESOURCE_ID");
  result.region = either("REGION", "NAMESPACE");
  result.account = either("ACCOUNT_UID", "ACCOUNT_ID");
  result.account_name = either("ACCOUNT_NAME", "CONTEXT");
  result.description = cell("DESCRIPTION");
  result.risk = cell("RISK");
  result.remediation = cell("REMEDIATION_RECOMMENDATION_TEXT");
  for (const char* column : {"REMEDIATION_RECOMMENDATION_URL", "RELATED_URL", "ADDITIONAL_URLS"}) {
    for (const std::string& url : UrlsIn(cell(column))) AddUnique(result.references, url);
  }
  const std::string lists = cell("COMPLIANCE") + "|" + cell("CATEGORIES");
  for (const std::string_view tag : SplitText(lists, '|')) AddUnique(result.tags, tag);
  result.muted = EqualsIgnoreCase(cell("MUTED"), "true");
  return result;
}

Status ReadCsv(const ReportInput& input, Sink& sink) {
  OURO_TRY(const Csv csv, Csv::Parse(input.bytes()));
  const bool version2 = csv.HasColumn("CHECK_RESULT");
  if (!version2 && !csv.HasColumn("STATUS")) {
    return Fail(ErrorCode::kInvalid, "the header line lacks `CHECK_RESULT` or `STATUS`", "1:1");
  }
  sink.Begin({std::string(kTool),
              csv.row_count() == 0 ? "" : std::string(csv.Cell(0, "PROWLER_VERSION")), "", ""});
  Outcome outcome;
  for (size_t row = 0; row < csv.row_count(); ++row) {
    AddResult(version2 ? ReadVersion2Row(csv, row) : ReadLaterRow(csv, row), outcome, sink);
  }
  Finish(outcome, input.name(), sink);
  return {};
}

Status Read(const ReportInput& input, Sink& sink) {
  return input.LooksLikeJson() ? ReadJson(input, sink) : ReadCsv(input, sink);
}

}  // namespace

const Importer kProwler = {"prowler",
                           "Prowler",
                           "prowler with CSV, JSON, ASFF or OCSF output, versions 2 to 5",
                           "one result of one check on one resource that is no pass",
                           Detect,
                           Read};

}  // namespace ouro::ingest
