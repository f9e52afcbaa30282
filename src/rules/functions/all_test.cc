#include <doctest.h>

#include <set>
#include <string>

#include "rules/function.h"

namespace ouro::rules {

TEST_CASE("the table of libraries is sorted and documented") {
  std::string_view previous;
  for (const Library* library : AllLibraries()) {
    INFO(std::string(library->name));
    CHECK(previous < library->name);
    CHECK_FALSE(library->doc.empty());
    CHECK_FALSE(library->overloads.empty());
    CHECK(library->since_minor >= 0);
    previous = library->name;
  }
}

TEST_CASE("overloads are well-formed and unique in their library") {
  for (const Library* library : AllLibraries()) {
    std::set<std::string_view> ids;
    for (const Overload& overload : library->overloads) {
      INFO(std::string(overload.id));
      CHECK(ids.insert(overload.id).second);
      CHECK_FALSE(overload.name.empty());
      CHECK_FALSE(overload.result.empty());
      CHECK((overload.call != nullptr));
      CHECK_FALSE((overload.member && overload.parameters.empty()));
    }
  }
}

}  // namespace ouro::rules
