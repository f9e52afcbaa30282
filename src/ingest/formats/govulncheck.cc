// govulncheck -json (protocol 1.0): a stream of messages, where `osv` messages describe every
// record of the database that was looked at and only `finding` messages say that it concerns this
// build. Also the one JSON object of the versions before 1.0 ("Vulns", "Calls").
#include <array>
#include <map>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/vuln_shared.h"

namespace ouro::ingest {
namespace {

using model::Finding;

constexpr std::string_view kTool = "govulncheck";

// The most precise finding of one vulnerability in one module: a call trace beats an import.
struct Evidence {
  io::NodeView finding;
  int precision = 0;  // 1 module required, 2 package imported, 3 symbol called
  int64_t count = 0;
};

bool IsLegacy(io::NodeView root) {
  return root.Get("Vulns").IsList() && root.Get("Modules");
}

int Detect(const ReportInput& input) {
  const io::NodeView root = input.json();
  if (Text(root, "config.scanner_name") == "govulncheck") return kNamed;
  if (At(root, "config.protocol_version") || IsLegacy(root)) return kSure;
  const bool legacy_osv = HasKeys(root, {"Calls", "Imports", "Requires", "Vulns"});
  return legacy_osv ? kSure : kNo;
}

int PrecisionOf(io::NodeView finding) {
  const std::vector<io::NodeView> trace = Items(finding, "trace");
  if (trace.empty()) return 0;
  if (trace.front().Get("function")) return 3;
  return trace.front().Get("package") ? 2 : 1;
}

// "example.org/x/y.(*T).F" of a frame.
std::string FrameText(io::NodeView frame) {
  const std::string function = Text(frame, "function");
  if (function.empty()) return FirstText(frame, {"package", "module"});
  const std::string receiver = Text(frame, "receiver");
  return fmt::format("{}.{}{}", Text(frame, "package"), receiver.empty() ? "" : receiver + ".",
                     function);
}

// The first place in the trace that is in the scanned code: the last frame with a position.
void SetPlace(Finding& finding, const std::vector<io::NodeView>& trace) {
  for (size_t i = trace.size(); i-- > 0;) {
    const io::NodeView position = trace[i].Get("position");
    if (!position) continue;
    finding.location.file = LocationPath(Text(position, "filename"));
    finding.location.line = Integer(position, "line");
    finding.location.column = Integer(position, "column");
    return;
  }
  finding.location.file = "go.mod";
}

Finding FindingOf(io::NodeView osv, const Evidence& evidence, const std::string& version) {
  const std::string id = Text(evidence.finding, "osv");
  std::vector<std::string> ids = {id};
  for (std::string& alias : Texts(osv, "aliases")) ids.push_back(std::move(alias));
  Finding finding = NewVulnFinding(kTool, version, ids);
  const std::vector<io::NodeView> trace = Items(evidence.finding, "trace");
  const io::NodeView first = trace.empty() ? io::NodeView() : trace.front();
  const std::string module = Text(first, "module");
  SetPackage(finding, "golang", module, Text(first, "version"));
  finding.title = VulnTitle(id, module, Text(first, "version"));
  const std::string summary = Text(osv, "summary");
  if (!summary.empty()) finding.title = fmt::format("{}: {}", id, summary);
  static constexpr std::array<std::string_view, 4> kReach = {
      "is in the database", "requires the module", "imports the package", "calls"};
  finding.message = fmt::format("The program {} {}",
                                kReach[static_cast<size_t>(evidence.precision)], FrameText(first));
  model::Origin& origin = *finding.origin;
  origin.description = Text(osv, "details");
  origin.confidence = evidence.precision == 3   ? "called"
                      : evidence.precision == 2 ? "imported"
                                                : "required";
  origin.occurrences = evidence.count;
  AddTag(finding, origin.confidence);
  AddReference(finding, Text(osv, "database_specific.url"));
  for (const io::NodeView& reference : Items(osv, "references"))
    AddReference(finding, Text(reference, "url"));
  // The Go database has no severities: what is called weighs more than what is only required.
  finding.severity = evidence.precision == 3   ? model::Severity::kHigh
                     : evidence.precision == 2 ? model::Severity::kMedium
                                               : model::Severity::kLow;
  finding.severity_source = "govulncheck (reachability)";
  origin.severity = origin.confidence;
  finding.vuln->published = Text(osv, "published");
  SetFixedIn(finding, {Text(evidence.finding, "fixed_version")});
  SetPlace(finding, trace);
  return finding;
}

Status ReadStream(const std::vector<io::NodeView>& messages, Sink& sink) {
  std::map<std::string, io::NodeView> records;
  std::map<std::string, size_t> by_key;
  std::vector<Evidence> all;
  ReportFacts facts;
  facts.tool = kTool;
  for (const io::NodeView& message : messages) {
    if (const io::NodeView osv = message.Get("osv"); osv.IsMap())
      records.emplace(Text(osv, "id"), osv);
    if (const io::NodeView config = message.Get("config"))
      facts.tool_version = Text(config, "scanner_version");
    for (const io::NodeView& module : Items(message, "SBOM.modules")) {
      if (facts.target.empty()) facts.target = Text(module, "path");
    }
    const io::NodeView finding = message.Get("finding");
    if (!finding.IsMap()) continue;
    const std::vector<io::NodeView> trace = Items(finding, "trace");
    const std::string module = trace.empty() ? std::string() : Text(trace.front(), "module");
    const auto [found, is_new] = by_key.emplace(Text(finding, "osv") + "|" + module, all.size());
    if (is_new) all.emplace_back();
    Evidence& evidence = all[found->second];
    ++evidence.count;
    const int precision = PrecisionOf(finding);
    if (precision > evidence.precision || !evidence.finding) {
      evidence.finding = finding;
      evidence.precision = precision;
    }
  }
  sink.Begin(facts);
  for (const Evidence& evidence : all) {
    const auto osv = records.find(Text(evidence.finding, "osv"));
    sink.Add(FindingOf(osv == records.end() ? io::NodeView() : osv->second, evidence,
                       facts.tool_version));
  }
  return {};
}

// Before 1.0: one object, a vulnerability of one symbol an entry; several symbols are one finding.
Status ReadLegacy(io::NodeView root, Sink& sink) {
  sink.Begin({std::string(kTool), {}, {}, {}});
  Folder folder;
  for (const io::NodeView& node : Items(root, "Vulns")) {
    const io::NodeView osv = node.Get("OSV");
    const std::string id = Text(osv, "id");
    std::vector<std::string> ids = {id};
    for (std::string& alias : Texts(osv, "aliases")) ids.push_back(std::move(alias));
    Finding finding = NewVulnFinding(kTool, {}, ids);
    const std::string module = Text(node, "ModPath");
    SetPackage(finding, "golang", module, "");
    finding.title = VulnTitle(id, module, "");
    finding.message = FirstLine(Text(osv, "details"), 500);
    finding.origin->description = Text(osv, "details");
    const bool called = Integer(node, "CallSink") > 0;
    finding.severity = called ? model::Severity::kHigh : model::Severity::kMedium;
    finding.severity_source = "govulncheck (reachability)";
    AddReference(finding, "https://pkg.go.dev/vuln/" + id);
    finding.location.file = "go.mod";
    folder.Add(fmt::format("{}|{}", id, module), std::move(finding));
  }
  folder.Flush(sink);
  return {};
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const std::vector<io::NodeView> values, JsonValues(input));
  if (values.front().Get("Vulns")) return ReadLegacy(values.front(), sink);
  if (!values.front().IsMap()) return MissingPart(values.front(), "message of govulncheck");
  return ReadStream(values, sink);
}

}  // namespace

const Importer kGovulncheck = {"govulncheck",
                               "govulncheck",
                               "govulncheck -json (a stream of messages)",
                               "one vulnerability of one module that the program uses",
                               Detect,
                               Read};

}  // namespace ouro::ingest
