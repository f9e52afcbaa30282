#include "triage/ssvc.h"

#include <algorithm>

#include <doctest.h>

#include "triage/ssvc_batch.h"

using namespace ouro;
using namespace ouro::triage;

namespace {

std::string Outcome(std::string_view table, const std::vector<SsvcInput>& inputs) {
  const Result<SsvcAnswer> answer = DecideSsvc(*FindSsvcTable(table), inputs);
  return answer ? std::string(answer->outcome) : "error: " + answer.error().message;
}

size_t Count(std::string_view values) {
  return 1 + static_cast<size_t>(std::count(values.begin(), values.end(), '|'));
}

}  // namespace

TEST_CASE("tables are complete, sorted and name each outcome") {
  std::string_view before;
  for (const SsvcTable& table : SsvcTables()) {
    CAPTURE(table.name);
    CHECK(before < table.name);
    before = table.name;
    size_t rows = 1;
    for (const SsvcPoint& point : table.inputs) rows *= Count(point.values);
    CHECK(table.rows.size() == rows);
    const char last = static_cast<char>('0' + Count(table.outcome.values) - 1);
    CHECK(*std::max_element(table.rows.begin(), table.rows.end()) == last);
    CHECK(*std::min_element(table.rows.begin(), table.rows.end()) == '0');
  }
  CHECK(SsvcTables().size() == 9);
}

TEST_CASE("a graver input never gives a milder outcome in the tables of remediation") {
  for (const char* name : {"bod-26-04", "deployer", "supplier", "cisa-coordinator", "utility",
                           "human-impact", "public-safety-impact"}) {
    const SsvcTable& table = *FindSsvcTable(name);
    size_t step = table.rows.size();
    for (const SsvcPoint& point : table.inputs) {
      const size_t count = Count(point.values);
      step /= count;
      for (size_t row = 0; row < table.rows.size(); ++row) {
        if (row / step % count + 1 == count) continue;
        CAPTURE(name);
        CAPTURE(row);
        CHECK(table.rows[row] <= table.rows[row + step]);
      }
    }
  }
}

TEST_CASE("the table of BOD 26-04") {
  CHECK(Outcome("bod-26-04", {{"in kev", "no"},
                              {"publicly exposed", "no"},
                              {"automatable", "no"},
                              {"technical impact", "total"}}) == "fix on system upgrade");
  CHECK(Outcome("cisa_bod_26_04_1_0_0", {{"In KEV v1.0.0 (cisa)", "yes"},
                                         {"Publicly Exposed v1.0.0 (cisa)", "no"},
                                         {"Automatable v2.0.0", "yes"},
                                         {"Technical Impact v1.0.0", "partial"}}) == "14 days");
  CHECK(Outcome("bod_26_04", {{"in_kev", "Yes"},
                              {"publicly_exposed", "no"},
                              {"automatable", "yes"},
                              {"technical_impact", "TOTAL"}}) == "3 days & forensic investigation");
}

TEST_CASE("tables of other roles") {
  CHECK(Outcome("deployer", {{"exploitation", "poc"},
                             {"system exposure", "open"},
                             {"automatable", "no"},
                             {"human impact", "very high"}}) == "out-of-cycle");
  CHECK(Outcome("utility", {{"automatable", "yes"}, {"value density", "concentrated"}}) ==
        "super effective");
  CHECK(Outcome("public-safety-impact", {{"safety impact", "marginal"}}) == "significant");
}

TEST_CASE("what is not known leaves the gravest outcome that is possible") {
  const SsvcTable& table = *FindSsvcTable("bod-26-04");
  const Result<SsvcAnswer> answer =
      DecideSsvc(table, {{"in kev", "no"}, {"technical impact", "partial"}, {"automatable", ""}});
  REQUIRE(answer.has_value());
  CHECK(answer->outcome == "14 days");
  CHECK(answer->assumed == std::vector<std::string_view>{"publicly exposed", "automatable"});
  CHECK(DecideSsvc(table, {})->outcome == "3 days & forensic investigation");
}

TEST_CASE("wrong inputs are refused with the words that are right") {
  CHECK(Outcome("utility", {{"automatable", "maybe"}}) ==
        "error: \"maybe\" is no value of \"automatable\"; it is one of: no, yes");
  CHECK(Outcome("utility", {{"colour", "red"}}) ==
        "error: the table utility has no input \"colour\"");
  CHECK(Outcome("utility", {{"automatable", "yes"}, {"Automatable v2.0.0", "no"}}) ==
        "error: the input \"automatable\" is given twice");
  CHECK(FindSsvcTable("other") == nullptr);
}

TEST_CASE("requests of the machine contract") {
  CHECK(SsvcBatchLine(
            R"({"table":"utility","inputs":{"automatable":"yes","value density":"diffuse"}})") ==
        R"({"outcome":"efficient"})");
  CHECK(
      SsvcBatchLine(R"({"table":"utility","inputs":{"automatable":"yes","value_density":null}})") ==
      R"({"outcome":"super effective","assumed":["value density"]})");
  for (const char* line :
       {"", "{", "[]", "{}", R"({"table":"utility","inputs":{"automatable":1}})"}) {
    CAPTURE(line);
    CHECK(SsvcBatchLine(line).find("{\"error\":") == 0);
  }
}
