// What the one-line form of formats_test.cc does not show, of the samples of SARIF, SBOM, VEX and
// vulnerability reports: ratings, states, ids, places, and that no secret stays.
#include <doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "ingest/formats/vuln_shared.h"
#include "ingest/importer.h"

namespace ouro::ingest {
namespace {

namespace fs = std::filesystem;

ListSink ReadSample(const std::string& name) {
  const fs::path path = fs::path(OURO_SOURCE_DIR) / "src/ingest/testdata" / name;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  const ReportInput input(path.string(), bytes.str());
  const Importer* importer = FindImporter(path.parent_path().filename().string());
  ListSink sink;
  REQUIRE(importer != nullptr);
  REQUIRE(importer->read(input, sink).has_value());
  return sink;
}

// Every text of a finding in which a secret could have stayed.
std::string AllTexts(const model::Finding& finding) {
  std::string all = finding.title + finding.message + finding.remediation + finding.check;
  const model::Origin& origin = *finding.origin;
  all += origin.uid + origin.description + origin.impact + origin.confidence + origin.endpoint;
  for (const std::string& tag : origin.tags) all += tag;
  return all;
}

}  // namespace

TEST_CASE("no sample leaves a secret behind") {
  const std::vector<std::pair<std::string, std::string>> secrets = {
      {"trivy/image.json", "ghp_pear"},           {"sarif/trivy.sarif", "AKIAZ3EXAMPLE"},
      {"sarif/gitleaks.sarif", "PEARSECRET"},     {"sarif/gitleaks.sarif", "gardener@example.org"},
      {"sarif/generic.sarif", "9f8e7d6c5b4a"},    {"gitlab/secrets.json", "AKIAPEAR"},
      {"github-secrets/alerts.json", "aio_PEAR"}, {"wiz/dir.json", "hunter2pear"}};
  for (const auto& [sample, secret] : secrets) {
    CAPTURE(sample);
    const ListSink sink = ReadSample(sample);
    bool hashed = false;
    for (const model::Finding& finding : sink.findings) {
      CHECK(AllTexts(finding).find(secret) == std::string::npos);
      hashed = hashed || !finding.origin->snippet_hash.empty();
    }
    CHECK(hashed);
  }
}

TEST_CASE("SARIF: rules, fingerprints, flows, suppressions, provenance") {
  const ListSink sink = ReadSample("sarif/generic.sarif");
  REQUIRE(sink.findings.size() == 6);
  const model::Finding& first = sink.findings[0];
  CHECK(first.origin->uid == "a:1|z:2");
  CHECK(first.origin->cwes == std::vector<int64_t>{835});
  CHECK(first.origin->confidence == "high");
  CHECK(first.remediation == "Count the trees first");
  CHECK(first.references == std::vector<std::string>{"https://orchard.example/rules/OL1"});
  CHECK(first.origin->description.find("Flow: src/in.cc:1 → src/a.cc:4") != std::string::npos);
  CHECK(first.asset->repository == "https://git.example/orchard");
  CHECK(first.asset->commit == "0a1b2c");
  CHECK(first.location.column == 2);
  CHECK(sink.findings[2].severity_source == "orchard-lint (security-severity)");
  CHECK(sink.findings[3].origin->state == "false_positive");
  CHECK(sink.findings[3].suppressed->reason == "false positive of the ripe kind");
  CHECK(sink.findings[5].origin->state == "fixed");
  CHECK(sink.findings[5].origin->cwes == std::vector<int64_t>{79});
}

TEST_CASE("SARIF of a known tool gives what its own report gives") {
  const ListSink sarif = ReadSample("sarif/trivy.sarif");
  const ListSink native = ReadSample("trivy/config.json");
  CHECK(sarif.findings[1].check == "trivy:KSV-0017");
  CHECK(native.findings[0].check == "trivy:KSV-0001");
  CHECK(sarif.findings[0].vuln->fixed_in == "1.0-2");
  CHECK(sarif.findings[0].package->version == "1.0-1");
  const ListSink grype = ReadSample("sarif/grype.sarif");
  CHECK(grype.findings[0].severity_source ==
        ReadSample("grype/image.json").findings[0].severity_source);
}

TEST_CASE("CycloneDX: ratings, analysis, VEX, what a scanner keeps in properties") {
  const ListSink sink = ReadSample("cyclonedx/bom_1_6.json");
  REQUIRE(sink.findings.size() == 4);
  const model::Finding& fig = sink.findings[0];
  CHECK(fig.vuln->cvss.front().score == doctest::Approx(9.8));
  CHECK(fig.vuln->fixed_in == "1.2-4");
  CHECK(fig.package->source == "figs");
  CHECK(fig.image->reference == "registry.example/fruit:2");
  CHECK(fig.image->layer == "sha256:2222");
  CHECK(sink.findings[1].origin->state == "not_affected");
  CHECK(sink.findings[3].origin->state.empty());
  REQUIRE(sink.vex.size() == 1);
  CHECK(sink.vex[0].response == "will_not_fix, update");
  CHECK(sink.vex[0].justification == model::VexJustification::kVulnerableCodeNotInExecutePath);
  const ListSink old = ReadSample("cyclonedx/extension_1_0.xml");
  CHECK(old.findings[0].vuln->cvss.front().vector == "AV:N/AC:M/Au:N/C:N/I:P/A:N");
}

TEST_CASE("VEX documents: products, subcomponents, ranges, reasons") {
  const ListSink open = ReadSample("openvex/openvex_0_2.json");
  REQUIRE(open.vex.size() == 2);
  CHECK(open.vex[0].products[0].subcomponents ==
        std::vector<std::string>{"pkg:deb/debian/fig@1.2"});
  CHECK(open.vex[0].products[1].id == "pkg:npm/olive@4");
  CHECK(open.vex[0].aliases == std::vector<std::string>{"GHSA-1212-3434-5656"});
  const ListSink csaf = ReadSample("csaf/vex_profile.json");
  REQUIRE(csaf.vex.size() == 4);
  CHECK(csaf.vex[0].impact == "seedless");
  CHECK(csaf.vex[1].products[0].subcomponents == std::vector<std::string>{"pkg:generic/fig@1.0"});
  CHECK(csaf.vex[2].products[0].version_range == "vers:generic/<0.9");
  CHECK(csaf.vex[2].action == "Plant 0.9");
}

TEST_CASE("Trivy: ratings, suppressed findings, the image and its layers, the cluster") {
  const ListSink image = ReadSample("trivy/image.json");
  const model::Finding& first = image.findings[0];
  CHECK(first.vuln->cvss.size() == 2);
  CHECK(first.image->digest == "sha256:abcd");
  CHECK(first.image->layer == "sha256:l1");
  CHECK(first.origin->cwes == std::vector<int64_t>{787, 20});
  CHECK(image.findings[1].vuln->fix_state == "wont-fix");
  CHECK(image.findings[2].origin->state == "not_affected");
  CHECK(image.findings[3].origin->state == "risk_accepted");
  const ListSink cluster = ReadSample("trivy/k8s_full.json");
  CHECK(cluster.findings[0].stage == "runtime");
  CHECK(cluster.findings[0].asset->cluster == "prod");
  CHECK(cluster.findings[1].image->reference == "registry.example/fruit:1");
}

TEST_CASE("equal entries are folded and counted") {
  const ListSink grype = ReadSample("grype/image.json");
  REQUIRE(grype.findings.size() == 3);
  CHECK(grype.findings[1].count == 2);
  CHECK(grype.findings[1].vuln->kev);
  CHECK(grype.findings[1].vuln->epss == doctest::Approx(0.4));
  CHECK(grype.findings[1].vuln->aliases == std::vector<std::string>{"GHSA-1111-2222-3333"});
  const ListSink gitlab = ReadSample("gitlab/sast_old.json");
  REQUIRE(gitlab.findings.size() == 1);
  CHECK(gitlab.findings[0].other_locations.at(0).line == 9);
  const ListSink go = ReadSample("govulncheck/stream.json");
  CHECK(go.findings[0].origin->confidence == "called");
  CHECK(go.findings[0].origin->occurrences == 2);
}

TEST_CASE("what another tool decided is kept") {
  CHECK(ReadSample("dependency-check/report.xml").findings[1].origin->state == "false_positive");
  CHECK(ReadSample("dependency-track/findings.json").findings[1].origin->state == "false_positive");
  CHECK(ReadSample("snyk-issues/issues.json").findings[1].origin->state == "risk_accepted");
  CHECK(ReadSample("github-vulnerabilities/rest.json").findings[0].origin->state == "fixed");
  CHECK(ReadSample("github-code/alerts.json").findings[0].origin->state == "false_positive");
  CHECK(ReadSample("ocsf/findings.json").findings[2].origin->state == "false_positive");
  CHECK(ReadSample("anchore-policies/violations.json").findings[2].origin->state ==
        "risk_accepted");
}

TEST_CASE("objects in sentences") {
  const Subject quoted = SubjectInMessage("Container 'app' of Deployment 'web' should set 'x'");
  CHECK(quoted.kind == "Deployment");
  CHECK(quoted.name == "web");
  CHECK(quoted.container == "app");
  CHECK(quoted.namespace_name.empty());
  const Subject plain =
      SubjectInMessage("daemonset agent in kube-system namespace shouldn't have x");
  CHECK(plain.kind == "DaemonSet");
  CHECK(plain.name == "agent");
  CHECK(plain.namespace_name == "kube-system");
  CHECK(SubjectInMessage("container should drop all").container.empty());
  CHECK(SubjectInMessage("Role 'r' shouldn't manage secrets in namespace 'shop'").namespace_name ==
        "shop");
}

TEST_CASE("owners of what controllers made") {
  CHECK(OwnerOf("ReplicaSet", "web-7d9c6bf4c8").kind == "Deployment");
  CHECK(OwnerOf("ReplicaSet", "web-7d9c6bf4c8").name == "web");
  CHECK(OwnerOf("ReplicaSet", "by-hand").kind == "ReplicaSet");
  CHECK(OwnerOf("Job", "load-28000000").kind == "CronJob");
  CHECK(OwnerOf("Job", "migrate-v2").kind == "Job");
}

TEST_CASE("Trivy's ids of checks have one form") {
  CHECK(TrivyCheckId("KSV017") == "KSV-0017");
  CHECK(TrivyCheckId("AVD-KSV-0017") == "KSV-0017");
  CHECK(TrivyCheckId("DS002") == "DS-0002");
  CHECK(TrivyCheckId("AVD-AWS-0086") == "AWS-0086");
  CHECK(TrivyCheckId("CVE-2031-1") == "CVE-2031-1");
}

TEST_CASE("vectors get their prefix, best scores are of the newest version") {
  model::Vuln vuln;
  AddCvss(vuln, "(AV:N/AC:L/Au:N/C:P/I:P/A:P)", 10, "a");
  AddCvss(vuln, "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, "b", "3.0");
  AddCvss(vuln, "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, "b", "3.0");
  AddCvss(vuln, "", -1, "c");
  REQUIRE(vuln.cvss.size() == 2);
  CHECK(vuln.cvss[0].vector == "AV:N/AC:L/Au:N/C:P/I:P/A:P");
  CHECK(vuln.cvss[1].vector == "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H");
  CHECK(BestScore(vuln) == doctest::Approx(9.8));
}

}  // namespace ouro::ingest
