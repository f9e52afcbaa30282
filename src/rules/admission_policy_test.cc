#include "rules/admission_policy_test.h"

#include <thread>

#include <fmt/format.h>

namespace ouro::rules {

TEST_CASE("validations and their messages") {
  const auto message = [](const std::string& validation) {
    const PolicyResult result = JudgeSpec("\"validations\":[" + validation + "]");
    CHECK(result.verdict == Verdict::kFail);
    REQUIRE(result.decisions.size() == 1);
    return result.decisions[0].message;
  };
  CHECK(JudgeExpression("object.spec.priority == 5").verdict == Verdict::kPass);
  CHECK(message(R"({"expression":" object.spec.priority > 5 "})") ==
        "failed expression: object.spec.priority > 5");
  CHECK(message(R"({"expression":"false","message":" no "})") == "no");
  CHECK(message(R"({"expression":"false","message":"no","messageExpression":
      "' priority ' + string(object.spec.priority) + ' '"})") == "priority 5");
}

TEST_CASE("messages that do not serve fall back to the message of the policy") {
  const auto message = [](const std::string& expression) {
    const PolicyResult result =
        JudgeSpec(R"("validations":[{"expression":"false","message":"no","messageExpression":")" +
                  expression + "\"}]");
    REQUIRE(result.decisions.size() == 1);
    return result.decisions[0].message;
  };
  CHECK(message("string(object.x)") == "no");
  CHECK(message("'  '") == "no");
  CHECK(message(R"('a\\nb')") == "no");
  CHECK(message("['" + std::string(5120, 'x') + "', ''].join()") == std::string(5120, 'x'));
  CHECK(message("['" + std::string(5121, 'x') + "', ''].join()") == "no");
}

TEST_CASE("reasons") {
  const PolicyResult result = JudgeSpec(
      R"("validations":[{"expression":"false"},{"expression":"false","reason":"Forbidden"}])");
  REQUIRE(result.decisions.size() == 2);
  CHECK(result.decisions[0].reason == "Invalid");
  CHECK(result.decisions[1].reason == "Forbidden");
  CHECK(DenialText(result, result.decisions[1]) ==
        "ValidatingAdmissionPolicy 'p' denied request: failed expression: false");
}

TEST_CASE("errors follow failurePolicy") {
  const PolicyResult fail = JudgeExpression("object.spec.nothing == 1");
  CHECK(fail.verdict == Verdict::kFail);
  CHECK(fail.message ==
        "expression 'object.spec.nothing == 1' resulted in error: no such key: nothing");
  const PolicyResult ignore =
      JudgeExpression("object.spec.nothing == 1", R"(,"failurePolicy":"Ignore")");
  CHECK(ignore.verdict == Verdict::kPass);
  CHECK(ignore.message.find("ignored by failurePolicy: expression") == 0);
  REQUIRE(ignore.decisions.size() == 1);
  CHECK(ignore.decisions[0].ignored);
  // What is false denies all the same.
  CHECK(JudgeExpression("false", R"(,"failurePolicy":"Ignore")").verdict == Verdict::kFail);
}

TEST_CASE("expressions that the API server refuses") {
  for (const char* expression :
       {"object.spec.priority", "1", "nothing == 1", "variables.x", "request.nothing == 1",
        "namespaceObject.kind == ''", "params.x", "object.metadata.name.matches('(')"}) {
    INFO(expression);
    const PolicyResult result = JudgeExpression(expression);
    CHECK(result.verdict == Verdict::kError);
    CHECK(result.message.find("the API server refuses this policy: spec.validations[0]") == 0);
  }
  PolicyWorld world({PolicyJson(R"("validations":[{"expression":"1"}])")});
  REQUIRE(world.set().refused().size() == 1);
  CHECK(world.set().refused()[0].name == "p");
}

