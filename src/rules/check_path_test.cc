#include "rules/check_path.h"

#include <doctest.h>

using namespace ouro;

namespace {

std::string ItemName(const char* yaml, const char* list_key) {
  io::KeyTable keys;
  io::Tree tree;
  REQUIRE(io::ReadYaml(yaml, {}, keys, tree));
  return rules::ListItemName(tree, keys, list_key, tree.roots()[0].node);
}

}  // namespace

TEST_CASE("paths of check files") {
  const auto path = rules::ParseCheckPath("metadata.annotations['a.b/c'].x[3][\"y\"]");
  REQUIRE(path);
  REQUIRE(path->size() == 6);
  CHECK((*path)[2].key == "a.b/c");
  CHECK((*path)[4].index == 3);
  CHECK((*path)[5].key == "y");
  CHECK(rules::ParseCheckPath("")->empty());
  CHECK(rules::ParseCheckPath(".")->empty());
  for (const char* bad :
       {"a.", "a..b", ".a", "a b", "a[", "a['x", "a['x'", "a[-1]", "a[x]", "a]"}) {
    CHECK_MESSAGE(!rules::ParseCheckPath(bad), bad);
  }
}

TEST_CASE("steps are written so that odd keys stay one step") {
  std::string path = "$";
  rules::AppendKeyStep(path, "spec");
  rules::AppendIndexStep(path, 2);
  rules::AppendKeyStep(path, "a.b/c'd");
  CHECK(path == "$.spec[2]['a.b/c\\'d']");
}

TEST_CASE("list items are named by what identifies them") {
  CHECK(ItemName("{name: web, image: x}", "containers") == "name=web");
  CHECK(ItemName("{containerPort: 80}", "ports") == "containerPort=80");
  CHECK(ItemName("{name: data, mountPath: /data}", "volumeMounts") == "mountPath=/data");
  CHECK(ItemName("SYS_ADMIN", "add") == "SYS_ADMIN");
  CHECK(ItemName("{kind: Group, name: g}", "subjects") == "Group/g");
  CHECK(ItemName("{kind: ServiceAccount, namespace: shop, name: g}", "subjects") ==
        "ServiceAccount/shop/g");
  CHECK(ItemName("{verbs: [list, get], apiGroups: [\"\"], resources: [pods]}", "rules") ==
        "/pods:get,list");
  CHECK(ItemName("{a: 1, b: [x]}", "things") == ItemName("{b: [x], a: 1}", "things"));
  CHECK(ItemName("{a: 1}", "things") != ItemName("{a: 2}", "things"));
}
