#include "rules/value.h"

#include <doctest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace ouro::rules {
namespace {

struct Fixture {
  io::KeyTable keys;
  io::Tree tree;
  Arena arena;

  Value Read(const std::string& yaml) {
    REQUIRE(io::ReadYaml(yaml, {}, keys, tree));
    return Value::OfNode(tree, tree.roots().front().node);
  }
  Value ListOf(std::vector<Value> items, ListType type = ListType::kAtomic) {
    Value list = arena.NewList(items);
    const_cast<ListObject*>(list.list)->list_type = type;
    return list;
  }
  bool Equal(const Value& a, const Value& b) { return ValuesEqual(a, b, keys); }
};

TEST_CASE_FIXTURE(Fixture, "numbers are equal across types and NaN equals nothing") {
  CHECK(Equal(Value::Int(1), Value::Uint(1)));
  CHECK(Equal(Value::Int(1), Value::Double(1.0)));
  CHECK_FALSE(Equal(Value::Int(-1), Value::Uint(std::numeric_limits<uint64_t>::max())));
  CHECK_FALSE(Equal(Value::Double(1.5), Value::Int(1)));
  const double nan = std::nan("");
  CHECK_FALSE(Equal(Value::Double(nan), Value::Double(nan)));
  CHECK_FALSE(Equal(Value::Bool(true), Value::Int(1)));
  CHECK(Equal(Value::Double(0.0), Value::Double(-0.0)));
}

TEST_CASE_FIXTURE(Fixture, "equal values have equal hashes") {
  CHECK(HashValue(Value::Int(7)) == HashValue(Value::Double(7.0)));
  CHECK(HashValue(Value::Int(7)) == HashValue(Value::Uint(7)));
  CHECK(HashValue(Value::Double(0.0)) == HashValue(Value::Double(-0.0)));
  const int64_t large = (int64_t{1} << 53) + 1;
  CHECK(Equal(Value::Int(large), Value::Double(static_cast<double>(large))));
  CHECK(HashValue(Value::Int(large)) == HashValue(Value::Double(static_cast<double>(large))));
}

TEST_CASE_FIXTURE(Fixture, "document values equal built values, order of keys does not matter") {
  const Value document = Read("{a: [1, two], b: null}");
  const Value list = ListOf({Value::Int(1), Value::String("two")});
  const MapEntry entries[] = {{Value::String("b"), Value::Null()}, {Value::String("a"), list}};
  const Value built = arena.NewMap(entries);
  CHECK(Equal(document, built));
  CHECK(Equal(built, document));
  CHECK(MapSize(document) == 2);
  Value found;
  CHECK(MapFind(document, Value::String("a"), keys, found));
  CHECK(ListSize(found) == 2);
  CHECK(ListAt(found, 1).str() == "two");
  CHECK_FALSE(MapFind(document, Value::String("c"), keys, found));
  CHECK_FALSE(MapFind(document, Value::Int(1), keys, found));
}

TEST_CASE_FIXTURE(Fixture, "the last of duplicate keys is the one that is seen") {
  const Value document = Read("a: 1\nb: 2\na: 3\n");
  Value found;
  REQUIRE(MapFind(document, Value::String("a"), keys, found));
  CHECK(found.integer == 3);
  int count = 0;
  for (Walker w(document, keys); w.Next();) ++count;
  CHECK(count == 2);
}

TEST_CASE_FIXTURE(Fixture, "large maps are found and compared by hash") {
  std::vector<MapEntry> forward;
  std::vector<MapEntry> backward;
  for (int64_t i = 0; i < 5000; ++i) forward.push_back({Value::Int(i), Value::Int(i * i)});
  for (int64_t i = 4999; i >= 0; --i) {
    backward.push_back({Value::Double(static_cast<double>(i)), Value::Int(i * i)});
  }
  const Value a = arena.NewMap(forward);
  const Value b = arena.NewMap(backward);
  CHECK(Equal(a, b));
  Value found;
  REQUIRE(MapFind(a, Value::Uint(4999), keys, found));
  CHECK(found.integer == 4999 * 4999);
  CHECK_FALSE(MapFind(a, Value::Int(5000), keys, found));
}

TEST_CASE_FIXTURE(Fixture, "lists of list type set ignore order, and + is their union") {
  const Value a = ListOf({Value::Int(1), Value::Int(2)}, ListType::kSet);
  const Value b = ListOf({Value::Int(2), Value::Int(1)});
  CHECK(Equal(a, b));
  CHECK_FALSE(Equal(b, a));  // the left side decides
  const Value c = ListOf({Value::Int(2), Value::Int(3), Value::Int(3)});
  const Value sum = ConcatLists(a, c, arena, keys);
  REQUIRE(ListSize(sum) == 3);
  CHECK(ListAt(sum, 2).integer == 3);
  CHECK(sum.list->list_type == ListType::kSet);
  const Value nested = ListOf({a}, ListType::kSet);
  CHECK(ConcatLists(nested, c, arena, keys).is_error());
}

TEST_CASE_FIXTURE(Fixture, "lists of list type map are merged by key") {
  const auto item = [&](int64_t key, int64_t value) {
    const MapEntry entries[] = {{Value::String("k"), Value::Int(key)},
                                {Value::String("v"), Value::Int(value)}};
    return arena.NewMap(entries);
  };
  static constexpr std::string_view kKeys[] = {"k"};
  Value a = ListOf({item(1, 10), item(2, 20)}, ListType::kMap);
  ListObject* list = const_cast<ListObject*>(a.list);
  list->keys = kKeys;
  list->key_count = 1;
  CHECK(Equal(a, ListOf({item(2, 20), item(1, 10)})));
  CHECK_FALSE(Equal(a, ListOf({item(2, 21), item(1, 10)})));
  const Value sum = ConcatLists(a, ListOf({item(2, 5), item(3, 30)}), arena, keys);
  REQUIRE(ListSize(sum) == 3);
  CHECK(Equal(ListAt(sum, 1), item(2, 5)));
}

TEST_CASE_FIXTURE(Fixture, "order exists between numbers, texts, times, and nothing else") {
  int order = 0;
  CHECK(CompareValues(Value::Int(1), Value::Double(1.5), order));
  CHECK(order == -1);
  CHECK(CompareValues(Value::Uint(3), Value::Int(-3), order));
  CHECK(order == 1);
  CHECK(CompareValues(Value::String("a"), Value::String("b"), order));
  CHECK(order == -1);
  CHECK(CompareValues(Value::Timestamp(5, 1), Value::Timestamp(5, 0), order));
  CHECK(order == 1);
  CHECK_FALSE(CompareValues(Value::Double(std::nan("")), Value::Int(1), order));
  CHECK_FALSE(CompareValues(Value::String("a"), Value::Int(1), order));
  CHECK_FALSE(CompareValues(Value::Null(), Value::Null(), order));
}

TEST_CASE_FIXTURE(Fixture, "an arena that overflows says so and recovers on Reset") {
  for (int i = 0; i < 70; ++i) arena.Allocate(1 << 20, 8);
  CHECK(arena.exhausted());
  arena.Reset();
  CHECK_FALSE(arena.exhausted());
  CHECK(arena.used() == 0);
  CHECK(arena.Copy("abc") == "abc");
}

TEST_CASE_FIXTURE(Fixture, "text for messages is bounded") {
  CHECK(ValueToText(Read("{a: [1, x, null], b: true}"), keys) == "{a: [1, x, null], b: true}");
  std::vector<Value> many(100000, Value::Int(1));
  CHECK(ValueToText(ListOf(many), keys).size() < 1100);
}

}  // namespace
}  // namespace ouro::rules
