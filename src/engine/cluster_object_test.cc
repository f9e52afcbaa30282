#include "engine/cluster_object.h"

#include <doctest/doctest.h>

#include "engine/snapshot.h"

namespace ouro::engine {
namespace {

const rules::RuleSet& BuiltinRules() {
  static const auto kSnapshot = *Snapshot::Create({});
  return *kSnapshot->rules();
}

LiveObject ReadOne(std::string_view item, std::string_view version = "v1",
                   std::string_view kind = "Pod", ObjectReader::Options options = {}) {
  ObjectReader reader(BuiltinRules(), options);
  LiveObject object;
  const Status read = reader.Read(item, version, kind, object);
  CHECK_MESSAGE(read, (read ? "" : read.error().message));
  return object;
}

std::string Replica(std::string_view name, std::string_view node, std::string_view token) {
  return R"({"metadata":{"name":")" + std::string(name) + R"(","namespace":"shop","uid":"u-)" +
         std::string(name) +
         R"(","resourceVersion":"17","labels":{"app":"web","apps.kubernetes.io/pod-index":")" +
         std::string(name) +
         R"("},"annotations":{"a":"b","cni.projectcalico.org/podIP":"10.0.0.1)" +
         std::string(name) +
         R"("},"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-5d","uid":"r1","controller":true}],"managedFields":[{"manager":"x\"}"}]},"spec":{"nodeName":")" +
         std::string(node) + R"(","affinity":{"nodeAffinity":")" + std::string(node) +
         R"("},"volumes":[{"name":"kube-api-access-)" + std::string(token) +
         R"("}],"containers":[{"name":"web","volumeMounts":[{"name":"kube-api-access-)" +
         std::string(token) + R"("}]}]},"status":{"podIP":"10.1.2.3"}})";
}

}  // namespace

TEST_CASE("replicas of one controller that differ only in what nobody reads have one key") {
  const LiveObject a = ReadOne(Replica("web-5d-a", "n1", "7x2mw"));
  const LiveObject b = ReadOne(Replica("web-5d-b", "n2", "bcdfg"));
  CHECK(a.key == b.key);
  CHECK(a.name == "web-5d-a");
  CHECK(a.name_space == "shop");
  CHECK(a.uid == "u-web-5d-a");
  CHECK(a.controller == Controller{"apps/v1", "ReplicaSet", "web-5d", "r1"});
  CHECK(a.text ==
        R"({"metadata":{"namespace":"shop","labels":{"app":"web"},"annotations":{"a":"b"}},)"
        R"("spec":{"volumes":[{"name":"kube-api-access-xxxxx"}],"containers":[{"name":"web",)"
        R"("volumeMounts":[{"name":"kube-api-access-xxxxx"}]}]},"apiVersion":"v1","kind":"Pod"})");
}

TEST_CASE("a difference that rules may read makes another key") {
  const LiveObject a = ReadOne(Replica("web-5d-a", "n1", "7x2mw"));
  std::string changed = Replica("web-5d-b", "n1", "7x2mw");
  changed.replace(changed.find("\"name\":\"web\""), 12, "\"name\":\"wet\"");
  CHECK(ReadOne(changed).key != a.key);
  // A name that only looks random is somebody's own.
  CHECK(ReadOne(Replica("web-5d-b", "n1", "hello")).key != a.key);
  CHECK(ReadOne(Replica("web-5d-b", "n1", "7x2mw2")).key != a.key);
}

TEST_CASE("names and labels stay where an exclude looks at them") {
  const auto text = ReadOne(Replica("web-5d-a", "n1", "7x2mw"), "v1", "Pod", {true, true}).text;
  CHECK(text.find(R"("name":"web-5d-a")") != std::string::npos);
  CHECK(text.find("pod-index") != std::string::npos);
}

TEST_CASE("an object of its own keeps its name and has no key") {
  const LiveObject object = ReadOne(
      R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop",)"
      R"("uid":"d1","managedFields":[1]},"spec":{"template":{}},"status":{"x":1}})",
      "", "");
  CHECK(object.api_version == "apps/v1");
  CHECK(object.kind == "Deployment");
  CHECK(object.key.empty());
  CHECK(object.text == R"({"metadata":{"name":"web","namespace":"shop"},"spec":{"template":{}},)"
                       R"("apiVersion":"apps/v1","kind":"Deployment"})");
}

TEST_CASE("the mirror of a static pod stands for itself, without the name of its node") {
  const LiveObject object = ReadOne(
      R"({"metadata":{"name":"etcd-node-1","namespace":"kube-system","uid":"e","annotations":)"
      R"({"kubernetes.io/config.mirror":"x","kubernetes.io/config.hash":"y"},"ownerReferences":)"
      R"([{"apiVersion":"v1","kind":"Node","name":"node-1","uid":"n","controller":true}]},)"
      R"("spec":{"nodeName":"node-1","containers":[]}})");
  CHECK(object.mirror);
  CHECK(object.name == "etcd");
  CHECK(object.controller.empty());
  CHECK(object.text.find(R"("name":"etcd")") != std::string::npos);
  CHECK(object.text.find("config.hash") == std::string::npos);
}

TEST_CASE("an old revision is known by its scale and its controller") {
  const std::string owned =
      R"({"metadata":{"name":"web-4c","ownerReferences":[{"apiVersion":)"
      R"("apps/v1","kind":"Deployment","name":"web","uid":"d","controller":true}]},)";
  CHECK(ReadOne(owned + R"("spec":{"replicas":0}})", "apps/v1", "ReplicaSet").old_revision);
  CHECK_FALSE(ReadOne(owned + R"("spec":{"replicas":2}})", "apps/v1", "ReplicaSet").old_revision);
  CHECK_FALSE(
      ReadOne(R"({"metadata":{"name":"mine"},"spec":{"replicas":0}})", "apps/v1", "ReplicaSet")
          .old_revision);
}

TEST_CASE("escapes hide nothing") {
  const LiveObject object =
      ReadOne(R"({"met\u0061data":{"n\u0061me":"w\u0065b","namespace":"shop"},)"
              R"("sp\u0065c":{"hostPID":true,"containers":[]}})");
  CHECK(object.name == "web");
  CHECK(object.text.find(R"("hostPID":true)") != std::string::npos);
  const LiveObject pod =
      ReadOne(R"({"metadata":{"name":"a"},"spec":{"host\u0050ID":true,"containers":[]}})");
  CHECK(pod.text.find(R"("hostPID":true)") != std::string::npos);
}

TEST_CASE("what is no object is refused") {
  ObjectReader reader(BuiltinRules(), {});
  LiveObject object;
  for (const std::string_view item :
       {"", "[]", "1", "{", R"({"metadata":{}})", R"({"metadata":{"name":"x")",
        R"({"metadata":{"name":3}})", R"({"spec":{}})",
        R"({"metadata":{"name":"x"},"spec":{"a":}})",
        R"({"metadata":{"name":"x","annotations":{"a"}}})"}) {
    CHECK_FALSE_MESSAGE(reader.Read(item, "v1", "Pod", object), item);
  }
  CHECK_FALSE(reader.Read(R"({"metadata":{"name":"x"}})", "", "", object));
}

}  // namespace ouro::engine
