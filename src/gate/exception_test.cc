#include "gate/exception.h"

#include <doctest.h>

#include "gate/exception_text.h"

namespace ouro::gate {
namespace {

UnixSeconds At(const char* text) {
  return ParseRfc3339(text).value_or(-1);
}

Exception Make() {
  Exception exception;
  exception.id = "EX-1";
  exception.scope.checks = {"CVE-1"};
  exception.reason = "no fix";
  exception.owner = "team";
  exception.author = "carl";
  exception.requested_by = "ana";
  exception.requested_at = "2026-11-01T00:00:00Z";
  exception.expires_at = "2026-11-10T12:00:00Z";
  exception.approvals = {{"ben", "security", "2026-11-01T10:00:00Z"}};
  return exception;
}

TEST_CASE("states of an exception, to the second") {
  struct Row {
    const char* now;
    int64_t approvals;
    int64_t days_max;
    const char* revoked;
    const char* suspended;
    const char* starts;
    const char* change;
    ExceptionState state;
  };
  const Row rows[] = {
      {"2026-11-05T00:00:00Z", 1, 14, "", "", "", "", ExceptionState::kActive},
      {"2026-11-05T00:00:00Z", 0, 14, "", "", "", "", ExceptionState::kActive},
      {"2026-11-05T00:00:00Z", 2, 14, "", "", "", "", ExceptionState::kRequested},
      {"2026-11-01T09:59:59Z", 1, 14, "", "", "", "", ExceptionState::kRequested},
      {"2026-11-01T10:00:00Z", 1, 14, "", "", "", "", ExceptionState::kActive},
      // Expiry to the second, half-open.
      {"2026-11-10T11:59:59Z", 1, 14, "", "", "", "", ExceptionState::kActive},
      {"2026-11-10T12:00:00Z", 1, 14, "", "", "", "", ExceptionState::kExpired},
      // The longest life ends it earlier.
      {"2026-11-04T23:59:59Z", 1, 4, "", "", "", "", ExceptionState::kActive},
      {"2026-11-05T00:00:00Z", 1, 4, "", "", "", "", ExceptionState::kExpired},
      {"2026-11-05T00:00:00Z", 1, 14, "", "", "2026-11-06T00:00:00Z", "",
       ExceptionState::kApproved},
      {"2026-11-06T00:00:00Z", 1, 14, "", "", "2026-11-06T00:00:00Z", "", ExceptionState::kActive},
      {"2026-11-05T00:00:00Z", 1, 14, "2026-11-05T00:00:00Z", "", "", "", ExceptionState::kRevoked},
      {"2026-11-04T23:59:59Z", 1, 14, "2026-11-05T00:00:00Z", "", "", "", ExceptionState::kActive},
      {"2026-11-05T00:00:00Z", 1, 14, "", "2026-11-02T00:00:00Z", "", "",
       ExceptionState::kSuspended},
      {"2026-11-05T00:00:00Z", 1, 14, "", "", "", "worse", ExceptionState::kSuspended},
      // What has ended stays ended, whatever changed.
      {"2026-11-11T00:00:00Z", 1, 14, "", "", "", "worse", ExceptionState::kExpired},
  };
  for (size_t i = 0; i < std::size(rows); ++i) {
    CAPTURE(i);
    const Row& row = rows[i];
    Exception exception = Make();
    exception.revoked_at = row.revoked;
    exception.suspended_at = row.suspended;
    exception.starts_at = row.starts;
    const ExceptionStatus status =
        StatusOf(exception, {row.days_max, row.approvals, 3600}, {}, row.change, At(row.now));
    CHECK(status.state == row.state);
    if (row.state != ExceptionState::kExpired) CHECK_FALSE(status.in_grace);
  }
}

TEST_CASE("grace ends to the second, and only what was approved has one") {
  const Exception exception = Make();
  CHECK(StatusOf(exception, {14, 1, 3600}, {}, "", At("2026-11-10T12:59:59Z")).in_grace);
  CHECK_FALSE(StatusOf(exception, {14, 1, 3600}, {}, "", At("2026-11-10T13:00:00Z")).in_grace);
  CHECK_FALSE(StatusOf(exception, {14, 1, 0}, {}, "", At("2026-11-10T12:00:00Z")).in_grace);
  CHECK_FALSE(StatusOf(exception, {14, 2, 3600}, {}, "", At("2026-11-10T12:00:00Z")).in_grace);
}

TEST_CASE("separation of duties") {
  const UnixSeconds now = At("2026-11-05T00:00:00Z");
  Exception exception = Make();
  const auto count = [&](const std::map<std::string, std::vector<std::string>>& roles) {
    return ValidApprovals(exception, roles, now).size();
  };
  CHECK(count({}) == 1);
  exception.approvals.push_back({"ben", "", "2026-11-02T00:00:00Z"});   // the same person again
  exception.approvals.push_back({"ana", "", "2026-11-02T00:00:00Z"});   // the requester
  exception.approvals.push_back({"carl", "", "2026-11-02T00:00:00Z"});  // the author
  exception.approvals.push_back({"dora", "", "2026-11-06T00:00:00Z"});  // not yet
  exception.approvals.push_back({"emil", "", "2026-10-30T00:00:00Z"});  // before the request
  CHECK(count({}) == 1);
  CHECK(count({{"security", {"ben"}}}) == 1);
  CHECK(count({{"security", {"dora"}}}) == 0);
  CHECK_FALSE(Approve(exception, {"ana", "", ""}, now));
  CHECK_FALSE(Approve(exception, {"carl", "", ""}, now));
  CHECK_FALSE(Approve(exception, {"ben", "", ""}, now));
  CHECK_FALSE(Approve(exception, {"", "", ""}, now));
  const auto approved = Approve(exception, {"fred", "security", ""}, now);
  REQUIRE(approved);
  CHECK(ValidApprovals(*approved, {}, now).size() == 2);
  CHECK_FALSE(Approve(exception, {"fred", "", ""}, At("2026-11-10T12:00:00Z")));
}

TEST_CASE("renewing needs a fresh approval and keeps the date as given") {
  const UnixSeconds now = At("2026-11-09T00:00:00Z");
  Exception exception = Make();
  exception.suspended_at = "2026-11-08T00:00:00Z";
  const auto renewed = Renew(exception, "ana", "2026-11-20T08:15:30+02:00", {}, now);
  REQUIRE(renewed);
  CHECK(renewed->expires_at == "2026-11-20T08:15:30+02:00");
  CHECK(renewed->renewals.size() == 1);
  CHECK(renewed->renewals[0].from == "2026-11-10T12:00:00Z");
  CHECK(StatusOf(*renewed, {14, 1, 0}, {}, "", now).state == ExceptionState::kRequested);
  const auto approved = Approve(*renewed, {"ben", "", ""}, now);
  REQUIRE(approved);
  CHECK(StatusOf(*approved, {14, 1, 0}, {}, "", now).state == ExceptionState::kActive);
  CHECK(CheckLife(*approved, 14));
  CHECK_FALSE(CheckLife(*approved, 11));
  const auto revoked = Revoke(*approved, "ana", now);
  REQUIRE(revoked);
  CHECK_FALSE(Revoke(*revoked, "ana", now));
  CHECK_FALSE(Renew(*revoked, "ana", "2026-12-01", {}, now));
  CHECK_FALSE(Approve(*revoked, {"dora", "", ""}, now));
}

TEST_CASE("material changes suspend") {
  using model::Severity;
  Exception exception = Make();
  exception.facts = {Severity::kHigh, 0.05, false, false, false, 10};
  const ExceptionFacts same = exception.facts;
  struct Row {
    ExceptionFacts now;
    const char* word;  // empty: no change
  };
  std::vector<Row> rows = {{same, ""}};
  const auto add = [&](const char* word, const auto& change) {
    rows.push_back({same, word});
    change(rows.back().now);
  };
  add("exploited", [](ExceptionFacts& f) { f.kev = true; });
  add("severity", [](ExceptionFacts& f) { f.severity = Severity::kCritical; });
  add("", [](ExceptionFacts& f) { f.severity = Severity::kLow; });
  add("EPSS", [](ExceptionFacts& f) { f.epss = 0.1; });
  add("", [](ExceptionFacts& f) { f.epss = 0.099; });
  add("exposed", [](ExceptionFacts& f) { f.exposed = true; });
  add("", [](ExceptionFacts& f) { f.fixable = true; });
  add("", [](ExceptionFacts& f) { f.matched = 12; });
  add("matches 13", [](ExceptionFacts& f) { f.matched = 13; });
  add("", [](ExceptionFacts& f) { f.matched = 1; });
  for (const Row& row : rows) {
    CAPTURE(row.word);
    const std::string change = MaterialChange(exception, row.now, 20, 0.1);
    CHECK(change.empty() == (std::string_view(row.word).empty()));
    CHECK(change.find(row.word) != std::string::npos);
  }
  exception.justification = "no_fix";
  ExceptionFacts fixable = same;
  fixable.fixable = true;
  CHECK(MaterialChange(exception, fixable, 20, 0.1) == "a fix has appeared");
  // Facts that nobody recorded: only an exploited or exposed finding counts as a change.
  exception.facts = {};
  ExceptionFacts now = {Severity::kCritical, 0.9, false, false, false, 1000};
  CHECK(MaterialChange(exception, now, 20, 0.1).empty());
  now.kev = true;
  CHECK_FALSE(MaterialChange(exception, now, 20, 0.1).empty());
}

TEST_CASE("warnings before the end") {
  constexpr UnixSeconds kUntil = 100 * 86'400;
  CHECK(WarningDays(kUntil, kUntil - 14 * 86'400 - 1) == std::nullopt);
  CHECK(WarningDays(kUntil, kUntil - 14 * 86'400) == 14);
  CHECK(WarningDays(kUntil, kUntil - 7 * 86'400) == 7);
  CHECK(WarningDays(kUntil, kUntil - 86'400) == 1);
  CHECK(WarningDays(kUntil, kUntil - 1) == 1);
  CHECK(WarningDays(kUntil, kUntil) == std::nullopt);
}

TEST_CASE("a file of exceptions: add and change leave every other byte") {
  const Exception first = Make();
  const auto begun = AddToFile("", "e.yaml", first);
  REQUIRE_MESSAGE(begun.has_value(), (begun ? "" : begun.error().ToString()));
  const std::string commented = "# ours\n" + *begun + "# between\n";
  Exception second = Make();
  second.id = "EX-2";
  second.reason = "a \"quoted\"\nreason: #1";
  second.facts.kev = true;
  second.renewals = {{"2026-11-01T00:00:00Z", "ana", "2026-10-01T00:00:00Z"}};
  const auto both = AddToFile(commented, "e.yaml", second);
  REQUIRE_MESSAGE(both.has_value(), (both ? "" : both.error().ToString()));
  CHECK(both->substr(0, commented.size()) == commented);
  const auto read = ReadExceptionFile(*both, "e.yaml");
  REQUIRE(read);
  REQUIRE(read->size() == 2);
  CHECK((*read)[1].reason == second.reason);
  CHECK((*read)[1].facts == second.facts);
  CHECK((*read)[1].renewals == second.renewals);
  CHECK((*read)[0].origin == "e.yaml:3:5");

  const auto approved = Approve((*read)[0], {"dora", "sec", ""}, At("2026-11-02T00:00:00Z"));
  REQUIRE(approved);
  const auto changed = ReplaceInFile(*both, "e.yaml", *approved);
  REQUIRE_MESSAGE(changed.has_value(), (changed ? "" : changed.error().ToString()));
  const size_t tail = both->find("# between");
  CHECK(changed->substr(0, 7) == "# ours\n");
  CHECK(changed->substr(changed->find("# between")) == both->substr(tail));
  const auto after = ReadExceptionFile(*changed, "e.yaml");
  REQUIRE(after);
  CHECK((*after)[0].approvals.size() == 2);
  CHECK((*after)[1].id == "EX-2");

  CHECK_FALSE(AddToFile(*both, "e.yaml", first));                // the id is taken
  CHECK_FALSE(AddToFile("exceptions: []\n", "e.yaml", first));   // not a block list
  CHECK_FALSE(ReplaceInFile("exceptions:\n", "e.yaml", first));  // not there
  CHECK(AddToFile("exceptions:\n", "e.yaml", first));
}

TEST_CASE("what an exception lacks is told with its place") {
  struct Row {
    const char* yaml;
    const char* message;
  };
  const Row rows[] = {
      {"- {id: a}\n", "with reason"},
      {"- {id: a, reason: r, owner: o, requested_by: b, requested_at: 2026-01-01}\n",
       "with expires_at"},
      {"- {id: a, reason: r, owner: o, requested_by: b, requested_at: 2026-01-01, expires_at: "
       "2026-02-01}\n",
       "with scope"},
      {"- {id: a, scope: {}}\n", "which findings"},
      {"- {id: a, scope: {chekcs: b}}\n", "did you mean checks?"},
      {"- {id: a, expires_at: soon}\n", "a time such as"},
      {"- {idd: a}\n", "did you mean id?"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.yaml);
    const auto read = ReadExceptionFile(row.yaml, "e.yaml");
    REQUIRE_FALSE(read);
    CAPTURE(read.error().ToString());
    CHECK(read.error().message.find(row.message) != std::string::npos);
    CHECK(read.error().where.rfind("e.yaml:1", 0) == 0);
  }
}

}  // namespace
}  // namespace ouro::gate
