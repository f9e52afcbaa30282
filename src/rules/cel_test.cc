// The engine as a whole: parse, check, lower, evaluate.
#include "rules/cel.h"

#include <doctest.h>

#include <string>
#include <vector>

namespace ouro::rules {
namespace {

constexpr std::string_view kDocument = R"(
name: shop
replicas: 3
empty: null
nested: {text: "a", flag: true, ratio: 0.5}
items:
  - {name: a, size: 1}
  - {name: b, size: 2, extra: {enabled: true}}
  - {name: c}
numbers: [1, 2, 3]
)";

struct Engine {
  io::KeyTable keys;
  io::Tree tree;
  EnvironmentOptions options;
  std::shared_ptr<const Environment> environment;
  std::shared_ptr<const Program> program;
  std::unique_ptr<Evaluator> evaluator;

  Engine() {
    REQUIRE(io::ReadYaml(std::string(kDocument), {}, keys, tree));
    options.variables = {{"object", "dyn", 0}, {"item", "dyn", 2}, {"count", "int", 0}};
  }

  Result<CompiledExpression> Compile(std::string_view text, std::string_view type = {}) {
    auto created = Environment::Create(options);
    REQUIRE(created);
    environment = *created;
    ProgramBuilder builder(environment, keys);
    auto compiled = builder.Add(text, type);
    program = builder.Build();
    return compiled;
  }

  Value Run(std::string_view text) {
    const auto compiled = Compile(text);
    REQUIRE_MESSAGE(compiled, text << ": " << (compiled ? "" : compiled.error().ToString()));
    evaluator = std::make_unique<Evaluator>(program, keys);
    evaluator->Bind(environment->VariableIndex("object"),
                    Value::OfNode(tree, tree.roots().front().node));
    evaluator->Bind(environment->VariableIndex("count"), Value::Int(2));
    return evaluator->Run(compiled->entry);
  }

