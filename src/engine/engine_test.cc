#include "engine/engine.h"

#include <doctest.h>

#include "scan/test_folder.h"

namespace ouro::engine {
namespace {

constexpr std::string_view kBadPod =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec:\n  containers:\n"
    "  - name: app\n    image: a\n    securityContext:\n      privileged: true\n";

ScanRequest RequestFor(const scan::TestFolder& folder) {
  ScanRequest request;
  request.paths = {folder.path()};
  request.selection.only = {"privileged"};
  request.now = 1'800'000'000;
  return request;
}

model::Report Scanned(const ScanRequest& request) {
  auto report = Scan(request);
  REQUIRE_MESSAGE(report.has_value(), (report ? "" : report.error().ToString()));
  const model::Counts& counts = report->counts;
  CHECK(counts.files ==
        counts.files_examined + counts.files_excluded + counts.files_failed + counts.files_skipped);
  CHECK(counts.objects ==
        counts.objects_examined + counts.objects_excluded + counts.objects_failed);
  return std::move(*report);
}

TEST_CASE("a finding points to the bad value, and says what to do") {
  const scan::TestFolder folder;
  folder.Write("pod.yaml", kBadPod);
  const model::Report report = Scanned(RequestFor(folder));
  REQUIRE(report.findings.size() == 1);
  const model::Finding& finding = report.findings[0];
  CHECK(finding.check == "OURO-K8S-0001");
  CHECK(finding.location.line == 9);
  CHECK(finding.location.column == 19);
  CHECK(kBadPod.substr(finding.location.start_offset,
                       finding.location.end_offset - finding.location.start_offset) == "true");
  CHECK(finding.location.source_line == "      privileged: true");
  CHECK(finding.id.size() == 32);
  CHECK_FALSE(finding.title.empty());
  CHECK_FALSE(finding.aliases.empty());
  CHECK(report.decision.exit_code == 1);
  CHECK(report.counts.workloads == 1);
}

TEST_CASE("the same finding in YAML, on one line of JSON, in a List, and after other objects") {
  const scan::TestFolder folder;
  folder.Write("pod.yaml", kBadPod);
  const std::string id = Scanned(RequestFor(folder)).findings.at(0).id;
  std::string json =
      "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{\"apiVersion\":\"v1\",\"kind\":"
      "\"ConfigMap\",\"metadata\":{\"name\":\"c\"},\"data\":{\"x\":\"é";
  json += std::string(100'000, 'x');  // a line long enough for the other way of counting columns
  json +=
      "\"}},{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"web\",\"namespace\":"
      "\"shop\"},\"spec\":{\"containers\":[{\"name\":\"app\",\"securityContext\":{\"privileged\":";
  const size_t offset = json.size();
  json += "true}}]}}]}";
  const scan::TestFolder other;
  other.Write("list.json", json);
  const model::Report report = Scanned(RequestFor(other));
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].id == id);
  CHECK(report.findings[0].location.start_offset == offset);
  CHECK(report.findings[0].location.line == 1);
  CHECK(report.findings[0].location.column == static_cast<int64_t>(offset));  // é is one character
  CHECK(report.findings[0].location.source_line.empty());
  CHECK(report.findings[0].location.json_path ==
        "$.items[1].spec.containers[0].securityContext.privileged");
}

TEST_CASE("files that cannot be examined are problems, and the rest is scanned") {
  const scan::TestFolder folder;
  folder.Write("a.yaml", kBadPod);
  folder.Write("broken.yaml", "a: [1\n---\n" + std::string(kBadPod));
  folder.Write("template.yaml", "apiVersion: v1\nkind: {{ .Values.kind }}\n");
  folder.Write("values.yaml", "a: b\n");
  folder.Write("main.go", "package main\n");
  const model::Report report = Scanned(RequestFor(folder));
  CHECK(report.findings.size() == 1);
  CHECK(report.findings[0].count == 2);
  REQUIRE(report.problems.size() == 2);
  CHECK(report.problems[0].file == folder.At("broken.yaml"));
  CHECK(report.problems[0].document == 0);
  CHECK(report.problems[1].kind == "templated");
  CHECK(report.problems[1].line == 2);
  CHECK(report.counts.files_examined == 2);
  CHECK(report.counts.files_failed == 1);
  CHECK(report.counts.files_skipped == 2);
  CHECK(report.counts.not_examined == 2);
}

TEST_CASE("the report does not depend on the number of threads") {
  const scan::TestFolder folder;
  for (int i = 0; i < 40; ++i) {
    std::string pod(kBadPod);
    pod.replace(pod.find("web"), 3, "web" + std::to_string(i));
    folder.Write(std::to_string(i) + ".yaml", i % 7 == 0 ? "a: [" : pod);
  }
  ScanRequest request = RequestFor(folder);
  request.thread_count = 1;
  const model::Report one = Scanned(request);
  request.thread_count = 8;
  const model::Report eight = Scanned(request);
  REQUIRE(one.findings.size() == eight.findings.size());
  for (size_t i = 0; i < one.findings.size(); ++i) {
    CHECK(one.findings[i].id == eight.findings[i].id);
    CHECK(one.findings[i].location == eight.findings[i].location);
  }
  REQUIRE(one.problems.size() == eight.problems.size());
  for (size_t i = 0; i < one.problems.size(); ++i) {
    CHECK(one.problems[i].file == eight.problems[i].file);
  }
}

TEST_CASE("suppressions beside the object, by line and by container") {
  const scan::TestFolder folder;
  std::string pod(kBadPod);
  folder.Write("a.yaml",
               pod.insert(pod.size() - 1, " # ouro.dev/ignore: checkov:CKV_K8S_16, reason=x"));
  model::Report report = Scanned(RequestFor(folder));
  REQUIRE(report.findings.size() == 1);
  REQUIRE(report.findings[0].suppressed.has_value());
  CHECK(report.findings[0].suppressed->reason == "x");
  CHECK(report.decision.exit_code == 0);
  folder.Write("a.yaml", "# ouro.dev/ignore: privileged, container=other\n" + std::string(kBadPod));
  CHECK_FALSE(Scanned(RequestFor(folder)).findings.at(0).suppressed.has_value());
  folder.Write("a.yaml",
               "# ouro.dev/ignore: privileged, until=2020-01-01\n" + std::string(kBadPod));
  report = Scanned(RequestFor(folder));
  CHECK_FALSE(report.findings.at(0).suppressed.has_value());
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].warning);
}

TEST_CASE("an interrupt before the first file leaves nothing unsaid") {
  const scan::TestFolder folder;
  for (int i = 0; i < 20; ++i) folder.Write(std::to_string(i) + ".yaml", kBadPod);
  ScanRequest request = RequestFor(folder);
  const std::atomic<bool> stop{true};
  request.stop = &stop;
  const model::Report report = Scanned(request);
  CHECK(report.findings.empty());
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].kind == "interrupted");
  CHECK_FALSE(report.problems[0].warning);
}

TEST_CASE("wrong use fails") {
  const scan::TestFolder folder;
  ScanRequest request = RequestFor(folder);
  request.selection.only = {"no-such-check"};
  CHECK(Scan(request).error().code == ErrorCode::kNotFound);
  request = RequestFor(folder);
  request.paths = {folder.At("missing")};
  CHECK(Scan(request).error().code == ErrorCode::kNotFound);
  request = RequestFor(folder);
  request.config.baseline = folder.At("missing.json");
  CHECK(Scan(request).error().code == ErrorCode::kNotFound);
  request = RequestFor(folder);
  request.config.check_folders = {folder.At("missing")};
  CHECK_FALSE(Scan(request));
}

}  // namespace
}  // namespace ouro::engine
