#include "triage/identity.h"

#include <doctest.h>

#include <functional>

#include "triage/concepts.h"

namespace ouro::triage {
namespace {

using model::Finding;
using model::FindingClass;

Finding Privileged(std::string check, std::string kind, std::string space, std::string name,
                   std::string container) {
  Finding finding;
  finding.check = std::move(check);
  finding.resource.kind = std::move(kind);
  finding.resource.namespace_name = std::move(space);
  finding.resource.name = std::move(name);
  finding.resource.container = std::move(container);
  Classify(finding);
  return finding;
}

Finding Vuln(std::string check, std::string id, std::string purl, std::string image) {
  Finding finding;
  finding.finding_class = FindingClass::kVuln;
  finding.check = std::move(check);
  finding.vuln.Make().id = std::move(id);
  finding.package.Make().purl = std::move(purl);
  finding.image.Make().reference = std::move(image);
  return finding;
}

}  // namespace

TEST_CASE("rules of several tools about one container are one issue") {
  const std::string issue =
      IssueId(Privileged("checkov:CKV_K8S_16", "Deployment", "default", "web", "app"));
  CHECK(IssueId(Privileged("polaris:runAsPrivileged", "Deployment", "", "web", "app")) == issue);
  CHECK(IssueId(Privileged("kubescape:C-0057", "Deployment", "default", "web", "app")) == issue);
  CHECK(IssueId(Privileged("trivy:AVD-KSV-0017", "Deployment", "default", "web", "app")) == issue);
  CHECK(IssueId(Privileged("trivy:KSV017", "Deployment", "default", "web", "app")) == issue);
  CHECK(IssueId(Privileged("polaris:runAsPrivileged", "Deployment", "", "web", "log")) != issue);
  CHECK(IssueId(Privileged("polaris:runAsPrivileged", "Deployment", "shop", "web", "app")) !=
        issue);
  CHECK(IssueId(Privileged("polaris:runAsPrivileged", "DaemonSet", "", "web", "app")) != issue);
  CHECK(IssueId(Privileged("polaris:hostPIDSet", "Deployment", "", "web", "app")) != issue);
}

TEST_CASE("a container does not count where the concept is about the pod") {
  CHECK(IssueId(Privileged("checkov:CKV_K8S_17", "Pod", "", "web", "")) ==
        IssueId(Privileged("polaris:hostPIDSet", "Pod", "", "web", "app")));
}

TEST_CASE("findings of two rules are two findings of one issue") {
  const Finding a = Privileged("checkov:CKV_K8S_16", "Deployment", "", "web", "app");
  const Finding b = Privileged("polaris:runAsPrivileged", "Deployment", "", "web", "app");
  CHECK(Fingerprint(a) != Fingerprint(b));
}

TEST_CASE("a rule that covers several concepts is told apart by what it says") {
  CHECK(
      ConceptOfRule("kubelinter:unset-cpu-requirements", "container \"a\" has cpu limit 0")->name ==
      "cpu-limit");
  CHECK(ConceptOfRule("kubelinter:unset-cpu-requirements", "container \"a\" has CPU request 0")
            ->name == "cpu-request");
  CHECK(ConceptOfRule("kubescape:C-0038", "spec.hostIPC")->name == "host-ipc");
  CHECK(ConceptOfRule("kubescape:C-9999", "") == nullptr);
}

TEST_CASE("a vulnerability is one issue whoever saw it, in whatever build") {
  const std::string issue = IssueId(
      Vuln("trivy:CVE-2024-1", "CVE-2024-1", "pkg:deb/debian/zlib1g@1.2?arch=amd64", "nginx:1.25"));
  CHECK(IssueId(Vuln("grype:CVE-2024-1", "CVE-2024-1", "pkg:deb/zlib1g@1.3",
                     "docker.io/library/nginx@sha256:00")) == issue);
  CHECK(IssueId(Vuln("grype:CVE-2024-1", "CVE-2024-1", "pkg:deb/zlib1g@1.3", "httpd")) != issue);
  CHECK(IssueId(Vuln("grype:CVE-2024-2", "CVE-2024-2", "pkg:deb/zlib1g@1.3", "nginx")) != issue);
  CHECK(IssueId(Vuln("grype:CVE-2024-1", "CVE-2024-1", "pkg:deb/bzip2@1.3", "nginx")) != issue);
  Finding library = Vuln("trivy:CVE-2024-1", "CVE-2024-1", "pkg:deb/debian/libssl3@3.0", "nginx");
  library.package->source = "openssl";
  CHECK(IssueId(library) ==
        IssueId(Vuln("clair:CVE-2024-1", "CVE-2024-1", "pkg:deb/debian/openssl@3.0", "nginx")));
}

TEST_CASE("an application keeps the findings of other applications apart") {
  Finding a = Vuln("trivy:CVE-2024-1", "CVE-2024-1", "pkg:npm/a@1", "");
  Finding b = a;
  b.asset.Make().application = "shop";
  CHECK(IssueId(a) != IssueId(b));
  CHECK(Fingerprint(a) != Fingerprint(b));
}

TEST_CASE("severity, place, versions and digests make no new finding and no new issue") {
  const Finding first = Vuln("trivy:CVE-2024-1", "CVE-2024-1", "pkg:npm/a@1", "shop/api:1");
  Finding second = Vuln("trivy:CVE-2024-1", "CVE-2024-1", "pkg:npm/a@2", "shop/api:2");
  second.severity = model::Severity::kCritical;
  second.location.line = 7;
  second.message = "other words";
  second.image->digest = "sha256:11";
  CHECK(Fingerprint(first) == Fingerprint(second));
  CHECK(IssueId(first) == IssueId(second));
  CHECK(ObservationKey(first) != ObservationKey(second));
}

TEST_CASE("generated names lead to their owner") {
  std::string kind;
  std::string name;
  CHECK(OwnerOfGeneratedName("Pod", "web-7d4b9c6f5d-x2x7q", kind, name));
  CHECK(kind == "Deployment");
  CHECK(name == "web");
  CHECK(OwnerOfGeneratedName("ReplicaSet", "shop-api-7d4b9c6f5d", kind, name));
  CHECK(name == "shop-api");
  CHECK_FALSE(OwnerOfGeneratedName("Pod", "web-0", kind, name));
  CHECK_FALSE(OwnerOfGeneratedName("Pod", "web-frontend", kind, name));
  CHECK_FALSE(OwnerOfGeneratedName("Deployment", "web-7d4b9c6f5d", kind, name));
}

TEST_CASE("image repositories have one spelling") {
  CHECK(ImageRepository("nginx") == "docker.io/library/nginx");
  CHECK(ImageRepository("nginx:1.25") == "docker.io/library/nginx");
  CHECK(ImageRepository("grafana/loki:2@sha256:00") == "docker.io/grafana/loki");
  CHECK(ImageRepository("index.docker.io/grafana/loki") == "docker.io/grafana/loki");
  CHECK(ImageRepository("registry.example:5000/shop/api:1.2") == "registry.example:5000/shop/api");
  CHECK(ImageRepository("localhost/api") == "localhost/api");
}

}  // namespace ouro::triage
