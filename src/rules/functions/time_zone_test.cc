#include "rules/functions/time_zone.h"

#include <doctest.h>

namespace ouro::rules::functions {

namespace {

void Append(std::string& out, uint64_t value, int size) {
  for (int i = size - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

// A zone with one change at 1,000,000 s from +1 h to +2 h (summer), and a rule for the future.
std::string ZoneFile(std::string_view tail) {
  std::string file;
  for (const int size : {4, 8}) {
    file += "TZif2";
    file.append(15, '\0');
    for (const uint64_t count : {0U, 0U, 0U, 1U, 2U, 8U}) Append(file, count, 4);
    Append(file, 1'000'000, size);
    file += '\1';
    Append(file, 3600, 4);
    file += std::string("\0\0", 2);
    Append(file, 7200, 4);
    file += std::string("\1\4", 2);
    file += std::string("CET\0CES\0", 8);
  }
  return file + "\n" + std::string(tail) + "\n";
}

}  // namespace

TEST_CASE("a zone file says what held when") {
  const std::string file = ZoneFile("");
  CHECK(ZoneOffsetOfFile(file, 0) == 3600);
  CHECK(ZoneOffsetOfFile(file, 999'999) == 3600);
  CHECK(ZoneOffsetOfFile(file, 1'000'000) == 7200);
}

TEST_CASE("the rule for the future: last Sundays of March and October") {
  const std::string file = ZoneFile("CET-1CEST,M3.5.0,M10.5.0/3");
  CHECK(ZoneOffsetOfFile(file, 1'711'846'799) == 3600);  // 2024-03-31T00:59:59Z
  CHECK(ZoneOffsetOfFile(file, 1'711'846'800) == 7200);
  CHECK(ZoneOffsetOfFile(file, 1'729'990'799) == 7200);  // 2024-10-27T00:59:59Z
  CHECK(ZoneOffsetOfFile(file, 1'729'990'800) == 3600);
}

TEST_CASE("summer over the turn of the year, in the south") {
  const std::string file = ZoneFile("AEST-10AEDT,M10.1.0,M4.1.0/3");
  CHECK(ZoneOffsetOfFile(file, 1'704'067'200) == 39'600);  // 2024-01-01
  CHECK(ZoneOffsetOfFile(file, 1'719'792'000) == 36'000);  // 2024-07-01
}

TEST_CASE("damaged files are no zones") {
  const std::string file = ZoneFile("");
  for (size_t size = 0; size < file.size() - 2; size += 7) {
    INFO(size);
    CHECK_FALSE(ZoneOffsetOfFile(std::string_view(file).substr(0, size), 0).has_value());
  }
}

}  // namespace ouro::rules::functions