TEST_CASE("variables are lazy, ordered and typed") {
  const auto verdict = [](const std::string& variables, const std::string& expression) {
    return JudgeExpression(expression, ",\"variables\":[" + variables + "]");
  };
  const std::string chain = R"j({"name":"c","expression":"object.spec.containers"},
      {"name":"names","expression":"variables.c.map(x, x.name)"},
      {"name":"broken","expression":"object.spec.nothing"})j";
  CHECK(verdict(chain, "variables.names == ['a', 'b']").verdict == Verdict::kPass);
  CHECK(verdict(chain, "variables.names.all(n, n in variables.names)").verdict == Verdict::kPass);
  // Not evaluated when not needed.
  CHECK(verdict(chain, "true || variables.broken == 1").verdict == Verdict::kPass);
  const PolicyResult broken = verdict(chain, "variables.broken == 1");
  CHECK(broken.verdict == Verdict::kFail);
  CHECK(broken.message ==
        "expression 'variables.broken == 1' resulted in error: composited variable \"broken\" "
        "fails to evaluate: no such key: nothing");
  CHECK(verdict(chain, "has(variables.c)").verdict == Verdict::kPass);
  CHECK(verdict(chain, "variables.?c.hasValue()").verdict == Verdict::kPass);
  // A type that was deduced is checked where the variable is used.
  CHECK(verdict(R"j({"name":"n","expression":"size(object.spec.containers)"})j",
                "variables.n == 'two'")
            .verdict == Verdict::kError);
  CHECK(verdict(R"({"name":"a","expression":"variables.b"},{"name":"b","expression":"1"})",
                "variables.b == 1")
            .message.find("spec.variables[0].expression: compilation failed") != std::string::npos);
  CHECK(verdict(R"({"name":"a","expression":"1"},{"name":"a","expression":"2"})", "true").verdict ==
        Verdict::kError);
}

TEST_CASE("a variable that is first read within a loop does not disturb it") {
  const PolicyResult result = JudgeExpression(
      "object.spec.containers.map(c, c.name + variables.joined + c.name) == ['aaba', 'babb']",
      R"j(,"variables":[{"name":"joined","expression":
         "object.spec.containers.map(d, d.name).join()"}])j");
  CHECK(result.message.empty());
  CHECK(result.verdict == Verdict::kPass);
}

TEST_CASE("chains of variables have a limit") {
  std::string variables = R"({"name":"v0","expression":"1"})";
  for (int i = 1; i < 200; ++i) {
    variables += fmt::format(R"(,{{"name":"v{}","expression":"variables.v{} + 1"}})", i, i - 1);
  }
  const PolicyResult result =
      JudgeExpression("variables.v199 == 200", ",\"variables\":[" + variables + "]");
  CHECK(result.verdict == Verdict::kFail);
  CHECK(result.message.find("limit reached") != std::string::npos);
  CHECK(JudgeExpression("variables.v60 == 61 && variables.v110 == 111",
                        ",\"variables\":[" + variables + "]")
            .verdict == Verdict::kPass);
}

TEST_CASE("match conditions") {
  const auto judge = [](const std::string& conditions, const std::string& more = "") {
    return JudgeSpec("\"matchConditions\":[" + conditions +
                     R"(],"validations":[{"expression":"false"}])" + more);
  };
  CHECK(judge(R"({"name":"a","expression":"object.kind == 'Pod'"})").verdict == Verdict::kFail);
  CHECK(judge(R"({"name":"a","expression":"object.kind == 'Job'"})").verdict == Verdict::kSkip);
  // A condition that is false decides, even where another fails.
  CHECK(judge(R"({"name":"a","expression":"object.x == 1"},{"name":"b","expression":"false"})")
            .verdict == Verdict::kSkip);
  const PolicyResult error =
      judge(R"({"name":"a","expression":"object.x == 1"},{"name":"b","expression":"object.y == 1"},
               {"name":"c","expression":"object.x == 1"})");
  CHECK(error.verdict == Verdict::kFail);
  CHECK(error.message ==
        "[expression 'object.x == 1' resulted in error: no such key: x, "
        "expression 'object.y == 1' resulted in error: no such key: y]");
  CHECK(judge(R"({"name":"a","expression":"object.x == 1"})", R"(,"failurePolicy":"Ignore")")
            .verdict == Verdict::kPass);
  // The namespace is not there for conditions.
  CHECK(judge(R"({"name":"a","expression":"namespaceObject == null"})").verdict == Verdict::kFail);
}

TEST_CASE("actions of bindings") {
  const std::string policy = PolicyJson(R"("validations":[{"expression":"false"}])");
  const auto verdict = [&](const std::string& actions) {
    return PolicyWorld({policy, BindingJson("\"validationActions\":" + actions)}).JudgeOne();
  };
  CHECK(verdict(R"(["Deny"])").verdict == Verdict::kFail);
  CHECK(verdict(R"(["Audit","Deny"])").verdict == Verdict::kFail);
  CHECK(verdict(R"(["Warn"])").verdict == Verdict::kWarn);
  const PolicyResult audit = verdict(R"(["Audit"])");
  CHECK(audit.verdict == Verdict::kPass);
  CHECK(audit.message == "only audited: failed expression: false");
  const PolicyResult refused = verdict(R"(["Deny","Warn"])");
  CHECK(refused.verdict == Verdict::kError);
  CHECK(refused.message.find("the API server refuses this binding") == 0);
}

