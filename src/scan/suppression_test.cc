#include "scan/suppression.h"

#include <doctest.h>

#include "scan/object.h"
#include "scan/suppression_text.h"

namespace ouro::scan {
namespace {

struct Collected {
  std::vector<InlineSuppression> all;
  std::vector<model::Problem> problems;
};

// Suppressions of the first document's object and of all comments.
Collected Collect(std::string_view yaml) {
  io::KeyTable keys;
  io::Tree tree;
  REQUIRE(io::ReadDocument(std::string(yaml), {}, keys, tree));
  Collected collected;
  const uint32_t root = tree.roots().front().node;
  REQUIRE(root != io::kNoNode);
  CollectObjectSuppressions(tree, root, keys, collected.all, collected.problems);
  CollectCommentSuppressions(tree, collected.all, collected.problems);
  return collected;
}

Collected Annotated(std::string_view annotations) {
  return Collect("apiVersion: v1\nkind: Pod\nmetadata:\n  annotations:\n" +
                 std::string(annotations));
}

std::vector<std::string> Selectors(const Collected& collected) {
  std::vector<std::string> texts;
  for (const InlineSuppression& one : collected.all) texts.push_back(one.selector);
  return texts;
}
using Texts = std::vector<std::string>;

TEST_CASE("our grammar") {
  std::vector<InlineSuppression> out;
  REQUIRE(ParseSuppressionText("OURO-K8S-0001, until=2027-01-31, reason=known, and tested", out));
  REQUIRE(out.size() == 1);
  CHECK(out[0].selector == "OURO-K8S-0001");
  CHECK(out[0].until == "2027-01-31");
  CHECK(out[0].reason == "known, and tested");
  out.clear();
  REQUIRE(ParseSuppressionText(
      " privileged , checkov:CKV_K8S_16, container=web, reason=a, b, until=2027-01-31", out));
  REQUIRE(out.size() == 2);
  CHECK(out[1].selector == "checkov:CKV_K8S_16");
  CHECK(out[1].reason == "a, b");
  CHECK(out[1].container == "web");
  CHECK(out[1].until == "2027-01-31");
  out.clear();
  REQUIRE(ParseSuppressionText("a, reason=x; b\nc", out));
  CHECK(out.size() == 3);
}

TEST_CASE("what is malformed suppresses nothing and says why") {
  std::vector<InlineSuppression> out;
  for (const std::string_view text :
       {"", " ", "reason=why", "a, until=soon", "a, until=2027-13-01", "a, utnil=2027-01-31",
        "two words", "a, container=", "a; ; reason=b", "naïve"}) {
    CAPTURE(text);
    const Status parsed = ParseSuppressionText(text, out);
    CHECK_FALSE(parsed);
    CHECK(out.empty());
  }
  CHECK(ParseSuppressionText("a, utnil=2027-01-31", out).error().message.find("until") !=
        std::string::npos);
}

TEST_CASE("annotations of ours and of other tools") {
  CHECK(Selectors(
            Annotated("    ouro.dev/ignore: OURO-K8S-0001\n    ouro.dev/ignore-2: host-pid\n")) ==
        Texts{"OURO-K8S-0001", "host-pid"});
  CHECK(Selectors(
            Annotated("    checkov.io/skip1: CKV_K8S_16=why\n    bridgecrew.io/skip2: CKV_K8S_1\n"
                      "    cortex.io/skipME: CKV2_K8S_3\n")) ==
        Texts{"checkov:CKV_K8S_16", "checkov:CKV_K8S_1", "checkov:CKV2_K8S_3"});
  CHECK(Selectors(Annotated("    ignore-check.kube-linter.io/latest-tag: why\n"
                            "    kube-linter.io/ignore-all: why\n")) ==
        Texts{"kubelinter:latest-tag", "kubelinter:*"});
  CHECK(Selectors(Annotated("    kube-score/ignore: container-image-tag, pod-probes\n")) ==
        Texts{"kubescore:container-image-tag", "kubescore:pod-probes"});
  CHECK(Selectors(Annotated("    polaris.fairwinds.com/hostPIDSet-exempt: \"true\"\n"
                            "    polaris.fairwinds.com/tagNotSpecified-exempt: \"false\"\n"
                            "    polaris.fairwinds.com/exempt: \"True\"\n")) ==
        Texts{"polaris:hostPIDSet", "polaris:*"});
  CHECK(Annotated("    checkov.io/skip1: CKV_K8S_16=why = because\n").all.at(0).reason ==
        "why = because");
}

TEST_CASE("a skip of several lines skips those lines' checks, never all") {
  const Collected collected = Annotated(
      "    checkov.io/skip1: |\n      CKV_K8S_16=one\n      CKV_K8S_20=two\n      and more\n");
  CHECK(Selectors(collected) == Texts{"checkov:CKV_K8S_16", "checkov:CKV_K8S_20"});
  CHECK(collected.problems.size() == 1);
  CHECK(Annotated("    checkov.io/skip1: \"\"\n").all.empty());
  CHECK(Annotated("    checkov.io/skip1: \"*\"\n").problems.size() == 1);
  CHECK(Annotated("    polaris.fairwinds.com/exempt: true\n").all.empty());
  CHECK(Annotated("    polaris.fairwinds.com/exempt: true\n").problems.size() == 1);
  CHECK(Annotated("    ouro.dev/ignore: 5\n").problems.size() == 1);
}

TEST_CASE("the pod template counts too, and wins over the object for kube-score") {
  const Collected collected = Collect(
      "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  annotations: {kube-score/ignore: "
      "\"a,b\"}\n"
      "spec:\n  template:\n    metadata:\n      annotations:\n        kube-score/enable: a\n"
      "        checkov.io/skip1: CKV_K8S_16\n    spec: {containers: []}\n");
  CHECK(Selectors(collected) == Texts{"checkov:CKV_K8S_16", "kubescore:b"});
}

TEST_CASE("labels of kubeaudit") {
  const Collected collected = Collect(
      "apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n"
      "    container.kubeaudit.io/web.allow-privileged: why\n"
      "    kubeaudit.io/allow-namespace-host-network: why\n"
      "    container.kubeaudit.io/web.allow-host-path-mount-proc: why\n"
      "    container.kubeaudit.io/web.allow-capability-net-raw: why\n"
      "    kubeaudit.io/allow-privlieged: why\n"
      "spec: {containers: [{name: web, securityContext: {capabilities: {add: [NET_RAW]}}}]}\n");
  CHECK(Selectors(collected) == Texts{"kubeaudit:PrivilegedTrue", "kubeaudit:PrivilegedNil",
                                      "kubeaudit:NamespaceHostNetworkTrue",
                                      "kubeaudit:SensitivePathsMounted",
                                      "kubeaudit:CapabilityAdded"});
  CHECK(collected.all[0].container == "web");
  CHECK(collected.all[2].container.empty());
  CHECK(collected.all[3].field == "volumes[name=proc]");
  REQUIRE(collected.problems.size() == 1);
  CHECK(collected.problems[0].message.find("allow-privileged") != std::string::npos);
}

TEST_CASE("a capability that no label allows keeps the finding") {
  const Collected collected = Collect(
      "apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n"
      "    kubeaudit.io/allow-capability-sys-admin: why\n"
      "spec: {containers: [{name: web, securityContext: {capabilities: {add: [SYS_ADMIN, "
      "NET_RAW]}}}]}\n");
  CHECK(Selectors(collected) == Texts{"cap-sys-admin"});
}

struct Range {
  int64_t first;
  int64_t last;
};
Range RangeOf(std::string_view yaml) {
  const Collected collected = Collect(yaml);
  CHECK(collected.problems.empty());
  REQUIRE(collected.all.size() == 1);
  return {collected.all[0].line, collected.all[0].last_line};
}

TEST_CASE("a comment covers its line, or what begins on the next one") {
  // At the end of a line.
  Range range = RangeOf("kind: Pod\nspec:\n  hostPID: true # ouro.dev/ignore: host-pid\n  a: b\n");
  CHECK(range.first == 3);
  CHECK(range.last == 3);
  // Behind a key whose value begins on the next line.
  range = RangeOf("kind: Pod\nspec: # ouro.dev/ignore: host-pid\n  hostPID: true\n  a: b\nx: y\n");
  CHECK(range.first == 2);
  CHECK(range.last == 4);
  // Above a key.
  range = RangeOf(
      "kind: Pod\nspec:\n  # ouro.dev/ignore: host-pid\n\n  # why\n  hostPID: true\n  a: b\n");
  CHECK(range.first == 6);
  CHECK(range.last == 6);
  // Above a list item.
  range = RangeOf("kind: Pod\nc:\n# ouro.dev/ignore: x\n- name: a\n  b: c\n- name: d\n");
  CHECK(range.first == 4);
  CHECK(range.last == 5);
  // Above the first key: the document.
  range = RangeOf("# ouro.dev/ignore: x\nkind: Pod\nc:\n- name: a\n");
  CHECK(range.first == 2);
  CHECK(range.last == 4);
}

TEST_CASE("comments of other tools") {
  const Collected trivy =
      Collect("kind: Pod\n#trivy:ignore:AVD-KSV-0017 trivy:ignore:KSV012:exp:2027-01-31\na: b\n");
  CHECK(Selectors(trivy) == Texts{"trivy:KSV-0017", "trivy:KSV-0012"});
  CHECK(trivy.all[1].until == "2027-01-31");
  const Collected checkov = Collect(
      "kind: Pod\na:\n  b: c # checkov:skip=CKV_SECRET_6 test secret\n  d: e\n---\nkind: X\n");
  CHECK(Selectors(checkov) == Texts{"checkov:CKV_SECRET_6"});
  CHECK(checkov.all[0].reason == "test secret");
  CHECK(checkov.all[0].line == 1);
  CHECK(checkov.all[0].last_line == 4);
  CHECK(Collect("a: b # see ouro.dev/ignored\n").all.empty());
  CHECK(Collect("a: b # trivy:ignore:\n").problems.size() == 1);
  CHECK(Collect("a: b # ouro.dev/ignore X\n").problems.size() == 1);
  CHECK(Collect("a: \"# ouro.dev/ignore: x\"\n").all.empty());
}

}  // namespace
}  // namespace ouro::scan
