#include "rules/functions/evaluate_test.h"

namespace ouro::rules::functions {

TEST_CASE("parts of timestamps count as CEL wants it") {
  CheckTrue({"timestamp('2024-03-01T05:06:07.089Z').getFullYear() == 2024",
             "timestamp('2024-03-01T05:06:07.089Z').getMonth() == 2",
             "timestamp('2024-03-01T05:06:07.089Z').getDate() == 1",
             "timestamp('2024-03-01T05:06:07.089Z').getDayOfMonth() == 0",
             "timestamp('2024-03-01T05:06:07.089Z').getDayOfWeek() == 5",
             "timestamp('2024-03-01T05:06:07.089Z').getDayOfYear() == 60",
             "timestamp('2024-03-01T05:06:07.089Z').getHours() == 5",
             "timestamp('2024-03-01T05:06:07.089Z').getMinutes() == 6",
             "timestamp('2024-03-01T05:06:07.089Z').getSeconds() == 7",
             "timestamp('2024-03-01T05:06:07.089Z').getMilliseconds() == 89"});
}

TEST_CASE("zones by offset") {
  CheckTrue({"timestamp('2024-01-01T00:30:00Z').getFullYear('-01:00') == 2023",
             "timestamp('2024-01-01T00:30:00Z').getMinutes('+05:45') == 15",
             "timestamp('2024-01-01T00:30:00Z').getHours('02:00') == 2",
             "timestamp('2024-01-01T00:30:00Z').getHours('UTC') == 0"});
  CheckWrong({{"timestamp(0).getHours('../../etc/passwd')", "invalid location name"},
              {"timestamp(0).getHours('No/Where')", "unknown time zone"},
              {"timestamp(0).getHours(':30')", "invalid time zone offset"}});
}

TEST_CASE("parts of durations are totals") {
  CheckTrue({"duration('3723.5s').getHours() == 1", "duration('3723.5s').getMinutes() == 62",
             "duration('3723.5s').getSeconds() == 3723",
             "duration('3.5s').getMilliseconds() == 3500", "duration('-90m').getHours() == -1"});
}

}  // namespace ouro::rules::functions
