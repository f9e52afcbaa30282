// Break glass: a signed, short-lived leave to pass the gate, for named operations and places.
//
// The signature is HMAC-SHA-256 (RFC 2104) with a key that the policy names; whoever has the key
// can grant. What is signed is a tuple of tagged, length-prefixed fields, so no two grants look
// alike.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "gate/policy.h"
#include "gate/subject.h"
#include "io/setting_reader.h"

namespace ouro::gate {

struct Grant {
  std::string id;
  // Scope: globs, an empty list is any place; operations are never empty.
  std::vector<std::string> applications;
  std::vector<std::string> environments;
  std::vector<std::string> clusters;
  std::vector<std::string> namespaces;
  std::vector<std::string> operations;
  std::string reason;
  std::string ticket;
  std::string issued_by;
  std::string second_person;  // empty: none
  std::string issued_at;      // RFC 3339
  std::string expires_at;     // RFC 3339; the first instant at which it no longer holds
  std::string signature;      // 64 lower-case hexadecimal digits
  // Set by who has the key (VerifyGrant); part of the record, so that a replay needs no key.
  bool verified = false;
};

// HMAC-SHA-256 as 64 lower-case hexadecimal digits.
std::string HmacSha256(std::string_view key, std::string_view message);

// The signature that the grant must have. `key` is not empty.
std::string SignGrant(const Grant& grant, std::string_view key);
// Does it? Takes the same time whatever the difference.
bool VerifyGrant(const Grant& grant, std::string_view key);

// A map with the fields above; `verified` is taken only where `trusted` (a decision record).
Result<Grant> ReadGrant(const io::SettingReader& map, bool trusted);
// Canonical JSON; `with_verified` as in a decision record.
void AppendGrant(std::string& out, const Grant& grant, bool with_verified);

// Why the grant does not let the subject pass at `now`; empty: it does. `rules`: of the policy;
// null: the policy accepts none.
std::string GrantObjection(const Grant& grant, const BreakGlass* rules, const Subject& subject,
                           UnixSeconds now);

}  // namespace ouro::gate
