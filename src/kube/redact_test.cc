#include "kube/redact.h"

#include <doctest.h>

#include <string>

namespace ouro::kube {
namespace {

std::string Redacted(std::string_view object, const RedactOptions& options = {}) {
  const Result<std::string> redacted = Redact(object, options);
  REQUIRE_MESSAGE(redacted, (redacted ? "" : redacted.error().ToString()));
  CHECK(Redact(*redacted, options).value() == *redacted);  // idempotent
  return *redacted;
}

TEST_CASE("Redact: a Secret keeps its keys and loses its values") {
  const std::string secret = Redacted(R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s",
    "annotations":{
      "kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"a\":\"aGlkZGVu\"}}",
      "kubernetes.io/service-account.name":"sa","vault.example.com/token":"hidden","note":"plain"},
    "managedFields":[{"manager":"m"}]},
    "data":{"a":"aGlkZGVu","b":""},"stringData":{"c":"hidden","d":{"e":"hidden"}},"type":"Opaque",
 "immutable":true})");
  CHECK(
      secret ==
      R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s",)"
      R"("annotations":{"kubernetes.io/service-account.name":"sa","vault.example.com/token":"REDACTED","note":"plain"}},)"
      R"("data":{"a":"REDACTED","b":"REDACTED"},"stringData":{"c":"REDACTED","d":"REDACTED"},"type":"Opaque","immutable":true})");
  CHECK(Redacted(R"({"kind":"Secret","data":"aGlkZGVu","stringData":null})") ==
        R"({"kind":"Secret","data":"REDACTED","stringData":null})");
}

TEST_CASE("Redact: environment variables of any pod template") {
  CHECK(
      Redacted(R"({"kind":"Deployment","apiVersion":"apps/v1","spec":{"template":{"spec":{
    "containers":[{"name":"a","env":[{"name":"DB_PASSWORD","value":"hidden"},{"value":"hidden",
 "name":"apiToken"},
      {"name":"DB_HOST","value":"db"},{"name":"TOKEN","valueFrom":{"secretKeyRef":{"name":"s",
 "key":"token"}}},
      {"name":"TOKEN_FILE","value":"/run/token"},{"name":"PASSWORD","value":""}, "odd",
 {"value":1,"name":"SECRET"}]}],
    "initContainers":[{"env":[{"name":"AWS_SECRET_ACCESS_KEY","value":"hidden"}]}]}}}})") ==
      R"({"kind":"Deployment","apiVersion":"apps/v1","spec":{"template":{"spec":{)"
      R"("containers":[{"name":"a","env":[{"name":"DB_PASSWORD","value":"REDACTED"},{"value":"REDACTED","name":"apiToken"},)"
      R"({"name":"DB_HOST","value":"db"},{"name":"TOKEN","valueFrom":{"secretKeyRef":{"name":"s","key":"token"}}},)"
      R"({"name":"TOKEN_FILE","value":"/run/token"},{"name":"PASSWORD","value":""},"odd",{"value":1,"name":"SECRET"}]}],)"
      R"("initContainers":[{"env":[{"name":"AWS_SECRET_ACCESS_KEY","value":"REDACTED"}]}]}}}})");
}

TEST_CASE("Redact: the copy that kubectl keeps goes from every kind") {
  CHECK(
      Redacted(
          R"({"kind":"Pod","metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}","a":"b"}}})") ==
      R"({"kind":"Pod","metadata":{"annotations":{"a":"b"}}})");
}

