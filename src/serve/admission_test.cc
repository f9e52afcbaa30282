#include "serve/admission.h"

#include <string>

#include <doctest.h>
#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "engine/engine.h"

namespace ouro::serve {
namespace {

constexpr UnixSeconds kNow = 1'800'000'000;

// One request, with what most requests have. Texts are JSON.
struct Request {
  std::string operation = "CREATE";
  std::string object;
  std::string old_object = "null";
  std::string group, version = "v1", kind = "Pod", resource = "pods";
  std::string sub_resource;
  std::string name_space = "shop";
  std::string user = "alice";
  std::string review_version = "admission.k8s.io/v1";

  std::string Text() const {
    return fmt::format(
        R"({{"kind":"AdmissionReview","apiVersion":"{}","request":{{"uid":"u-1",)"
        R"("kind":{{"group":"{}","version":"{}","kind":"{}"}},)"
        R"("resource":{{"group":"{}","version":"{}","resource":"{}"}},"subResource":"{}",)"
        R"("name":"web","namespace":"{}","operation":"{}","userInfo":{{"username":"{}"}},)"
        R"("object":{},"oldObject":{},"dryRun":false}}}})",
        review_version, group, version, kind, group, version, resource, sub_resource, name_space,
        operation, user, object.empty() ? "null" : object, old_object);
  }
};

// A pod with nothing to find; `container` adds fields to its container's securityContext, `spec` to
// the pod's, `metadata` to its metadata.
std::string Pod(const std::string& container = "", const std::string& spec = "",
                const std::string& metadata = "") {
  return fmt::format(
      R"({{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"web","namespace":"shop"{}}},)"
      R"("spec":{{"automountServiceAccountToken":false,{}"securityContext":{{"runAsNonRoot":true,)"
      R"("runAsUser":1000,"seccompProfile":{{"type":"RuntimeDefault"}}}},"containers":[{{)"
      R"("name":"app","image":"registry.example/app@sha256:)"
      R"(0000000000000000000000000000000000000000000000000000000000000000",)"
      R"("securityContext":{{{}"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,)"
      R"("capabilities":{{"drop":["ALL"]}}}}}}]}}}})",
      metadata, spec, container);
}
const std::string kPrivileged = R"("privileged":true,)";

struct Setup {
  engine::Config config;
  AdmissionRules rules{nullptr, {}, false, {"kube-system", "ouro-system"}};

  Admission Make() const {
    engine::SnapshotOptions options;
    options.config = config;
    options.selection = engine::SelectionOf(config);
    auto made = std::make_shared<AdmissionRules>(rules);
    auto snapshot = engine::Snapshot::Create(std::move(options));
    REQUIRE(snapshot);
    made->snapshot = std::move(*snapshot);
    return Admission(std::move(made), kNow);
  }
  Answer Ask(std::string body, bool overdue = false) const {
    Admission admission = Make();
    Answer answer;
    admission.Run(body, overdue, answer);
    CHECK(body.empty());
    return answer;
  }
  Answer Ask(const Request& request) const { return Ask(request.Text()); }
};

bool Says(const Answer& answer, std::string_view text) {
  return answer.body.find(text) != std::string::npos;
}

TEST_CASE("a good object is allowed without a word") {
  Request request;
  request.object = Pod();
  const Answer answer = Setup().Ask(request);
  CHECK(answer.http_status == 200);
  CHECK(answer.body ==
        R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"u-1",)"
        R"("allowed":true,"auditAnnotations":{"verdict":"clean"}}})");
}