  std::string Text(std::string_view text) {
    const Value value = Run(text);
    return (value.is_error() ? "error: " : "") + ValueToText(value, keys);
  }
  std::string TypeOf(std::string_view text) {
    const auto compiled = Compile(text);
    return compiled ? compiled->result_type : "error: " + compiled.error().message;
  }
};

TEST_CASE_FIXTURE(Engine, "selection, indexing and presence over a document") {
  CHECK(Text("object.name") == "shop");
  CHECK(Text("object['name']") == "shop");
  CHECK(Text("object.nested.flag") == "true");
  CHECK(Text("object.items[1].extra.enabled") == "true");
  CHECK(Text("object.items[3]") == "error: index out of bounds: 3");
  CHECK(Text("object.items['a']") == "error: unsupported index type 'string' in list");
  CHECK(Text("object.missing") == "error: no such key: missing");
  CHECK(Text("object.missing.deeper") == "error: no such key: missing");
  CHECK(Text("object.empty.field") == "error: no such key: field");
  CHECK(Text("has(object.missing)") == "false");
  CHECK(Text("has(object.empty)") == "true");
  CHECK(Text("has(object.empty.field)") == "false");
  CHECK(Text("has(object.missing.field)") == "error: no such key: missing");
  CHECK(Text("'name' in object") == "true");
  CHECK(Text("2 in object.numbers") == "true");
  CHECK(Text("2.0 in object.numbers && !(4 in object.numbers)") == "true");
  CHECK(Text("object.nested['a' + 'b']") == "error: no such key: ab");
  CHECK(Text("item.name") == "error: no such attribute(s): item");
}

TEST_CASE_FIXTURE(Engine, "logic absorbs errors in both orders") {
  CHECK(Text("object.missing || true") == "true");
  CHECK(Text("true || object.missing") == "true");
  CHECK(Text("object.missing && false") == "false");
  CHECK(Text("object.missing && true") == "error: no such key: missing");
  CHECK(Text("object.missing || object.other") == "error: no such key: missing");
  CHECK(Text("object.name && true") == "error: no such overload");
  CHECK(Text("object.name || true") == "true");
  CHECK(Text("(object.missing ? 1 : 2) == 1") == "error: no such key: missing");
  CHECK(Text("true ? 1 : object.missing") == "1");
}

TEST_CASE_FIXTURE(Engine, "loops and their errors") {
  CHECK(Text("object.items.all(i, has(i.size))") == "false");
  CHECK(Text("object.items.all(i, i.size > 0)") == "error: no such key: size");
  CHECK(Text("object.items.all(i, i.size > 1)") == "false");
  CHECK(Text("object.items.exists(i, i.size == 2)") == "true");
  CHECK(Text("object.items.exists(i, i.size == 9)") == "error: no such key: size");
  CHECK(Text("object.items.exists_one(i, i.name == 'a')") == "true");
  CHECK(Text("object.items.map(i, i.name)") == "[a, b, c]");
  CHECK(Text("object.items.map(i, has(i.size), i.size * 2)") == "[2, 4]");
  CHECK(Text("object.items.filter(i, has(i.extra)).map(i, i.name)") == "[b]");
  CHECK(Text("object.numbers.map(x, object.numbers.filter(y, y < x))") == "[[], [1], [1, 2]]");
  CHECK(Text("object.nested.all(k, k in object.nested)") == "true");
  CHECK(Text("object.name.all(c, true)") == "error: got 'string', expected iterable type");
  CHECK(Text("object.empty.all(c, true)") == "error: got 'null_type', expected iterable type");
  CHECK(Text("object.numbers.all(i, v, v == i + 1)") == "true");
  CHECK(Text("object.numbers.transformList(i, v, i > 0, i * v)") == "[2, 6]");
  CHECK(Text("object.numbers.transformMap(i, v, v * v)") == "{0: 1, 1: 4, 2: 9}");
  CHECK(Text("object.numbers.transformMapEntry(i, v, {string(v): i})") == "{1: 0, 2: 1, 3: 2}");
  CHECK(Text("[1, 1].transformMapEntry(i, v, {v: i})") ==
        "error: insert failed: key 1 already exists");
}

TEST_CASE_FIXTURE(Engine, "arithmetic overflows are errors") {
  CHECK(Text("9223372036854775807 + 1") == "error: integer overflow");
  CHECK(Text("-9223372036854775808 - 1") == "error: integer overflow");
  CHECK(Text("9223372036854775807 * 2") == "error: integer overflow");
  CHECK(Text("-9223372036854775808 / -1") == "error: integer overflow");
  CHECK(Text("-(-9223372036854775808)") == "error: integer overflow");
  CHECK(Text("1u - 2u") == "error: unsigned integer overflow");
  CHECK(Text("1 / 0") == "error: division by zero");
  CHECK(Text("1 % 0") == "error: modulus by zero");
  CHECK(Text("7 / -2 == -3 && 7 % -2 == 1") == "true");
  CHECK(Text("1.0 / 0.0 > 1e308 && -1.0 / 0.0 < -1e308") == "true");
  CHECK(Text("[1] + [2, 3]") == "[1, 2, 3]");
  CHECK(Text("'a' + 'b'") == "ab");
  CHECK(Text("b'a' + b'b' == b'ab'") == "true");
}

TEST_CASE_FIXTURE(Engine, "equality and order across types") {
  CHECK(Text("dyn(1) == 1u && dyn(1) == 1.0 && [1] == [dyn(1.0)]") == "true");
  CHECK(Text("1 < 2u && 2u > 1.5 && 1 <= 1.0") == "true");
  CHECK(Text("dyn('a') == 1") == "false");
  CHECK(Text("{'a': 1, 'b': 2} == {'b': 2, 'a': 1}") == "true");
  CHECK(Text("object.nested == {'flag': dyn(true), 'ratio': dyn(0.5), 'text': dyn('a')}") ==
        "true");
  CHECK(Text("dyn(null) < dyn(1)") == "error: no such overload");
}

TEST_CASE_FIXTURE(Engine, "optional values") {
  CHECK(Text("object.?missing.orValue('none')") == "none");
  CHECK(Text("object.?nested.?text.orValue('none')") == "a");
  CHECK(Text("object.?missing.deeper.orValue(1)") == "1");
  CHECK(Text("object.items[?7].hasValue()") == "false");
  CHECK(Text("object.?name.optMap(n, n + '!').value()") == "shop!");
  CHECK(Text("[?object.?missing, ?object.?name]") == "[shop]");
  CHECK(Text("{?'a': object.?missing, 'b': dyn(1)}") == "{b: 1}");
  CHECK(Text("object.?missing.or(object.?name).value()") == "shop");
  CHECK(Text("has(object.?nested.text) && !has(object.?nested.other)") == "true");
  options.kubernetes_minor = 27;
  CHECK(TypeOf("object.?name") == "error: unsupported syntax '.?'");
}

TEST_CASE_FIXTURE(Engine, "the checker refuses what cannot work and says why") {
  CHECK(TypeOf("1 + 'a'") ==
        "error: found no matching overload for '_+_' applied to '(int, string)'");
  CHECK(TypeOf("unknown") == "error: undeclared reference to 'unknown' (in container '')");
  CHECK(TypeOf("nope(1)") == "error: undeclared reference to 'nope' (in container '')");
  CHECK(TypeOf("count.field") == "error: type 'int' does not support field selection");
  CHECK(TypeOf("[1, 'a']") == "error: expected type 'int' but found 'string'");
  CHECK(TypeOf("count.all(x, true)") ==
        "error: expression of type 'int' cannot be range of a comprehension (must be list, map, or "
        "dynamic)");
  CHECK(TypeOf("duration('x')") == "error: invalid duration argument");
  CHECK(TypeOf("'a'.matches('(')") == "error: invalid matches argument");
  CHECK(TypeOf("'' == null") ==
        "error: found no matching overload for '_==_' applied to '(string, null)'");
  const auto failed = Compile("1 +\n 'a'");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().where == "1:3");
}

