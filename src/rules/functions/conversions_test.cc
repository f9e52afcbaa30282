#include "rules/functions/evaluate_test.h"

namespace ouro::rules::functions {

// Kubernetes refuses wrong literals of times before anything is evaluated.
const TestOptions kPlain = {.kubernetes_minor = 0, .plain_cel = true};

TEST_CASE("numbers convert where they fit") {
  CheckTrue({"int('-12') == -12", "int(1.9) == 1", "int(-1.9) == -1", "int(7u) == 7",
             "uint('12') == 12u", "uint(1.9) == 1u", "double('1e3') == 1000.0",
             "double('0x1p-2') == 0.25", "double(3) == 3.0", "double(3u) == 3.0"});
  CheckWrong({{"int(1e19)", "integer overflow"},
              {"int(double('NaN'))", "integer overflow"},
              {"uint(-1)", "unsigned integer overflow"},
              {"int('0x10')", "type conversion error"},
              {"uint('-1')", "type conversion error"},
              {"double('1e400')", "type conversion error"},
              {"double('0x10')", "type conversion error"}});
}

TEST_CASE("texts of values") {
  CheckTrue({"string(true) == 'true'", "string(-1) == '-1'", "string(1e6) == '1e+06'",
             "string(123456.0) == '123456'", "string(0.0001) == '0.0001'",
             "string(0.00001) == '1e-05'", "string(double('-inf')) == '-Inf'",
             "string(b'abc') == 'abc'", "string(duration('90m')) == '5400s'",
             "string(duration('1.5s')) == '1.5s'"});
  CheckWrong({{"string(b'\\xff')", "invalid UTF-8"}});
}

TEST_CASE("bools have the spellings of Go") {
  CheckTrue({"bool('true')", "bool('T')", "bool('1')", "!bool('False')", "!bool('f')"});
  CheckWrong({{"bool('yes')", "type conversion error"}, {"bool('tRue')", "type conversion error"}});
}

TEST_CASE("timestamps keep the zone in which they are written") {
  CheckTrue({"string(timestamp('2024-02-29T12:00:00+02:00')) == '2024-02-29T12:00:00+02:00'",
             "timestamp('2024-02-29T12:00:00+02:00') == timestamp('2024-02-29T10:00:00Z')",
             "int(timestamp('1970-01-01T00:01:00Z')) == 60",
             "timestamp(60) == timestamp('1970-01-01T00:01:00Z')",
             "string(timestamp('2024-01-01T00:00:00.120Z')) == '2024-01-01T00:00:00.12Z'"});
  CheckWrong({{"timestamp('2023-02-29T00:00:00Z')", "type conversion error"},
              {"timestamp('2023-01-01')", "type conversion error"},
              {"timestamp('0000-01-01T00:00:00Z')", "timestamp overflow"},
              {"timestamp(253402300800)", "timestamp overflow"}},
             kPlain);
}

TEST_CASE("durations add up their parts") {
  CheckTrue({"duration('1h30m') == duration('5400s')", "duration('-1.5ms') == duration('-1500us')",
             "int(duration('1s')) == 1000000000", "duration('0') == duration('0s')"});
  CheckWrong({{"duration('1')", "type conversion error"},
              {"duration('1d')", "type conversion error"},
              {"duration('9999999h')", "type conversion error"}},
             kPlain);
}

}  // namespace ouro::rules::functions