TEST_CASE("which policies are judged") {
  const std::string no = R"("validations":[{"expression":"false"}])";
  const std::string deny = R"("validationActions":["Deny"])";
  AdmissionRequest request;
  PolicyWorld none({PolicyJson(no, "p"), PolicyJson(no, "q")});
  request.object = none.Read(kPodJson);
  CHECK(none.Judge(request).size() == 2);
  PolicyWorld some({PolicyJson(no, "p"), PolicyJson(no, "q"), BindingJson(deny, "q", "b"),
                    BindingJson(deny, "q", "c"), BindingJson(deny, "r", "d")});
  request.object = some.Read(kPodJson);
  const auto results = some.Judge(request);
  REQUIRE(results.size() == 2);
  CHECK(results[0].policy == "q");
  CHECK(results[0].binding == "b");
  CHECK(results[1].binding == "c");
  REQUIRE(some.set().unbound().size() == 2);
  CHECK(some.set().unbound()[0].name == "d");
  CHECK(some.set().unbound()[1].name == "p");
  PolicyWorld single({PolicyJson(no, "p"), BindingJson(deny, "placeholder")},
                     {.bind_single_policy = true});
  CHECK(single.JudgeOne().binding == "b");
}

TEST_CASE("parameters") {
  const std::string policy = PolicyJson(
      R"("paramKind":{"apiVersion":"v1","kind":"ConfigMap"},
         "validations":[{"expression":"params != null && params.data.max == '5'"}])");
  const auto limits = [](const std::string& name, const std::string& max,
                         const std::string& name_space = "shop") {
    return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name +
           R"(","namespace":")" + name_space + R"(","labels":{"for":"pods"}},"data":{"max":")" +
           max + "\",\"n\":null}}";
  };
  const auto with = [&](const std::string& ref, std::vector<std::string> objects) {
    objects.push_back(policy);
    objects.push_back(BindingJson(R"("validationActions":["Deny"],"paramRef":)" + ref));
    return PolicyWorld(objects).JudgeOne();
  };
  CHECK(with(R"({"name":"a"})", {limits("a", "5"), limits("b", "6")}).verdict == Verdict::kPass);
  CHECK(with(R"({"name":"b"})", {limits("a", "5"), limits("b", "6")}).verdict == Verdict::kFail);
  CHECK(
      with(R"({"name":"a","namespace":"x"})", {limits("a", "6"), limits("a", "5", "x")}).verdict ==
      Verdict::kPass);
  const PolicyResult missing = with(R"({"name":"c"})", {limits("a", "5")});
  CHECK(missing.verdict == Verdict::kFail);
  CHECK(missing.message ==
        "failed to configure binding: no params found for policy binding with `Deny` "
        "parameterNotFoundAction");
  CHECK(with(R"({"name":"c","parameterNotFoundAction":"Allow"})", {}).verdict == Verdict::kSkip);
  // Every selected parameter is evaluated.
  const PolicyResult several = with(R"({"selector":{"matchLabels":{"for":"pods"}}})",
                                    {limits("a", "5"), limits("b", "6"), limits("c", "7")});
  CHECK(several.verdict == Verdict::kFail);
  CHECK(several.decisions.size() == 2);
  CHECK(with(R"({"name":"a","selector":{}})", {}).verdict == Verdict::kError);
  // Without reference there is none; without any binding all of the kind are used.
  CHECK(PolicyWorld({policy, BindingJson(R"("validationActions":["Deny"])"), limits("a", "5")})
            .JudgeOne()
            .verdict == Verdict::kFail);
  CHECK(PolicyWorld({policy, limits("a", "5")}).JudgeOne().verdict == Verdict::kPass);
  CHECK(PolicyWorld({policy}).JudgeOne().verdict == Verdict::kFail);
}

TEST_CASE("parameters given with the request go before all others") {
  PolicyWorld world(
      {PolicyJson(R"("paramKind":{"apiVersion":"x/v1","kind":"K"},
         "validations":[{"expression":"params.max == 5"}])"),
       BindingJson(R"("validationActions":["Deny"],"paramRef":{"name":"placeholder"})")});
  AdmissionRequest request;
  request.object = world.Read(kPodJson);
  request.params = world.Read(R"({"max":5})");
  CHECK(world.Judge(request)[0].verdict == Verdict::kPass);
  request.params = world.Read(R"([{"max":5},{"max":6}])");
  CHECK(world.Judge(request)[0].verdict == Verdict::kFail);
}

