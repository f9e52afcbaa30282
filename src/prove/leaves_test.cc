#include "prove/leaves.h"

#include <doctest.h>

namespace ouro::prove {
namespace {

struct Pair {
  io::KeyTable keys;
  io::Tree before;
  io::Tree after;

  Pair(std::string a, std::string b) {
    REQUIRE(io::ReadJson(std::move(a), {}, keys, before));
    REQUIRE(io::ReadJson(std::move(b), {}, keys, after));
  }
  uint32_t root(const io::Tree& tree) const { return tree.roots().front().node; }

  // "+a.b", "-c", "~d", in order.
  std::string Changes() {
    std::string out;
    for (const Change& change : Compare(before, root(before), after, root(after), keys)) {
      if (!out.empty()) out += ' ';
      out += change.kind == ChangeKind::kAdded ? '+' : '-';
      if (change.kind == ChangeKind::kChanged) out.back() = '~';
      out += change.path;
    }
    return out;
  }
};

std::string Changes(std::string before, std::string after) {
  return Pair(std::move(before), std::move(after)).Changes();
}

}  // namespace

TEST_CASE("what the server adds, drops and changes") {
  CHECK(Changes(R"({"a":1})", R"({"a":1})").empty());
  CHECK(Changes(R"({"a":1})", R"({"a":1,"b":{"c":2}})") == "+b");
  CHECK(Changes(R"({"a":{"x":1},"b":2})", R"({"a":{}})") == "-a.x -b");
  CHECK(Changes(R"({"a":1,"b":[1]})", R"({"a":2,"b":{"c":1}})") == "~a ~b");
  CHECK(Changes(R"({"l":[{"n":"a"}]})", R"({"l":[{"n":"a","p":1},{"n":"b"}]})") == "+l[0].p +l[1]");
  CHECK(Changes(R"({"l":[1,2]})", R"({"l":[1]})") == "-l[1]");
  CHECK(Changes(R"({"m":{}})", R"({"m":{"a.b/c":"d"}})") == "+m['a.b/c']");
}

TEST_CASE("values that mean nothing may be left out") {
  CHECK(Changes(R"({"a":null,"b":false,"c":0,"d":"","e":{},"f":[],"g":{"h":null}})", "{}").empty());
  CHECK(Changes(R"({"a":[0]})", "{}") == "-a");
  CHECK(Changes(R"({"a":null})", R"({"a":"default"})") == "+a");
  CHECK(Changes(R"({"a":{"b":null}})", R"({"a":{}})").empty());
  CHECK(Changes(R"({"a":true})", "{}") == "-a");
}

TEST_CASE("other spellings of a value are the same") {
  CHECK(Changes(R"({"cpu":"1000m","memory":"1024Mi"})", R"({"cpu":"1","memory":"1Gi"})").empty());
  CHECK(Changes(R"({"cpu":0.5})", R"({"cpu":"500m"})").empty());
  CHECK(Changes(R"({"cpu":2})", R"({"cpu":"2"})").empty());
  CHECK(Changes(R"({"cpu":"2"})", R"({"cpu":"3"})") == "~cpu");
  CHECK(Changes(R"({"a":"x"})", R"({"a":"X"})") == "~a");
}

TEST_CASE("what the server writes for itself is no change") {
  CHECK(Changes(R"({"metadata":{"name":"a","uid":"1"},"status":{"a":1}})",
                R"({"metadata":{"name":"a","uid":"2","managedFields":[1],"generation":1},
                    "status":{"b":2}})")
            .empty());
}

TEST_CASE("an object without some of its fields, and under another name") {
  Pair pair("{}", R"({"metadata":{"name":"a","labels":{"x":"y"}},"l":[{"p":1,"q":2},{"p":3}]})");
  std::vector<PathNode> all;
  ListBelow(pair.after, pair.keys, "", pair.root(pair.after), all);
  std::vector<uint32_t> left_out;
  for (const PathNode& one : all) {
    if (PathEndsWith(one.path, "l[].p")) left_out.push_back(one.node);
  }
  CHECK(left_out.size() == 2);
  CHECK(JsonWithout(pair.after, pair.keys, pair.root(pair.after), left_out) ==
        R"({"metadata":{"name":"a","labels":{"x":"y"}},"l":[{"q":2},{}]})");
  CHECK(JsonRenamed(pair.after, pair.keys, pair.root(pair.after), "b\"c") ==
        R"({"l":[{"p":1,"q":2},{"p":3}],"metadata":{"name":"b\"c","labels":{"x":"y"}}})");
  CHECK_FALSE(JsonRenamed(pair.before, pair.keys, pair.root(pair.before), "b"));
}

TEST_CASE("ends of paths") {
  CHECK(PathEndsWith("spec.containers[0].ports[12].hostPort", "ports[].hostPort"));
  CHECK(PathEndsWith("ports[0].hostPort", "ports[].hostPort"));
  CHECK_FALSE(PathEndsWith("spec.reports[0].hostPort", "ports[].hostPort"));
  CHECK_FALSE(PathEndsWith("spec.ports.hostPort", "ports[].hostPort"));
  CHECK(PathEndsWith("spec.volumes[3]", "volumes[]"));
  CHECK(PathEndsWith("metadata.annotations['a.b/c']", "annotations['a.b/*']"));
}

}  // namespace ouro::prove