TEST_CASE("Redact: custom resources") {
  CHECK(
      Redacted(
          R"({"kind":"Grafana","apiVersion":"grafana.example.com/v1","spec":{"adminPassword":"hidden",
    "passwordRef":"s","secretName":"s","token":{"a":"b"},"tokens":3,
 "list":[{"clientSecret":"hidden"}],"env":{"API_KEY":"hidden"}}})") ==
      R"({"kind":"Grafana","apiVersion":"grafana.example.com/v1","spec":{"adminPassword":"REDACTED",)"
      R"("passwordRef":"s","secretName":"s","token":{"a":"b"},"tokens":3,"list":[{"clientSecret":"REDACTED"}],"env":{"API_KEY":"REDACTED"}}})");
  // Kubernetes' own kinds have no such fields but Secrets; what looks like one stays.
  CHECK(Redacted(R"({"kind":"Role","apiVersion":"rbac.authorization.k8s.io/v1","token":"t"})") ==
        R"({"kind":"Role","apiVersion":"rbac.authorization.k8s.io/v1","token":"t"})");
}

TEST_CASE("Redact: types of items, Lists") {
  CHECK(Redacted(R"({"metadata":{"name":"a"},"data":{"k":"hidden"}})", {"v1", "Secret"}) ==
        R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"},"data":{"k":"REDACTED"}})");
  CHECK(
      Redacted(
          R"({"kind":"SecretList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[{"data":{"k":"hidden"}}]})") ==
      R"({"kind":"SecretList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[{"apiVersion":"v1","kind":"Secret","data":{"k":"REDACTED"}}]})");
  CHECK(
      Redacted(
          R"({"kind":"List","apiVersion":"v1","items":[{"kind":"Secret","apiVersion":"v1","data":{"k":"hidden"}},null]})") ==
      R"({"kind":"List","apiVersion":"v1","items":[{"kind":"Secret","apiVersion":"v1","data":{"k":"REDACTED"}},null]})");
}

TEST_CASE("Redact: everything else stays as it was written") {
  const std::string text =
      R"({"kind":"X","apiVersion":"v1","a":1.50,"b":1e3,"c":"\u0041\/","d":[true,false,null,{}, []],"e":{"f":-0}})";
  CHECK(
      Redacted(text) ==
      R"({"kind":"X","apiVersion":"v1","a":1.50,"b":1e3,"c":"\u0041\/","d":[true,false,null,{},[]],"e":{"f":-0}})");
}

TEST_CASE("Redact: a repeated key cannot hide a value") {
  CHECK(Redacted(R"({"kind":"Pod","kind":"Secret","data":{"a":"hidden"},"data":{"b":"hidden"}})") ==
        R"({"kind":"Secret","data":{"b":"REDACTED"}})");
}

TEST_CASE("Redact: what is no object") {
  for (const char* text : {"", "[]", "1", "{", "{}{}", R"({"a":)", "null"}) {
    CAPTURE(text);
    CHECK(Redact(text).error().code == ErrorCode::kParse);
  }
}

TEST_CASE("IsCredentialName") {
  for (const char* name : {"PASSWORD",
                           "DB_PASSWORD",
                           "dbPassword",
                           "db-password",
                           "PGPASSWORD",
                           "MYSQL_PWD",
                           "token",
                           "GITHUB_TOKEN",
                           "accessToken",
                           "HTTPToken",
                           "API_KEY",
                           "apiKey",
                           "apikey",
                           "AWS_SECRET_ACCESS_KEY",
                           "AWS_ACCESS_KEY_ID",
                           "CLIENT_SECRET",
                           "privateKey",
                           "GOOGLE_CREDENTIALS",
                           "encryption.key",
                           "secretKeyBase"}) {
    CAPTURE(name);
    CHECK(IsCredentialName(name));
  }
  for (const char* name :
       {"", "HOST", "KEY", "CACHE_KEY", "PASSWORD_FILE", "tokenPath", "SECRET_NAME", "TOKEN_TTL",
        "tokenUrl", "COMPASS", "BYPASS", "PASSTHROUGH", "PUBLIC_KEY", "secretRef", "tokens",
        "KEYCLOAK_URL", "monkey"}) {
    CAPTURE(name);
    CHECK_FALSE(IsCredentialName(name));
  }
}

}  // namespace
}  // namespace ouro::kube
