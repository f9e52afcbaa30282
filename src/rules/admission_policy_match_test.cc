#include "rules/admission_policy_match.h"

#include <doctest.h>

#include "rules/admission_policy_test.h"

namespace ouro::rules {

namespace {

struct Question {
  std::string match;
  std::string object = kPodJson;
  std::string request = "{}";
  std::string namespace_object = "null";
};

MatchResult Ask(const Question& question) {
  io::KeyTable keys;
  io::Tree tree;
  const std::string policy =
      R"({"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicyBinding",)"
      R"("metadata":{"name":"b"},"spec":{"policyName":"p","validationActions":["Deny"],)"
      R"("matchResources":)" +
      question.match + "}}";
  REQUIRE(io::ReadJson("[" + policy + "," + question.object + "," + question.request + "," +
                           question.namespace_object + "]",
                       {}, keys, tree)
              .has_value());
  REQUIRE_FALSE(tree.roots().front().failed);
  const auto parts = io::NodeView(tree, keys, tree.roots().front().node).Children();
  const auto binding = ReadPolicyBinding(parts[0]);
  REQUIRE(binding.has_value());
  AdmissionRequest request;
  REQUIRE(ReadAdmissionRequest(parts[2], request).has_value());
  if (!request.old_object.exists()) request.object = parts[1];
  request.namespace_object = parts[3];
  ResourceCatalog catalog;
  const auto resolved = ResolveRequest(request, catalog);
  REQUIRE(resolved.has_value());
  return Matches(*binding->match_resources, *resolved, catalog, 37);
}

std::string Rule(const std::string& groups, const std::string& versions,
                 const std::string& resources, const std::string& more = "") {
  return R"({"resourceRules":[{"apiGroups":)" + groups + R"(,"apiVersions":)" + versions +
         R"(,"resources":)" + resources + R"(,"operations":["CREATE","UPDATE"])" + more + "}]}";
}

Answer AnswerTo(const Question& question) {
  return Ask(question).answer;
}

}  // namespace

TEST_CASE("groups, versions, resources, operations and names") {
  CHECK(AnswerTo({"{}"}) == Answer::kYes);
  CHECK(AnswerTo({Rule(R"([""])", R"(["v1"])", R"(["pods"])")}) == Answer::kYes);
  CHECK(AnswerTo({Rule(R"(["*"])", R"(["*"])", R"(["*"])")}) == Answer::kYes);
  CHECK(AnswerTo({Rule(R"(["apps"])", R"(["v1"])", R"(["pods"])")}) == Answer::kNo);
  CHECK(AnswerTo({Rule(R"([""])", R"(["v1"])", R"(["services","pods"])")}) == Answer::kYes);
  CHECK(AnswerTo({Rule(R"([""])", R"(["v1"])", R"(["pods/exec"])")}) == Answer::kNo);
  CHECK(AnswerTo({Rule(R"([""])", R"(["v1"])", R"(["pods/*"])")}) == Answer::kYes);
  CHECK(AnswerTo({Rule(R"([""])", R"(["v1"])", R"(["*/*"])")}) == Answer::kYes);
  CHECK(AnswerTo({Rule(R"([""])", R"(["v1"])", R"(["pods"],"resourceNames":["web"])")}) ==
        Answer::kYes);
  CHECK(AnswerTo({Rule(R"([""])", R"(["v1"])", R"(["pods"],"resourceNames":["x"])")}) ==
        Answer::kNo);
  const std::string pods = Rule(R"([""])", R"(["v1"])", R"(["pods"])");
  CHECK(AnswerTo({pods, kPodJson, R"({"operation":"DELETE"})"}) == Answer::kNo);
  CHECK(AnswerTo({pods, kPodJson, R"({"subResource":"ephemeralcontainers"})"}) == Answer::kNo);
  CHECK(AnswerTo({Rule(R"([""])", R"(["v1"])", R"(["*/ephemeralcontainers"])"), kPodJson,
                  R"({"subResource":"ephemeralcontainers"})"}) == Answer::kYes);
  CHECK(AnswerTo({Rule(R"([""])", R"(["v1"])", R"(["*"])"), kPodJson,
                  R"({"subResource":"ephemeralcontainers"})"}) == Answer::kNo);
}

TEST_CASE("the resource of a request need not be that of its object") {
  const std::string scale =
      R"({"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"w","namespace":"n"}})";
  const std::string request =
      R"({"operation":"UPDATE","subResource":"scale","kind":{"group":"autoscaling","version":"v1",)"
      R"("kind":"Scale"},"resource":{"group":"apps","version":"v1","resource":"deployments"}})";
  const std::string rule = Rule(R"(["apps"])", R"(["v1"])", R"(["deployments/scale"])");
  CHECK(AnswerTo({rule, scale, request}) == Answer::kYes);
  const std::string other = Rule(R"(["autoscaling"])", R"(["v1"])", R"(["*/*"])");
  CHECK(AnswerTo({other, scale, request}) == Answer::kNo);
}

TEST_CASE("excluded rules go first") {
  CHECK(AnswerTo({R"({"excludeResourceRules":[{"apiGroups":["*"],"apiVersions":["*"],
      "resources":["pods"],"operations":["*"]}]})"}) == Answer::kNo);
  CHECK(AnswerTo({R"({"excludeResourceRules":[{"apiGroups":["*"],"apiVersions":["*"],
      "resources":["pods"],"operations":["*"],"resourceNames":["other"]}]})"}) == Answer::kYes);
}

TEST_CASE("scope") {
  const auto scope = [](const std::string& word, const std::string& object) {
    return AnswerTo({Rule(R"(["*"])", R"(["*"])", R"(["*"],"scope":")" + word + "\""), object});
  };
  const std::string node = R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n"}})";
  const std::string space = R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n"}})";
  const std::string own = R"({"apiVersion":"e.com/v1","kind":"K","metadata":{"name":"n"}})";
  CHECK(scope("Namespaced", kPodJson) == Answer::kYes);
  CHECK(scope("Cluster", kPodJson) == Answer::kNo);
  CHECK(scope("Namespaced", node) == Answer::kNo);
  CHECK(scope("Cluster", node) == Answer::kYes);
  CHECK(scope("Namespaced", space) == Answer::kNo);
  CHECK(scope("Cluster", space) == Answer::kYes);
  CHECK(scope("*", own) == Answer::kYes);
  CHECK(scope("Cluster", own) == Answer::kUnknown);
}

TEST_CASE("object selectors look at both objects") {
  const std::string match = R"({"objectSelector":{"matchLabels":{"app":"web"}}})";
  CHECK(AnswerTo({match}) == Answer::kYes);
  CHECK(AnswerTo({match, R"({"apiVersion":"v1","kind":"Pod"})"}) == Answer::kNo);
  CHECK(AnswerTo({match, "null", R"({"oldObject":)" + kPodJson + "}"}) == Answer::kYes);
}

TEST_CASE("namespace selectors") {
  const auto ask = [](const std::string& selector, const std::string& object = kPodJson,
                      const std::string& space = "null") {
    return Ask({"{\"namespaceSelector\":" + selector + "}", object, "{}", space}).answer;
  };
  const std::string name = R"({"matchLabels":{"kubernetes.io/metadata.name":"shop"}})";
  const std::string label = R"({"matchLabels":{"env":"prod"}})";
  CHECK(ask(name) == Answer::kYes);
  CHECK(ask(R"({"matchExpressions":[{"key":"kubernetes.io/metadata.name","operator":"NotIn",
      "values":["shop"]}]})") == Answer::kNo);
  CHECK(ask(label) == Answer::kUnknown);
  CHECK(ask(label, kPodJson, R"({"metadata":{"name":"shop","labels":{"env":"prod"}}})") ==
        Answer::kYes);
  CHECK(ask(label, kPodJson, R"({"metadata":{"name":"shop"}})") == Answer::kNo);
  CHECK(ask(name, kPodJson, R"({"metadata":{"name":"shop"}})") == Answer::kYes);
  // Cluster-scoped objects are never exempted; a namespace has its own labels.
  CHECK(ask(label, R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n"}})") == Answer::kYes);
  CHECK(ask(label, R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n"}})") ==
        Answer::kNo);
  CHECK(ask(label, R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n",
      "labels":{"env":"prod"}}})") == Answer::kYes);
}

TEST_CASE("broken selectors matter only to requests that match otherwise") {
  const std::string broken =
      R"("objectSelector":{"matchExpressions":[{"key":"a","operator":"Like"}]})";
  const MatchResult result = Ask({"{" + broken + "}"});
  CHECK(result.answer == Answer::kYes);
  CHECK(result.is_error);
  std::string other = Rule(R"(["apps"])", R"(["v1"])", R"(["*"])");
  other.insert(1, broken + ",");
  CHECK(AnswerTo({other}) == Answer::kNo);
}

TEST_CASE("other versions of the same objects") {
  const std::string scaler =
      R"({"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"h"}})";
  const std::string own =
      R"({"apiVersion":"e.com/v1","kind":"Thing","metadata":{"name":"n","namespace":"x"}})";
  const std::string v1 = Rule(R"(["autoscaling"])", R"(["v1"])", R"(["*"])");
  const MatchResult converted = Ask({v1, scaler});
  CHECK(converted.answer == Answer::kYes);
  CHECK(converted.converts);
  std::string exact = v1;
  exact.insert(1, R"("matchPolicy":"Exact",)");
  CHECK(AnswerTo({exact, scaler}) == Answer::kNo);
  CHECK(AnswerTo({Rule(R"(["e.com"])", R"(["v2"])", R"(["things"])"), own}) == Answer::kUnknown);
  CHECK(AnswerTo({Rule(R"(["apps"])", R"(["v1beta1"])", R"(["deployments"])"),
                  R"({"apiVersion":"apps/v1","kind":"Deployment"})"}) == Answer::kNo);
}

}  // namespace ouro::rules
