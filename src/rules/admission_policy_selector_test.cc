#include "rules/admission_policy_selector.h"

#include <doctest.h>

namespace ouro::rules {

namespace {

struct Parsed {
  io::KeyTable keys;
  io::Tree tree;
  explicit Parsed(std::string json) {
    REQUIRE(io::ReadJson(std::move(json), {}, keys, tree).has_value());
    REQUIRE(!tree.roots().front().failed);
  }
  io::NodeView view() const { return {tree, keys, tree.roots().front().node}; }
};

bool Selected(const std::string& selector, const std::string& labels) {
  const Parsed parsed(R"({"selector":)" + selector + R"(,"labels":)" + labels + "}");
  const auto read = ReadLabelSelector(parsed.view().Get("selector"));
  REQUIRE(read.has_value());
  REQUIRE(read->error.empty());
  return Selects(*read, LabelsOf(parsed.view().Get("labels"))) == Answer::kYes;
}

std::string ErrorOf(const std::string& selector) {
  const Parsed parsed(selector);
  const auto read = ReadLabelSelector(parsed.view());
  REQUIRE(read.has_value());
  return read->error;
}

}  // namespace

TEST_CASE("operators of label selectors") {
  const std::string labels = R"({"app":"web","tier":""})";
  CHECK(Selected("null", labels));
  CHECK(Selected("{}", "null"));
  CHECK(Selected(R"({"matchLabels":{"app":"web"}})", labels));
  CHECK_FALSE(Selected(R"({"matchLabels":{"app":"web","env":"x"}})", labels));
  CHECK(Selected(R"({"matchLabels":{"tier":""}})", labels));
  CHECK_FALSE(Selected(R"({"matchLabels":{"env":""}})", labels));
  const auto with = [&](const std::string& requirement) {
    return Selected(R"({"matchExpressions":[)" + requirement + "]}", labels);
  };
  CHECK(with(R"({"key":"app","operator":"In","values":["a","web"]})"));
  CHECK_FALSE(with(R"({"key":"env","operator":"In","values":["a"]})"));
  CHECK(with(R"({"key":"env","operator":"NotIn","values":["a"]})"));
  CHECK_FALSE(with(R"({"key":"app","operator":"NotIn","values":["web"]})"));
  CHECK(with(R"({"key":"tier","operator":"Exists"})"));
  CHECK_FALSE(with(R"({"key":"env","operator":"Exists"})"));
  CHECK(with(R"({"key":"env","operator":"DoesNotExist"})"));
  CHECK_FALSE(with(R"({"key":"tier","operator":"DoesNotExist","values":[]})"));
}

TEST_CASE("a label that is not known decides nothing, unless a known one does") {
  const Parsed parsed(R"({"matchExpressions":[{"key":"a","operator":"Exists"},)"
                      R"({"key":"b","operator":"In","values":["x"]}]})");
  const auto selector = ReadLabelSelector(parsed.view());
  REQUIRE(selector.has_value());
  const auto with = [](std::string_view b) {
    return [b](std::string_view key) {
      return key == "b" ? LabelLookup{Answer::kYes, b} : LabelLookup{Answer::kUnknown, {}};
    };
  };
  CHECK(Selects(*selector, with("x")) == Answer::kUnknown);
  CHECK(Selects(*selector, with("y")) == Answer::kNo);
}

TEST_CASE("selectors that cannot be used say why") {
  const auto expression = [](const std::string& text) {
    return ErrorOf(R"({"matchExpressions":[)" + text + "]}");
  };
  CHECK(expression(R"({"key":"a","operator":"Equals","values":["b"]})") ==
        "\"Equals\" is not a valid label selector operator");
  CHECK_FALSE(expression(R"({"key":"a","operator":"In"})").empty());
  CHECK_FALSE(expression(R"({"key":"a","operator":"Exists","values":["b"]})").empty());
  CHECK_FALSE(expression(R"({"key":"a b","operator":"Exists"})").empty());
  CHECK_FALSE(ErrorOf(R"({"matchLabels":{"/a":"b"}})").empty());
  CHECK_FALSE(ErrorOf(R"({"matchLabels":{"A.b/c":"d"}})").empty());
  CHECK_FALSE(ErrorOf(R"({"matchLabels":{"a":"-"}})").empty());
  CHECK_FALSE(ErrorOf(R"({"matchLabels":{"a":")" + std::string(64, 'x') + R"("}})").empty());
  CHECK(ErrorOf(R"({"matchLabels":{"example.com/A_b.c":"x.y_z-1"}})").empty());
}

TEST_CASE("wrong shapes are refused") {
  for (const char* text : {"[]", R"({"matchLabels":[]})", R"({"matchLabels":{"a":1}})",
                           R"({"matchExpressions":{}})", R"({"matchExpressions":[{"key":"a"}]})",
                           R"({"matchExpressions":[{"key":"a","operator":"In","values":[1]}]})"}) {
    INFO(text);
    const Parsed parsed(text);
    CHECK_FALSE(ReadLabelSelector(parsed.view()).has_value());
  }
}

}  // namespace ouro::rules
