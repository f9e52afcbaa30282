#include "rules/type.h"

#include <doctest.h>

namespace ouro::rules {
namespace {

struct Fixture {
  TypePool pool;
  TypeBindings bindings{pool};

  const Type* T(std::string_view text) {
    auto type = pool.Parse(text, nullptr, nullptr);
    REQUIRE_MESSAGE(type, text);
    return *type;
  }
};

TEST_CASE_FIXTURE(Fixture, "types are printed as they are read") {
  for (std::string_view text : {"int", "null_type", "list(int)", "map(string, list(dyn))",
                                "wrapper(uint)", "optional_type(map(int, A))", "tuple($T, $U)",
                                "google.protobuf.Timestamp", "type(int)", "net.IP"}) {
    CHECK(TypeToText(T(text)) == text);
    CHECK(T(text) == T(text));
  }
  for (std::string_view text : {"", "list(", "list(int", "map(int)", "int)", "wrapper(list(int))",
                                "list(int, int)", "(int)", "a b"}) {
    CHECK_MESSAGE(!pool.Parse(text, nullptr, nullptr), text);
  }
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "list(";
  CHECK_FALSE(pool.Parse(deep, nullptr, nullptr));
}

TEST_CASE_FIXTURE(Fixture, "assignability follows dyn, wrappers and null") {
  CHECK(bindings.Assignable(T("int"), T("int")));
  CHECK_FALSE(bindings.Assignable(T("int"), T("uint")));
  CHECK(bindings.Assignable(T("dyn"), T("int")));
  CHECK(bindings.Assignable(T("int"), T("wrapper(int)")));
  CHECK(bindings.Assignable(T("null_type"), T("wrapper(int)")));
  CHECK_FALSE(bindings.Assignable(T("null_type"), T("int")));
  CHECK(bindings.Assignable(T("null_type"), T("google.protobuf.Duration")));
  CHECK(bindings.Assignable(T("list(dyn)"), T("list(int)")));
  CHECK_FALSE(bindings.Assignable(T("list(string)"), T("list(int)")));
}

TEST_CASE_FIXTURE(Fixture, "variables unify, generalise, and never contain themselves") {
  const Type* a = bindings.NewVariable();
  CHECK(bindings.Assignable(T("int"), a));
  CHECK(TypeToText(bindings.Substitute(a, true)) == "int");
  CHECK_FALSE(bindings.Assignable(T("string"), a));
  CHECK(bindings.Assignable(T("dyn"), a));
  CHECK(TypeToText(bindings.Substitute(a, true)) == "dyn");

  const Type* b = bindings.NewVariable();
  CHECK_FALSE(bindings.Assignable(pool.List(b), b));
  CHECK(TypeToText(bindings.Substitute(pool.List(b), true)) == "list(dyn)");
}

TEST_CASE_FIXTURE(Fixture, "a failed list of arguments binds nothing") {
  const Type* a = bindings.NewVariable();
  const Type* arguments[] = {T("int"), T("string")};
  const Type* parameters[] = {a, T("bytes")};
  CHECK_FALSE(bindings.AssignableList(arguments, parameters));
  CHECK(bindings.Substitute(a, false) == a);
}

TEST_CASE_FIXTURE(Fixture, "a pool reuses the types of its parent") {
  const Type* parent = T("map(string, int)");
  TypePool child(&pool);
  auto again = child.Parse("map(string, int)", nullptr, nullptr);
  REQUIRE(again);
  CHECK(*again == parent);
}

}  // namespace
}  // namespace ouro::rules
