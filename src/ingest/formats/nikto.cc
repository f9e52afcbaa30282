// Nikto: -Format json (one host or a list of hosts), -Format xml (2.1 with `niktoscan` around the
// scans of several hosts, 2.5 without). Source: the tool's plugins nikto_report_json and
// nikto_report_xml.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/field.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/scanner_shared.h"
#include "ingest/words.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "nikto";

bool IsHost(io::NodeView item) {
  if (!HasKeys(item, {"host", "port", "vulnerabilities"})) return false;
  const std::vector<io::NodeView> items = Items(item, "vulnerabilities");
  return items.empty() ? item.Get("banner").exists() : HasKeys(items.front(), {"id", "msg"});
}

int Detect(const ReportInput& input) {
  if (input.LooksLikeXml()) {
    const std::string_view name = input.xml().name();
    return name == "niktoscan" || name == "niktoscans" ? kNamed : kNo;
  }
  io::NodeView json = input.json();
  if (json.IsList()) {
    const std::vector<io::NodeView> items = json.Children();
    if (items.empty()) return kNo;
    json = items.front();
  }
  return IsHost(json) ? kNamed : kNo;
}

// One line of Nikto's output, whatever the format.
struct Item {
  std::string id;
  std::string method;
  std::string path;
  std::string text;
  std::string references;
  std::string site;  // "https://host:443"
};

// What a test looked at, without the values that it saw: "Retrieved via header: 1.1 vegur" →
// "Retrieved via header". Several tests share one id.
std::string TestName(std::string_view text, std::string_view path) {
  if (StartsWith(text, path)) {
    const std::string_view rest = TrimSpace(text.substr(path.size()));
    if (StartsWith(rest, ":")) text = rest.substr(1);
  }
  return std::string(TrimSpace(text.substr(0, text.find(": "))));
}

model::Finding MakeFinding(const Item& item) {
  model::Finding finding = ScannerFinding(model::FindingClass::kProbe, kTool, item.id, item.text);
  SetAssumedSeverity(finding, kTool, model::Severity::kLow);
  finding.message = item.text;
  finding.field_path = TestName(item.text, item.path);
  finding.asset.Make().host = HostOf(item.site);
  model::Origin& origin = *finding.origin;
  origin.endpoint = item.site;
  AppendFact(origin.description, "Request",
             fmt::format("{} {}{}", item.method, item.site, item.path));
  for (const std::string& url : UrlsIn(item.references)) AddUnique(finding.references, url);
  for (const std::string& url : UrlsIn(item.text)) AddUnique(finding.references, url);
  if (std::vector<std::string> ids = VulnIdsIn(item.text + " " + item.references); !ids.empty()) {
    SetVulnIds(finding.vuln.Make(), std::move(ids));
  }
  return finding;
}

void AddItem(FindingFolder& folder, const Item& item) {
  folder.Add(item.site + "\n" + item.text, MakeFinding(item));
}

std::string Site(std::string_view host, std::string_view port) {
  const std::string_view scheme = port == "443" || port == "8443" ? "https" : "http";
  if (port.empty()) return fmt::format("{}://{}", scheme, host);
  return fmt::format("{}://{}:{}", scheme, host, port);
}

Status ReadJson(const ReportInput& input, Sink& sink) {
  OURO_TRY(const std::vector<io::NodeView> hosts, RecordsOf(input));
  for (const io::NodeView& host : hosts) {
    OURO_TRY(const std::vector<io::NodeView> items, ListOf(host, "vulnerabilities"));
    static_cast<void>(items);
  }
  sink.Begin({std::string(kTool), "", hosts.empty() ? "" : Text(hosts.front(), "host"), ""});
  FindingFolder folder;
  for (const io::NodeView& host : hosts) {
    const std::string site = Site(FirstText(host, {"host", "ip"}), Text(host, "port"));
    for (const io::NodeView& item : Items(host, "vulnerabilities")) {
      AddItem(folder, {Text(item, "id"), Text(item, "method"), Text(item, "url"), Text(item, "msg"),
                       Text(item, "references"), site});
    }
  }
  folder.Flush(sink);
  return {};
}

// The site as the report names it, else put together of host and port.
std::string SiteOfDetails(const XmlNode& details) {
  std::string site = SiteOf(details.Attribute("sitename"));
  if (!site.empty()) return site;
  std::string_view host = details.Attribute("targethostname");
  if (host.empty()) host = details.Attribute("targetip");
  return Site(host, details.Attribute("targetport"));
}

Status ReadXml(const ReportInput& input, Sink& sink) {
  if (const Error* error = input.xml_error()) return tl::unexpected<Error>(*error);
  const XmlNode root = input.xml();
  std::vector<XmlNode> scans = root.Descendants("scandetails");
  std::string version(root.Attribute("version"));
  for (const XmlNode& scan : root.Descendants("niktoscan")) {
    if (version.empty()) version = scan.Attribute("version");
  }
  sink.Begin({std::string(kTool), version, scans.empty() ? "" : SiteOfDetails(scans.front()), ""});
  FindingFolder folder;
  for (const XmlNode& scan : scans) {
    const std::string site = SiteOfDetails(scan);
    for (const XmlNode& item : scan.Children("item")) {
      const std::string references =
          item.ChildText("references") + " " + std::string(item.Attribute("references"));
      AddItem(folder, {std::string(item.Attribute("id")), std::string(item.Attribute("method")),
                       item.ChildText("uri"), item.ChildText("description"), references, site});
    }
  }
  folder.Flush(sink);
  return {};
}

Status Read(const ReportInput& input, Sink& sink) {
  return input.LooksLikeXml() ? ReadXml(input, sink) : ReadJson(input, sink);
}

}  // namespace

const Importer kNikto = {"nikto",
                         "Nikto",
                         "nikto -Format json and -Format xml",
                         "one message on one site, whatever number of pages have it",
                         Detect,
                         Read};

}  // namespace ouro::ingest
