#include "gate/grant.h"

#include <doctest.h>

#include "gate/audit.h"

namespace ouro::gate {
namespace {

// RFC 4231, test cases 1, 2, 3 and 6.
TEST_CASE("HMAC-SHA-256") {
  CHECK(HmacSha256(std::string(20, '\x0b'), "Hi There") ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(HmacSha256("Jefe", "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(HmacSha256(std::string(20, '\xaa'), std::string(50, '\xdd')) ==
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  CHECK(HmacSha256(std::string(131, '\xaa'),
                   "Test Using Larger Than Block-Size Key - Hash Key First") ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

Grant Make() {
  Grant grant;
  grant.id = "G";
  grant.environments = {"prod"};
  grant.operations = {"deploy"};
  grant.reason = "down";
  grant.ticket = "T";
  grant.issued_by = "ana";
  grant.issued_at = "2026-11-21T10:00:00Z";
  grant.expires_at = "2026-11-21T14:00:00Z";
  return grant;
}

TEST_CASE("a signature covers every field") {
  const Grant grant = Make();
  Grant signed_grant = grant;
  signed_grant.signature = SignGrant(grant, "key");
  CHECK(VerifyGrant(signed_grant, "key"));
  CHECK_FALSE(VerifyGrant(signed_grant, "other"));
  CHECK_FALSE(VerifyGrant(signed_grant, ""));
  CHECK_FALSE(VerifyGrant(grant, "key"));
  const auto changed = [&](const auto& change) {
    Grant other = signed_grant;
    change(other);
    return VerifyGrant(other, "key");
  };
  CHECK_FALSE(changed([](Grant& g) { g.id = "H"; }));
  CHECK_FALSE(changed([](Grant& g) { g.expires_at = "2026-11-22T14:00:00Z"; }));
  CHECK_FALSE(changed([](Grant& g) { g.environments = {"*"}; }));
  CHECK_FALSE(changed([](Grant& g) { g.environments.clear(); }));
  CHECK_FALSE(changed([](Grant& g) { std::swap(g.environments, g.clusters); }));
  CHECK_FALSE(changed([](Grant& g) { g.operations.emplace_back("delete"); }));
  CHECK_FALSE(changed([](Grant& g) {
    g.reason = "d";
    g.ticket = "ownT";
  }));
  CHECK(changed([](Grant&) {}));
}

TEST_CASE("a grant holds for its time, place and operation") {
  BreakGlass rules;
  rules.max_seconds = 4 * 3600;
  Grant grant = Make();
  grant.verified = true;
  Subject subject;
  subject.environment = "prod";
  const auto at = [](const char* text) { return ParseRfc3339(text).value_or(0); };
  CHECK(GrantObjection(grant, &rules, subject, at("2026-11-21T10:00:00Z")).empty());
  CHECK(GrantObjection(grant, &rules, subject, at("2026-11-21T13:59:59Z")).empty());
  CHECK_FALSE(GrantObjection(grant, &rules, subject, at("2026-11-21T14:00:00Z")).empty());
  CHECK_FALSE(GrantObjection(grant, &rules, subject, at("2026-11-21T09:59:59Z")).empty());
  CHECK_FALSE(GrantObjection(grant, nullptr, subject, at("2026-11-21T10:00:00Z")).empty());
  subject.environment = "";  // an unknown place is not covered
  CHECK_FALSE(GrantObjection(grant, &rules, subject, at("2026-11-21T10:00:00Z")).empty());
  subject.environment = "prod";
  grant.expires_at = "2026-11-21T14:00:01Z";  // longer than four hours, whatever the policy says
  rules.max_seconds = 100 * 3600;
  CHECK_FALSE(GrantObjection(grant, &rules, subject, at("2026-11-21T10:00:00Z")).empty());
  grant = Make();
  CHECK_FALSE(GrantObjection(grant, &rules, subject, at("2026-11-21T10:00:00Z")).empty());
}

// ---- audit --------------------------------------------------------------------------------------

std::vector<std::string> Log(int count) {
  std::vector<std::string> lines;
  AuditTail tail;
  for (int i = 0; i < count; ++i) {
    AuditEntry entry;
    entry.time = "2026-11-21T10:00:00Z";
    entry.actor = "ana";
    entry.action = "gate.decide";
    entry.object = "subject " + std::to_string(i);
    entry.note = "\"quoted\"\n";
    ChainEntry(entry, tail);
    lines.push_back(AuditLine(entry));
  }
  return lines;
}

// Number of the first line that is not in order; -1: all are.
int FaultOf(const std::vector<std::string>& lines) {
  AuditVerifier verifier;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!verifier.Take(lines[i])) return static_cast<int>(i);
  }
  return -1;
}

TEST_CASE("the chain shows every edit of every byte, removal and reordering") {
  const std::vector<std::string> lines = Log(4);
  CHECK(FaultOf(lines) == -1);
  for (size_t line = 0; line < lines.size(); ++line) {
    for (size_t at = 0; at < lines[line].size(); ++at) {
      std::vector<std::string> edited = lines;
      edited[line][at] = edited[line][at] == 'a' ? 'b' : 'a';
      CHECK(FaultOf(edited) == static_cast<int>(line));
    }
    std::vector<std::string> removed = lines;
    removed.erase(removed.begin() + static_cast<std::ptrdiff_t>(line));
    // Of the end nothing can be told without the hash that it should have.
    CHECK(FaultOf(removed) == (line + 1 == lines.size() ? -1 : static_cast<int>(line)));
  }
  std::vector<std::string> swapped = lines;
  std::swap(swapped[1], swapped[2]);
  CHECK(FaultOf(swapped) == 1);
  std::vector<std::string> twice = lines;
  twice.insert(twice.begin() + 2, lines[1]);
  CHECK(FaultOf(twice) == 2);
  // A whole other log in the place of the beginning.
  std::vector<std::string> spaced = lines;
  spaced[0].insert(1, " ");
  CHECK(FaultOf(spaced) == 0);
}

}  // namespace
}  // namespace ouro::gate