TEST_CASE_FIXTURE(Engine, "types are deduced") {
  CHECK(TypeOf("[1].map(x, [x])") == "list(list(int))");
  CHECK(TypeOf("{'a': [1u]}") == "map(string, list(uint))");
  CHECK(TypeOf("object.a.b") == "dyn");
  CHECK(TypeOf("count > 1 ? 'a' : 'b'") == "string");
  CHECK(TypeOf("[[]]") == "list(list(dyn))");
  CHECK(TypeOf("type(1)") == "type(int)");
  CHECK(TypeOf("object.?a") == "optional_type(dyn)");
  CHECK(Compile("count == 1", "bool"));
  CHECK(Compile("object.a", "bool"));
  CHECK_FALSE(Compile("count", "bool"));
  options.plain_cel = true;
  CHECK(TypeOf("[1, 'a']") == "list(dyn)");
}

TEST_CASE_FIXTURE(Engine, "declared object types") {
  options.object_types = {{"Spec", {{"a__dash__b", "int", "a-b"}, {"name", "string", ""}}}};
  options.variables.push_back({"self", "Spec", 0});
  CHECK(TypeOf("self.name") == "string");
  CHECK(TypeOf("self.other") == "error: undefined field 'other'");
  io::Tree spec;
  REQUIRE(io::ReadYaml("{a-b: 7, name: x}", {}, keys, spec));
  const auto compiled = Compile("self.a__dash__b");
  REQUIRE(compiled);
  Evaluator run(program, keys);
  run.Bind(environment->VariableIndex("self"), Value::OfNode(spec, spec.roots().front().node));
  CHECK(run.Run(compiled->entry).integer == 7);
}

TEST_CASE_FIXTURE(Engine, "names resolve from the container outwards, locals first") {
  options.container = "com.example";
  options.variables = {{"com.example.y", "int", 0}, {"y", "string", 0}, {"a.b", "dyn", 0}};
  CHECK(TypeOf("y") == "int");
  CHECK(TypeOf(".y") == "string");
  CHECK(TypeOf("[true].exists(y, y)") == "bool");
  CHECK(TypeOf("a.b.c") == "dyn");
}

TEST_CASE_FIXTURE(Engine, "well-known types evaluate to plain values") {
  CHECK(Text("google.protobuf.Int32Value{value: 5}") == "5");
  CHECK(Text("google.protobuf.Int32Value{value: 3000000000}").substr(0, 12) == "error: range");
  CHECK(Text("google.protobuf.Value{}") == "null");
  CHECK(Text("google.protobuf.Struct{fields: {'a': 1}}") == "{a: 1}");
  CHECK(Text("google.protobuf.Duration{seconds: 60} == duration('1m')") == "true");
}