TEST_CASE("a blocking finding refuses, names check, object, field and fix") {
  Request request;
  request.object = Pod(kPrivileged);
  const Answer answer = Setup().Ask(request);
  CHECK(answer.verdict == Verdict::kBlocked);
  CHECK_FALSE(answer.allowed);
  CHECK(answer.findings[2] == 1);
  for (const std::string_view text :
       {R"("allowed":false,"status":{"status":"Failure","code":403,"reason":"Forbidden")",
        "CREATE of Pod shop/web is refused because of 1 finding", "OURO-K8S-0001 (critical)",
        "container app runs privileged", "spec.containers[0].securityContext.privileged",
        "fix: set spec.containers[0].securityContext.privileged to false", R"("verdict":"blocked")",
        R"("findings":")"}) {
    CAPTURE(text);
    CHECK(Says(answer, text));
  }
}

TEST_CASE("observe and react allow and warn") {
  Request request;
  request.object = Pod(kPrivileged);
  Setup setup;
  setup.config.policy.fail_on.reset();
  Answer answer = setup.Ask(request);
  CHECK(answer.allowed);
  CHECK(answer.verdict == Verdict::kObserved);
  CHECK(Says(answer, R"("warnings":["OURO-K8S-0001 (critical): container app runs privileged)"));
  gate::PolicyRule rule;
  rule.action = gate::Action::kReact;
  setup.config.policy.rules = {rule};
  answer = setup.Ask(request);
  CHECK(answer.allowed);
  CHECK(answer.verdict == Verdict::kReacted);
  CHECK(answer.findings[1] == 1);
}

TEST_CASE("what is deliberately not examined is allowed and says so") {
  struct Row {
    Request request;
    std::string_view reason;
  };
  std::vector<Row> rows(6);
  for (Row& row : rows) row.request.object = Pod(kPrivileged);
  rows[0].request.operation = "DELETE";
  rows[0].reason = "DELETE is not examined";
  rows[1].request.operation = "CONNECT";
  rows[1].reason = "CONNECT is not examined";
  rows[2].request.sub_resource = "status";
  rows[2].reason = "subresource";
  rows[3].request.sub_resource = "binding";
  rows[3].reason = "subresource";
  rows[4].request.name_space = "kube-system";
  rows[4].reason = "excluded namespace";
  rows[5].request.name_space = "ouro-system";
  rows[5].reason = "excluded namespace";
  for (const Row& row : rows) {
    CAPTURE(row.reason);
    const Answer answer = Setup().Ask(row.request);
    CHECK(answer.allowed);
    CHECK(answer.verdict == Verdict::kNotExamined);
    CHECK(Says(answer, row.reason));
    CHECK(Says(answer, R"("verdict":"not_examined")"));
  }
}

TEST_CASE("ephemeral containers are judged") {
  Request request;
  request.operation = "UPDATE";
  request.sub_resource = "ephemeralcontainers";
  request.old_object = Pod();
  request.object =
      Pod("", R"("ephemeralContainers":[{"name":"debug","image":"a@sha256:00","securityContext":)"
              R"({"privileged":true}}],)");
  const Answer answer = Setup().Ask(request);
  CHECK_FALSE(answer.allowed);
  CHECK(Says(answer, "container debug runs privileged"));
}

TEST_CASE("on UPDATE what was there before warns, what is new refuses") {
  Request request;
  request.operation = "UPDATE";
  request.old_object = Pod(kPrivileged);
  request.object = Pod(kPrivileged, "", R"(,"labels":{"a":"b"})");
  Setup setup;
  Answer answer = setup.Ask(request);
  CHECK(answer.allowed);
  CHECK(answer.verdict == Verdict::kObserved);
  CHECK(Says(answer, "not new: OURO-K8S-0001"));
  request.object = Pod(kPrivileged, R"("hostPID":true,)");
  answer = setup.Ask(request);
  CHECK_FALSE(answer.allowed);
  CHECK(answer.findings[2] == 1);
  CHECK(Says(answer, "hostPID"));
  setup.rules.strict_updates = true;
  request.object = Pod(kPrivileged);
  CHECK_FALSE(setup.Ask(request).allowed);
  // Or the object could never lose its finalizers.
  request.object = Pod(kPrivileged, "", R"(,"deletionTimestamp":"2026-01-01T00:00:00Z")");
  CHECK(setup.Ask(request).allowed);
}

TEST_CASE("a finding whose field has changed is new") {
  const auto pod = [](const std::string& path) {
    return Pod("", R"("volumes":[{"name":"v","hostPath":{"path":")" + path + R"("}}],)");
  };
  Request request;
  request.operation = "UPDATE";
  request.old_object = pod("/var/log/shop");
  request.object = pod("/var/log/shop");
  Setup setup;
  setup.config.policy.fail_on = model::Severity::kInfo;
  CHECK(setup.Ask(request).allowed);
  request.object = pod("/etc");
  CHECK_FALSE(setup.Ask(request).allowed);
}

TEST_CASE("what cannot be examined follows the policy") {
  Setup open;
  Setup closed;
  closed.config.policy.incomplete = gate::OnIncomplete::kBlock;
  std::vector<Request> requests(5);
  requests[0].object = "";  // missing
  requests[1].object = R"("text")";
  requests[2].object = R"({"metadata":{}})";
  requests[3].object = Pod();
  requests[3].kind = "Deployment";
  requests[4].object = Pod();
  requests[4].operation = "PATCH";
  for (const Request& request : requests) {
    CAPTURE(request.object);
    Answer answer = open.Ask(request);
    CHECK(answer.verdict == Verdict::kIncomplete);
    CHECK(answer.problem == "malformed");
    CHECK(answer.allowed);
    CHECK(Says(answer, "was not examined"));
    answer = closed.Ask(request);
    CHECK_FALSE(answer.allowed);
    CHECK(Says(answer, "incomplete: block"));
    CHECK(Says(answer, R"("code":403)"));
  }
  Request late;
  late.object = Pod();
  CHECK(open.Ask(late.Text(), true).allowed);
  const Answer answer = closed.Ask(late.Text(), true);
  CHECK_FALSE(answer.allowed);
  CHECK(answer.problem == "timeout");
}

TEST_CASE("a list of containers of the wrong type does not pass") {
  Request request;
  request.object = R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},)"
                   R"("spec":{"containers":"app"}})";
  const Answer answer = Setup().Ask(request);
  CHECK(answer.verdict != Verdict::kClean);
  CHECK(answer.problem == "evaluation");
  Setup closed;
  closed.config.policy.fail_on.reset();
  CHECK(closed.Ask(request).allowed);
  closed.config.policy.incomplete = gate::OnIncomplete::kBlock;
  CHECK_FALSE(closed.Ask(request).allowed);
}