TEST_CASE("budgets of cost") {
  // Each of the hundred validations costs about 700,000; ten million are there.
  const std::string list = "[0,1,2,3,4,5,6,7,8,9]";
  const std::string costly = fmt::format(
      "{0}.all(a, {0}.all(b, {0}.all(c, {0}.all(d, {0}.all(e, object.spec.priority == 5)))))",
      list);
  std::string validations;
  for (int i = 0; i < 100; ++i) {
    validations += fmt::format("{}{{\"expression\":\"{}\"}}", i == 0 ? "" : ",", costly);
  }
  const PolicyResult result = JudgeSpec("\"validations\":[" + validations + "]");
  CHECK(result.verdict == Verdict::kFail);
  REQUIRE(result.decisions.size() == 1);
  CHECK(result.decisions[0].message.find("validation failed due to running out of cost budget") ==
        0);
  const PolicyResult one = JudgeExpression(fmt::format("{0}.all(z, {1})", list, costly));
  CHECK(one.message.find("operation cancelled: actual cost limit exceeded") != std::string::npos);
}

TEST_CASE("a variable has a limit of its own, and its cost counts for the whole") {
  const std::string list = "[0,1,2,3,4,5,6,7,8,9]";
  const std::string costly = fmt::format(
      "{0}.all(a, {0}.all(b, {0}.all(c, {0}.all(d, {0}.all(e, object.spec.priority == 5)))))",
      list);
  // Together beyond the limit of one expression, each below it.
  CHECK(JudgeExpression("variables.x && " + costly,
                        ",\"variables\":[{\"name\":\"x\",\"expression\":\"" + costly + "\"}]")
            .verdict == Verdict::kPass);
  const PolicyResult result =
      JudgeExpression("variables.x", ",\"variables\":[{\"name\":\"x\",\"expression\":\"" +
                                         fmt::format("{0}.all(z, {1})", list, costly) + "\"}]");
  CHECK(result.message.find("composited variable \"x\" fails to evaluate: operation cancelled: "
                            "actual cost limit exceeded") != std::string::npos);
}

TEST_CASE("audit annotations") {
  const auto judge = [](const std::string& expression, const std::string& more = "") {
    return JudgeSpec(R"("auditAnnotations":[{"key":"k","valueExpression":")" + expression + "\"}]" +
                     more);
  };
  const PolicyResult result = judge("'  ' + object.metadata.name");
  CHECK(result.verdict == Verdict::kPass);
  REQUIRE(result.audit_annotations.size() == 1);
  CHECK(result.audit_annotations[0].key == "k");
  CHECK(result.audit_annotations[0].value == "web");
  CHECK(judge("null").audit_annotations.empty());
  CHECK(judge("' '").audit_annotations.empty());
  CHECK(judge("1").verdict == Verdict::kError);
  // An annotation that fails denies, whatever the actions are.
  CHECK(judge("string(object.x)").verdict == Verdict::kFail);
  CHECK(judge("string(object.x)", R"(,"failurePolicy":"Ignore")").verdict == Verdict::kPass);
}

TEST_CASE("what is not known here is not guessed") {
  const auto judge = [](const std::string& expression) { return JudgeExpression(expression); };
  for (const char* expression :
       {"namespaceObject.metadata.name == 'shop'", "request.userInfo.username == 'admin'",
        "authorizer.group('').resource('pods').check('get').allowed()",
        "authorizer.requestResource.check('get').allowed()", "has(request.options.x)",
        "!has(namespaceObject.metadata.labels)"}) {
    INFO(expression);
    const PolicyResult result = judge(expression);
    CHECK(result.verdict == Verdict::kError);
    CHECK(result.message.find("is not evaluable here") != std::string::npos);
    // Where something else settles it, it does not matter.
    CHECK(judge(std::string(expression) + " || object.kind == 'Pod'").verdict == Verdict::kPass);
    CHECK(judge(std::string(expression) + " && object.kind != 'Pod'").verdict == Verdict::kFail);
  }
  // A definite denial is one, even where another validation cannot be known.
  CHECK(JudgeSpec(R"("validations":[{"expression":"request.userInfo.username == ''"},
      {"expression":"false"}])")
            .verdict == Verdict::kFail);
  CHECK(JudgeExpression("variables.u == ''",
                        R"(,"variables":[{"name":"u","expression":"request.userInfo.username"}])")
            .message ==
        "request.userInfo is not evaluable here: it is not known who sends the "
        "request");
  CHECK(JudgeSpec(R"("matchConditions":[{"name":"a","expression":
      "request.userInfo.username != 'x'"}],"validations":[{"expression":"true"}])")
            .verdict == Verdict::kError);
}