TEST_CASE_FIXTURE(Engine,
                  "equal subexpressions of a program are evaluated once, and again when their "
                  "variables change") {
  auto created = Environment::Create(options);
  REQUIRE(created);
  ProgramBuilder builder(*created, keys);
  const auto first = builder.Add("item.name == 'a' && object.items.exists(i, i.name == item.name)");
  const auto second = builder.Add("object.items.exists(i, i.name == item.name)");
  REQUIRE(first);
  REQUIRE(second);
  Evaluator run(builder.Build(), keys);
  const uint32_t root = tree.roots().front().node;
  const uint32_t items = tree.Child(root, keys.Find("items"));
  run.Bind(0, Value::OfNode(tree, root));
  int count = 0;
  for (uint32_t i = items + 1; i < tree.node(items).next; i = tree.node(i).next) {
    run.Bind(1, Value::OfNode(tree, i));
    CHECK(run.Run(first->entry).is_true() == (count == 0));
    CHECK(run.Run(second->entry).is_true());
    ++count;
  }
  CHECK(count == 3);
  io::Tree other;
  REQUIRE(io::ReadYaml("{items: []}", {}, keys, other));
  run.Bind(0, Value::OfNode(other, other.roots().front().node));
  CHECK(run.Run(second->entry).is_false());
  run.Reset();
  CHECK(run.Run(second->entry).is_error());
}

TEST_CASE_FIXTURE(Engine, "a failed Add leaves the builder as it was") {
  auto created = Environment::Create(options);
  REQUIRE(created);
  ProgramBuilder builder(*created, keys);
  CHECK_FALSE(builder.Add("'a'.matches('(') && object.x.y"));
  CHECK_FALSE(builder.Add("1 +"));
  const auto good = builder.Add("object.name == 'shop'");
  REQUIRE(good);
  CHECK(good->entry == 0);
  Evaluator run(builder.Build(), keys);
  run.Bind(0, Value::OfNode(tree, tree.roots().front().node));
  CHECK(run.Run(0).is_true());
}

TEST_CASE_FIXTURE(Engine, "runtime cost is the API server's") {
  options.call_cost_limit = 1'000'000;
  const auto cost = [&](std::string_view text) {
    const Value value = Run(text);
    CHECK_MESSAGE(!value.is_error(), text);
    return evaluator->cost();
  };
  CHECK(cost("true") == 0);
  CHECK(cost("object.name") == 2);
  CHECK(cost("has(object.name)") == 1);
  CHECK(cost("object.numbers.all(x, x > 0)") == 18);
  CHECK(cost("object.numbers.exists(x, x == 2)") == 18);
  CHECK(cost("object.numbers.map(x, x)") == 42);
  CHECK(cost("2 in [1, 2]") == 0);
  CHECK(cost("count in [1, 2]") == 1);
  CHECK(cost("object.?missing.orValue(1)") == 1);
  options.call_cost_limit = 10;
  CHECK(Text("object.numbers.all(x, x > 0)") ==
        "error: operation cancelled: actual cost limit exceeded");
}

TEST_CASE_FIXTURE(Engine, "hostile nesting ends") {
  std::string numbers = "[0";
  for (int i = 1; i < 300; ++i) numbers += ", " + std::to_string(i);
  numbers += "]";
  const std::string text = numbers + ".all(a, " + numbers + ".all(b, " + numbers + ".all(c, " +
                           numbers + ".all(d, a + b + c + d >= 0))))";
  CHECK(Text(text) == "error: evaluation takes too many steps: limit reached");
  CHECK(evaluator->Run(0).is_error());
}

TEST_CASE_FIXTURE(Engine, "unchecked expressions resolve names when they are evaluated") {
  options.type_check = false;
  CHECK(Text("nope(1) || true") == "true");
  CHECK(Text("unknown") == "error: no such attribute(s): unknown");
  CHECK(Text("object.name.startsWith('sh')") == "true");
  CHECK(Text("object.name + 1") == "error: no such overload");
}

}  // namespace
}  // namespace ouro::rules
