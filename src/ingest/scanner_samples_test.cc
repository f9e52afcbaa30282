// What a line of an .expected file does not show: shared functions of the scanners' importers,
// fields of their origin, and that no secret of a sample survives.
#include <doctest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "ingest/formats/scanner_shared.h"
#include "ingest/importer.h"

namespace ouro::ingest {
namespace {

namespace fs = std::filesystem;

std::string ReadAll(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<model::Finding> FindingsOf(std::string_view sample) {
  const fs::path path = fs::path(OURO_SOURCE_DIR) / "src/ingest/testdata" / sample;
  const ReportInput input(path.string(), ReadAll(path));
  const Importer* importer = FindImporter(path.parent_path().filename().string());
  REQUIRE(importer != nullptr);
  ListSink sink;
  REQUIRE(importer->read(input, sink));
  return std::move(sink.findings);
}

void AppendAll(std::string& text, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) text += part + "\n";
}

// Every text of a finding.
std::string Everything(const model::Finding& finding) {
  std::string text = finding.check + "\n" + finding.title + "\n" + finding.message + "\n" +
                     finding.remediation + "\n" + finding.field_path + "\n" +
                     finding.location.file + "\n" + finding.location.source_line + "\n" +
                     finding.resource.name + "\n";
  AppendAll(text, finding.references);
  AppendAll(text, finding.aliases);
  if (finding.origin) {
    const model::Origin& origin = *finding.origin;
    AppendAll(text, {origin.uid, origin.description, origin.impact, origin.category,
                     origin.confidence, origin.endpoint, origin.service, origin.snippet_hash});
    AppendAll(text, origin.tags);
  }
  if (finding.asset) AppendAll(text, {finding.asset->repository, finding.asset->host});
  return text;
}

}  // namespace

TEST_CASE("no secret of a sample is kept") {
  static constexpr std::array<std::string_view, 12> kSecrets = {
      "hunter2",       "s3cr3tP4ssw0rd",   "tok_5f0e9d3c1b", "pay_live_0123456789abcdef",
      "tok-77aa88bb",  "5d41402abc4b2a76", "BEGIN KEY",      "CK99887766",
      "correct-horse", "1234567890abcdef", "tok_abcdef0123", "4b3ffa7ee0a2"};
  for (const std::string_view sample :
       {"bandit/report.json", "checkmarx-one/results.json", "detect-secrets/baseline.json",
        "gitleaks/v2.json", "gitleaks/v7.json", "gitleaks/v8.json", "gosec/issues.json",
        "nuclei/lines.jsonl", "semgrep/scan.json", "trufflehog/v2.json", "trufflehog/v3.json",
        "trufflehog3/current.json"}) {
    CAPTURE(sample);
    for (const model::Finding& finding : FindingsOf(sample)) {
      const std::string text = Everything(finding);
      for (const std::string_view secret : kSecrets) {
        CAPTURE(secret);
        CHECK(text.find(secret) == std::string::npos);
      }
    }
  }
}

TEST_CASE("equal secrets have equal hashes, redacted ones have none") {
  const std::vector<model::Finding> leaks = FindingsOf("gitleaks/v8.json");
  REQUIRE(leaks.size() == 2);
  CHECK(leaks[0].origin->snippet_hash.size() == 16);
  CHECK(leaks[0].origin->occurrences == 2);
  CHECK(leaks[0].count == 2);
  CHECK(leaks[0].asset->commit == "aaaa1111");
  CHECK(leaks[0].origin->description.find("bbbb2222") != std::string::npos);
  CHECK(leaks[1].origin->snippet_hash.empty());
}

TEST_CASE("what the tool or a person decided becomes a state") {
  CHECK(FindingsOf("semgrep/platform.json")[1].origin->state == "false_positive");
  CHECK(FindingsOf("gosec/issues.json")[1].origin->state == "risk_accepted");
  CHECK(FindingsOf("detect-secrets/baseline.json")[1].origin->state == "false_positive");
  CHECK(FindingsOf("prowler/ocsf.json")[1].origin->state == "risk_accepted");
  CHECK(FindingsOf("zap/report.xml")[1].origin->state == "false_positive");
  CHECK(FindingsOf("acunetix/a360.json")[0].origin->state == "false_positive");
  CHECK(FindingsOf("burp/issues.xml")[1].origin->state == "false_positive");
  CHECK(FindingsOf("stackhawk/scan.json")[1].origin->state == "risk_accepted");
  CHECK(FindingsOf("checkmarx/results.xml")[1].origin->state == "false_positive");
  CHECK(FindingsOf("checkmarx-one/results.json")[0].origin->state == "false_positive");
  CHECK(FindingsOf("sonarqube/issues.json")[0].origin->state == "false_positive");
  CHECK(FindingsOf("veracode/detailed.xml")[0].origin->state == "false_positive");
  CHECK(FindingsOf("veracode/findings.json")[1].origin->state == "risk_accepted");
  CHECK(FindingsOf("generic/findings.json")[2].origin->state == "fixed");
}

TEST_CASE("ratings, weaknesses and places of single importers") {
  const model::Finding code = FindingsOf("nuclei/lines.jsonl")[1];
  REQUIRE(code.vuln->cvss.size() == 1);
  CHECK(code.vuln->cvss[0].score == doctest::Approx(9.8));
  CHECK(code.vuln->epss == doctest::Approx(0.93));
  CHECK(code.origin->cwes == std::vector<int64_t>{94});
  const model::Finding header = FindingsOf("nuclei/lines.jsonl")[0];
  CHECK(header.origin->occurrences == 2);
  CHECK(header.field_path == "referrer-policy");
  CHECK(header.origin->endpoint == "shop.example");
  const model::Finding policy = FindingsOf("zap/report.xml")[0];
  CHECK(policy.message == "No policy.\nIt & more");
  CHECK(policy.origin->endpoint == "https://shop.example:8443");
  CHECK(policy.references ==
        std::vector<std::string>{"https://adv.example/csp", "https://adv.example/csp2"});
  CHECK(policy.origin->occurrences == 2);
  const model::Finding form = FindingsOf("acunetix/scan.xml")[0];
  REQUIRE(form.vuln->cvss.size() == 2);
  CHECK(form.vuln->cvss[0].vector == "CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:U/C:N/I:L/A:N");
  CHECK(form.origin->endpoint == "https://shop.example:8443/login");
  const model::Finding parser = FindingsOf("generic/findings.json")[0];
  CHECK(parser.vuln->kev);
  CHECK(parser.vuln->fixed_in == "1.1");
  const model::Finding component = FindingsOf("veracode/detailed.xml")[2];
  CHECK(component.origin->cwes == std::vector<int64_t>{20, 295});
  const model::Finding cluster = FindingsOf("prowler/v4.csv")[0];
  CHECK(cluster.stage == "runtime");
  CHECK(cluster.asset->cluster == "kind-dev");
}

TEST_CASE("HTML becomes text") {
  CHECK(PlainText("<p>a  &lt;b&gt;</p>\n<ul><li>c</li></ul>") == "a <b>\nc");
  CHECK(PlainText("x &#39;y&#x27; &unknown; &") == "x 'y' &unknown; &");
  CHECK(PlainText("1 < 2 and 3 > 2") == "1 < 2 and 3 > 2");
  CHECK(PlainText("cut <b") == "cut <b");
}

TEST_CASE("addresses in a text") {
  CHECK(UrlsIn("see https://a.example/x, (http://b.example/(y)) and https://a.example/x.") ==
        std::vector<std::string>{"https://a.example/x", "http://b.example/(y)"});
  CHECK(UrlsIn("http://a.example/1http://b.example/2") ==
        std::vector<std::string>{"http://a.example/1", "http://b.example/2"});
  CHECK(UrlsIn("https://web.example/web/2018/http://a.example/") ==
        std::vector<std::string>{"https://web.example/web/2018/http://a.example/"});
  CHECK(UrlsIn("httpd is no address").empty());
}

TEST_CASE("hosts and sites of addresses") {
  CHECK(HostOf("https://user@a.example:8443/x?y") == "a.example");
  CHECK(HostOf("a.example:22") == "a.example");
  CHECK(HostOf("http://[2001:db8::1]:80/") == "2001:db8::1");
  CHECK(HostOf("2001:db8::1") == "2001:db8::1");
  CHECK(SiteOf("https://a.example:8443/x?y") == "https://a.example:8443");
}

TEST_CASE("a hash of code survives a move") {
  CHECK(NumberedCodeHash("11: a\n12: call()\n13: b", 12, 0) ==
        NumberedCodeHash("98: x\n99:   call()\n", 99, 99));
  CHECK(NumberedCodeHash("12: call()", 12, 0) != NumberedCodeHash("12: other()", 12, 0));
  CHECK(CodeHash(" \n").empty());
}

TEST_CASE("a secret is taken out of a text") {
  CHECK(WithoutSecret("key is abc.", "abc") == "key is [secret].");
  CHECK(WithoutSecret("key is abc.", "abc\n") == "key is [secret].");
  CHECK(WithoutSecret("key", "") == "key");
}

}  // namespace ouro::ingest