TEST_CASE("the request as expressions see it") {
  PolicyWorld world({PolicyJson(ValidationJson(R"j(request.operation == 'UPDATE' &&
      request.name == 'web' && request.namespace == 'shop' && request.kind.kind == 'Pod' &&
      request.resource.resource == 'pods' && request.kind.version == 'v1' &&
      request.kind.group == '' && !has(request.subResource) && request.dryRun &&
      request.userInfo.username == 'alice' && 'dev' in request.userInfo.groups &&
      !has(request.userInfo.uid) && request.userInfo.extra['k'] == ['v'] &&
      oldObject.spec.priority == 5 && namespaceObject.metadata.labels.env == 'prod')j"))});
  AdmissionRequest request;
  request.object = world.Read(kPodJson);
  request.old_object = world.Read(kPodJson);
  request.dry_run = true;
  request.user_info =
      world.Read(R"({"username":"alice","uid":"","groups":["dev"],"extra":{"k":["v"]}})");
  request.namespace_object = world.Read(R"({"metadata":{"labels":{"env":"prod"}}})");
  const PolicyResult result = world.Judge(request)[0];
  CHECK(result.message.empty());
  CHECK(result.verdict == Verdict::kPass);
}

TEST_CASE("deletions and cluster-scoped objects") {
  PolicyWorld world({PolicyJson(ValidationJson(R"j(object == null &&
      request.operation == 'DELETE' && !has(request.namespace) && namespaceObject == null)j"))});
  AdmissionRequest request;
  request.old_object =
      world.Read(R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n","namespace":"x"}})");
  const PolicyResult result = world.Judge(request)[0];
  CHECK(result.message.empty());
  CHECK(result.verdict == Verdict::kPass);
}

TEST_CASE("nulls of built-in kinds are absent, those of custom kinds are not") {
  const std::string spec = R"j("validations":[{"expression":"has(object.spec.x)"}])j";
  const std::string pod = R"({"apiVersion":"v1","kind":"Pod","spec":{"x":null}})";
  const std::string own = R"({"apiVersion":"e.com/v1","kind":"K","spec":{"x":null}})";
  CHECK(PolicyWorld({PolicyJson(spec)}).JudgeOne(pod).verdict == Verdict::kFail);
  CHECK(PolicyWorld({PolicyJson(spec)}).JudgeOne(own).verdict == Verdict::kPass);
}

TEST_CASE("requests without an object of some kind are refused") {
  PolicyWorld world({PolicyJson(R"("validations":[{"expression":"true"}])")});
  for (const char* object : {"null", "[]", "{}", R"({"kind":"Pod"})", R"({"apiVersion":"v1"})"}) {
    INFO(object);
    AdmissionRequest request;
    request.object = world.Read(object);
    CHECK_FALSE(world.runner().Judge(request).has_value());
  }
}

TEST_CASE("a set is shared by threads") {
  io::KeyTable keys;
  io::Tree tree;
  const std::string policy = PolicyJson(R"j("variables":[{"name":"n","expression":
      "object.metadata.name"}],"validations":[{"expression":"variables.n.matches('^w.b$')"}])j");
  REQUIRE(io::ReadJson(policy, {}, keys, tree).has_value());
  const io::NodeView views[] = {{tree, keys, tree.roots().front().node}};
  const auto set = PolicySet::Compile(views, {}, keys);
  REQUIRE(set.has_value());
  std::vector<int> passed(4);
  {
    std::vector<std::jthread> threads;
    for (int& count : passed) {
      threads.emplace_back([&count, &set, table = keys]() mutable {
        PolicyRunner runner(*set, table);
        for (int i = 0; i < 50; ++i) {
          io::Tree object;
          if (!io::ReadJson(kPodJson, {}, table, object)) return;
          AdmissionRequest request;
          request.object = {object, table, object.roots().front().node};
          const auto results = runner.Judge(request);
          count += results && results->front().verdict == Verdict::kPass ? 1 : 0;
        }
      });
    }
  }
  for (const int count : passed) CHECK(count == 50);
}

}  // namespace ouro::rules
