#include "io/key_table.h"

#include <doctest.h>

#include <string>
#include <utility>

namespace ouro::io {

TEST_CASE("equal text has equal ids, which are dense and start at 0") {
  KeyTable keys;
  CHECK(keys.Intern("apiVersion") == 0);
  CHECK(keys.Intern("kind") == 1);
  CHECK(keys.Intern("apiVersion") == 0);
  CHECK(keys.Intern("") == 2);
  CHECK(keys.count() == 3);
  CHECK(keys.Text(1) == "kind");
  CHECK(keys.Find("kind") == 1);
  CHECK(keys.Find("Kind") == kNoKey);
}

TEST_CASE("many keys of many lengths keep their ids through growth, copies and moves") {
  KeyTable keys;
  const auto text = [](int i) {
    return std::string(static_cast<size_t>(i % 67), 'x') + std::to_string(i);
  };
  for (int i = 0; i < 20'000; ++i) REQUIRE(keys.Intern(text(i)) == static_cast<KeyId>(i));
  KeyTable copy = keys;
  const KeyTable moved = std::move(keys);
  for (int i = 0; i < 20'000; ++i) {
    REQUIRE(copy.Find(text(i)) == static_cast<KeyId>(i));
    REQUIRE(moved.Text(static_cast<KeyId>(i)) == text(i));
  }
  CHECK(copy.Intern("new") == 20'000);
  CHECK(moved.Find("new") == kNoKey);
}

TEST_CASE("a copy does not depend on its source") {
  KeyTable copy;
  {
    KeyTable keys;
    keys.Intern("metadata");
    copy = keys;
  }
  CHECK(copy.Text(0) == "metadata");
}

}  // namespace ouro::io
