// What the samples of Kubernetes, host and policy tools must hold beyond the lines of
// formats_test.cc: states, counts, stages, facts of vulnerabilities, and no secret anywhere.
#include <doctest.h>

#include <fstream>
#include <sstream>

#include "ingest/importer.h"

namespace ouro::ingest {
namespace {

ListSink Import(const std::string& importer, const std::string& file) {
  const std::string path =
      std::string(OURO_SOURCE_DIR) + "/src/ingest/testdata/" + importer + "/" + file;
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << stream.rdbuf();
  const ReportInput input(path, bytes.str());
  const Importer* reader = FindImporter(importer);
  REQUIRE(reader != nullptr);
  ListSink sink;
  const Status status = reader->read(input, sink);
  REQUIRE(status);
  return sink;
}

// Every text that a finding carries, one after the other.
std::string Everything(const model::Finding& finding) {
  std::string text = finding.check + "\n" + finding.title + "\n" + finding.message + "\n" +
                     finding.remediation + "\n" + finding.field_path + "\n" +
                     finding.location.source_line + "\n" + finding.resource.name + "\n";
  for (const std::string& reference : finding.references) text += reference + "\n";
  const model::Origin& origin = *finding.origin;
  text += origin.description + "\n" + origin.impact + "\n" + origin.uid + "\n" + origin.service +
          "\n" + origin.endpoint + "\n" + origin.category + "\n" + origin.snippet_hash + "\n";
  for (const std::string& tag : origin.tags) text += tag + "\n";
  return text;
}

void CheckNoSecret(const std::string& importer, const std::string& file,
                   const std::string& secret) {
  CAPTURE(importer);
  int hashes = 0;
  for (const model::Finding& finding : Import(importer, file).findings) {
    CHECK(Everything(finding).find(secret) == std::string::npos);
    hashes += finding.origin->snippet_hash.empty() ? 0 : 1;
  }
  CHECK(hashes > 0);
}

}  // namespace

TEST_CASE("values of secrets are hashed, not kept") {
  CheckNoSecret("kics", "results.json", "hunter2-value");
  CheckNoSecret("yara", "strings.txt", "hunter2-value");
  CheckNoSecret("yara", "strings.txt", "hunter3-value");
  CheckNoSecret("kubehunter", "cluster.json", "token-of-a-test");
  CheckNoSecret("checkov", "runners.json", "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8");
}

TEST_CASE("what a tool excused is no open finding") {
  CHECK(Import("checkov", "runners.json").findings[4].origin->state == "risk_accepted");
  CHECK(Import("kubeaudit", "web.ndjson").findings[3].origin->state == "risk_accepted");
  CHECK(Import("kubescape", "version2.json").findings[3].origin->state == "risk_accepted");
  CHECK(Import("conftest", "results.json").findings[3].origin->state == "risk_accepted");
  CHECK(Import("tfsec", "results.json").findings[2].origin->state == "risk_accepted");
  CHECK(Import("wazuh", "api.json").findings[1].origin->state == "fixed");
  CHECK(Import("checkov", "runners.json").findings[0].origin->state.empty());
}

TEST_CASE("entries that say the same are counted") {
  CHECK(Import("hadolint", "dockerfile.json").findings[0].origin->occurrences == 2);
  CHECK(Import("clamav", "scan.txt").findings[1].origin->occurrences == 2);
  CHECK(Import("terrascan", "results.json").findings[0].origin->occurrences == 2);
  CHECK(Import("kubehunter", "cluster.json").findings[3].origin->occurrences == 2);
  CHECK(Import("wazuh", "api.json").findings[0].origin->occurrences == 2);
}

TEST_CASE("stages tell files, admission and running clusters apart") {
  CHECK(Import("kubescore", "version2.json").findings[0].stage == "import");
  CHECK(Import("polaris", "two_values.json").findings[0].stage == "import");
  CHECK(Import("polaris", "two_values.json").findings[3].stage == "runtime");
  CHECK(Import("kubebench", "controls.json").findings[0].stage == "runtime");
  CHECK(Import("gatekeeper", "log.ndjson").findings[1].stage == "admission");
  CHECK(Import("kyverno", "reports.yaml").findings[0].stage == "runtime");
  CHECK(Import("kyverno", "apply.json").findings[0].stage == "import");
}

TEST_CASE("places in manifests") {
  const ListSink checkov = Import("checkov", "runners.json");
  CHECK(checkov.findings[0].location.json_path ==
        "$.spec.template.spec.containers[1].securityContext.privileged");
  CHECK(checkov.findings[0].location.end_line == 21);
  CHECK(Import("kyverno", "reports.yaml").findings[0].location.json_path ==
        "$.spec.template.spec.containers[0].securityContext.privileged");
  CHECK(Import("kubebench", "controls.json").findings[0].asset->node_role == "node");
  CHECK(Import("gatekeeper", "constraints.yaml").findings[0].aliases ==
        std::vector<std::string>{"gatekeeper:K8sPSPPrivilegedContainer"});
}

TEST_CASE("facts of vulnerabilities") {
  const ListSink vuls = Import("vuls", "server.json");
  const model::Finding& first = vuls.findings[0];
  CHECK(first.vuln->kev);
  CHECK(first.vuln->fixed_in == "3.0.8-1");
  REQUIRE(first.vuln->cvss.size() == 1);
  CHECK(first.vuln->cvss[0].score == doctest::Approx(7.4));
  CHECK(first.vuln->cvss[0].source == "nvd");
  CHECK(first.origin->cwes == std::vector<int64_t>{843});
  CHECK(vuls.findings[1].vuln->fix_state == "wont-fix");
  const ListSink openscap = Import("openscap", "xccdf.xml");
  CHECK(openscap.findings[1].vuln->aliases ==
        std::vector<std::string>{"CVE-2026-0002", "RHSA-2026:0001"});
  CHECK(Import("clamav", "scan.txt").findings[0].origin->cwes == std::vector<int64_t>{506});
}

}  // namespace ouro::ingest
