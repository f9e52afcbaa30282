// testssl.sh: --csvfile, --jsonfile (a flat list) and --jsonfile-pretty (groups of tests a host).
// Source: the tool's manual page ("severity": OK, INFO, LOW to CRITICAL, WARN, FATAL, DEBUG).
#include <algorithm>
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

constexpr std::string_view kTool = "testssl";

bool IsEntry(io::NodeView item) {
  return HasKeys(item, {"id", "severity", "finding"});
}

int Detect(const ReportInput& input) {
  const io::NodeView json = input.json();
  if (json.IsList()) {
    const std::vector<io::NodeView> items = json.Children();
    return !items.empty() && IsEntry(items.front()) && HasKeys(items.front(), {"ip", "port"})
               ? kNamed
               : kNo;
  }
  if (json.IsMap()) {
    return json.Get("scanResult").IsList() && (json.Get("openssl") || json.Get("Invocation"))
               ? kNamed
               : kNo;
  }
  const std::vector<std::string_view> lines = input.Lines(4'096);
  if (lines.empty()) return kNo;
  const std::string header = ReplaceAll(lines.front(), "\"", "");
  return StartsWith(header, "id,fqdn/ip,port,severity,finding") ? kNamed : kNo;
}

struct Entry {
  std::string id;
  std::string severity;
  std::string finding;
  std::string cve;
  std::string cwe;
  std::string hint;
  std::string host;
  std::string port;
};

// Rows of the rating, which sums up the other rows and says nothing of its own.
bool IsRating(std::string_view id) {
  static constexpr std::array<std::string_view, 10> kIds = {"rating_spec",
                                                            "rating_doc",
                                                            "protocol_support_score",
                                                            "protocol_support_score_weighted",
                                                            "key_exchange_score",
                                                            "key_exchange_score_weighted",
                                                            "cipher_strength_score",
                                                            "cipher_strength_score_weighted",
                                                            "final_score",
                                                            "overall_grade"};
  return std::ranges::find(kIds, id) != kIds.end() || StartsWith(id, "grade_cap_reason");
}

// Rows about the run, not about the server.
bool IsAboutRun(std::string_view id) {
  static constexpr std::array<std::string_view, 5> kIds = {
      "scanTime", "scanProblem", "engine_problem", "host_certificate_Problem", "old_fart"};
  return std::ranges::find(kIds, id) != kIds.end();
}

model::Finding MakeFinding(const Entry& entry, std::string_view cve) {
  model::Finding finding = ScannerFinding(model::FindingClass::kProbe, kTool, entry.id, entry.id);
  if (entry.severity == "WARN") {
    SetSeverity(finding, kTool, "info");
    finding.origin->severity = entry.severity;
  } else {
    SetSeverity(finding, kTool, entry.severity);
  }
  finding.message = entry.finding;
  finding.remediation = entry.hint;
  finding.field_path = cve;
  if (!cve.empty()) SetVulnIds(finding.vuln.Make(), {std::string(cve)});
  AddCwe(finding, entry.cwe);
  // "www.example.com/192.0.2.1": the name that was asked for and the address that answered.
  const std::string host = entry.host.substr(0, entry.host.find('/'));
  finding.asset.Make().host = host;
  finding.origin->endpoint = entry.port.empty() ? host : fmt::format("{}:{}", host, entry.port);
  // Rows of cipher suites end with the suite's name (RFC 9110 has no such list; IANA's registry
  // does).
  const size_t suite = entry.finding.rfind(" TLS_");
  if (StartsWith(entry.id, "cipher-tls") && suite != std::string::npos) {
    finding.references.push_back("https://ciphersuite.info/cs/" + entry.finding.substr(suite + 1));
  }
  return finding;
}

void AddEntry(const Entry& entry, Sink& sink) {
  if (entry.severity == "OK") {
    sink.AddPassed(1);
    return;
  }
  if (entry.severity == "FATAL" || (IsAboutRun(entry.id) && entry.severity != "INFO")) {
    sink.AddProblem(ScannerProblem(ErrorCode::kRemote, entry.host, 0,
                                   fmt::format("testssl.sh says of its run: {}", entry.finding)));
    return;
  }
  if (entry.severity == "DEBUG" || IsAboutRun(entry.id) || IsRating(entry.id)) return;
  const std::vector<std::string> cves = VulnIdsIn(entry.cve);
  if (cves.empty()) sink.Add(MakeFinding(entry, ""));
  for (const std::string& cve : cves) sink.Add(MakeFinding(entry, cve));
}

Entry ReadEntry(io::NodeView item, std::string host, std::string port) {
  if (host.empty()) host = Text(item, "ip");
  if (port.empty()) port = Text(item, "port");
  return {Text(item, "id"),  Text(item, "severity"), Text(item, "finding"), Text(item, "cve"),
          Text(item, "cwe"), Text(item, "hint"),     std::move(host),       std::move(port)};
}

Status ReadPretty(io::NodeView json, Sink& sink) {
  OURO_TRY(const std::vector<io::NodeView> hosts, ListOf(json, "scanResult"));
  sink.Begin({std::string(kTool), Text(json, "version"), "", Text(json, "startTime")});
  for (const io::NodeView& host : hosts) {
    const std::string name = FirstText(host, {"targetHost", "ip"});
    const std::string port = Text(host, "port");
    if (IsEntry(host)) AddEntry(ReadEntry(host, "", ""), sink);
    for (const auto& [group, entries] : host.Members()) {
      if (!entries.IsList() || group == "rating") continue;
      for (const io::NodeView& entry : entries.Children()) {
        if (IsEntry(entry)) AddEntry(ReadEntry(entry, name, port), sink);
      }
    }
  }
  return {};
}

Status ReadCsv(const ReportInput& input, Sink& sink) {
  OURO_TRY(const Csv csv, Csv::Parse(input.bytes()));
  if (!csv.HasColumn("severity") || !csv.HasColumn("finding")) {
    return Fail(ErrorCode::kInvalid, "the header line lacks `severity` or `finding`", "1:1");
  }
  sink.Begin({std::string(kTool), "", "", ""});
  for (size_t row = 0; row < csv.row_count(); ++row) {
    const auto cell = [&csv, row](std::string_view column) {
      return std::string(csv.Cell(row, column));
    };
    AddEntry({cell("id"), cell("severity"), cell("finding"), cell("cve"), cell("cwe"), cell("hint"),
              cell("fqdn/ip"), cell("port")},
             sink);
  }
  return {};
}

Status Read(const ReportInput& input, Sink& sink) {
  if (!input.LooksLikeJson()) return ReadCsv(input, sink);
  OURO_TRY(const io::NodeView json, JsonOf(input));
  if (json.IsMap()) return ReadPretty(json, sink);
  OURO_TRY(const std::vector<io::NodeView> items, RecordsOf(input));
  sink.Begin({std::string(kTool), "", "", ""});
  for (const io::NodeView& item : items) AddEntry(ReadEntry(item, "", ""), sink);
  return {};
}

}  // namespace

const Importer kTestssl = {"testssl",
                           "testssl.sh",
                           "testssl.sh --csvfile, --jsonfile and --jsonfile-pretty",
                           "one test that is not OK, on one host and port, once for each CVE",
                           Detect,
                           Read};

}  // namespace ouro::ingest