TEST_CASE("what is no review is refused as an HTTP request") {
  Request old;
  old.object = Pod();
  old.review_version = "admission.k8s.io/v1beta1";
  const Answer beta = Setup().Ask(old);
  CHECK(beta.http_status == 400);
  CHECK(beta.problem == "version");
  CHECK(Says(beta, "admissionReviewVersions: [v1]"));
  const std::string deep = std::string(20'000, '[');
  for (const std::string& body :
       {std::string(), std::string("x"), std::string("[]"), std::string("{}"), std::string("{"),
        std::string(R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"})"),
        std::string(R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":1})"),
        std::string(
            R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":7}})"),
        std::string(R"({"apiVersion":1,"kind":"AdmissionReview"})"), std::string("{}{}"),
        std::string("\xff\xfe"), deep}) {
    CAPTURE(body.substr(0, 80));
    const Answer answer = Setup().Ask(body);
    CHECK(answer.http_status >= 400);
    CHECK(answer.verdict == Verdict::kRefused);
    CHECK(Says(answer, R"("kind":"Status")"));
  }
}

TEST_CASE("a refusal names ten findings, warnings keep the API server's limits") {
  std::string volumes;
  for (int i = 0; i < 60; ++i) {
    volumes += fmt::format(R"({}{{"name":"volume-{}","hostPath":{{"path":"/srv/{}/{}"}}}})",
                           i == 0 ? "" : ",", i, i, std::string(200, 'x'));
  }
  Request request;
  request.object = Pod("", R"("volumes":[)" + volumes + "],");
  Setup setup;
  setup.config.policy.fail_on = model::Severity::kInfo;
  const Answer blocked = setup.Ask(request);
  CHECK(Says(blocked, "\\nand 50 more"));
  setup.config.policy.fail_on.reset();
  const Answer warned = setup.Ask(request);
  CHECK(Says(warned, "more findings are not shown"));
  CHECK(Says(warned, ",+10\""));
}

TEST_CASE("replicas of controllers have their owner's identity and exceptions, forged ones not") {
  const std::string metadata =
      R"(,"labels":{"pod-template-hash":"7d4f"},"ownerReferences":[{"apiVersion":"apps/v1",)"
      R"("kind":"ReplicaSet","name":"web-7d4f","uid":"1","controller":true}])";
  Request request;
  request.object = Pod(kPrivileged, "", metadata);
  Setup setup;
  triage::SuppressionRule rule;
  rule.selector = "OURO-K8S-0001";
  rule.resource.kind = "Deployment";
  rule.resource.name = "web";
  setup.config.suppressions = {rule};
  const Answer forged = setup.Ask(request);
  CHECK_FALSE(forged.allowed);
  CHECK(Says(forged, "Pod shop/web of Deployment web"));
  request.user = "system:serviceaccount:kube-system:replicaset-controller";
  CHECK(setup.Ask(request).allowed);

  Request deployment;
  deployment.group = "apps";
  deployment.kind = "Deployment";
  const std::string pod = Pod(kPrivileged);
  deployment.object =
      R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"},)"
      R"("spec":{"template":)" +
      pod.substr(pod.find("\"spec\":") - 1).replace(0, 1, "{") + "}}";
  const Setup plain;
  const auto id = [](const Answer& answer) {
    const size_t at = answer.body.find(R"("findings":")");
    REQUIRE(at != std::string::npos);
    return answer.body.substr(at + 12, 32);
  };
  CHECK(id(plain.Ask(request)) == id(plain.Ask(deployment)));
  request.user = "alice";
  CHECK(id(plain.Ask(request)) != id(plain.Ask(deployment)));
}

TEST_CASE("exceptions: annotation, configuration, baseline, excluded objects") {
  Request request;
  request.object = Pod(kPrivileged, "", R"(,"annotations":{"ouro.dev/ignore":"OURO-K8S-0001"})");
  CHECK(Setup().Ask(request).verdict == Verdict::kClean);
  request.object = Pod(kPrivileged);
  const Answer blocked = Setup().Ask(request);
  Setup known;
  known.rules.baseline = {blocked.body.substr(blocked.body.find(R"("findings":")") + 12, 32)};
  CHECK(known.Ask(request).allowed);
  Setup excluding;
  scan::ObjectExclude exclude;
  exclude.namespace_name = "sh*";
  excluding.config.exclude_objects = {exclude};
  const Answer excluded = excluding.Ask(request);
  CHECK(excluded.verdict == Verdict::kNotExamined);
  CHECK(excluded.allowed);
}

TEST_CASE("one Admission gives the same answers again and again") {
  const Setup setup;
  Admission admission = setup.Make();
  Request good;
  good.object = Pod();
  Request bad;
  bad.object = Pod(kPrivileged);
  for (int i = 0; i < 3; ++i) {
    for (const Request& request : {good, bad}) {
      std::string body = request.Text();
      Answer answer;
      admission.Run(body, false, answer);
      CHECK(answer.body == setup.Ask(request).body);
    }
    std::string broken = "{";
    Answer answer;
    admission.Run(broken, false, answer);
    CHECK(answer.http_status == 400);
  }
}

}  // namespace
}  // namespace ouro::serve
