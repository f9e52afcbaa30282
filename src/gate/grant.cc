#include "gate/grant.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/text.h"
#include "gate/json_object.h"
#include "gate/selector_text.h"

namespace ouro::gate {
namespace {

using io::SettingReader;

struct ListField {
  std::string_view key;
  std::vector<std::string> Grant::* field;
};
constexpr std::array kListFields = {
    ListField{"applications", &Grant::applications},
    ListField{"environments", &Grant::environments},
    ListField{"clusters", &Grant::clusters},
    ListField{"namespaces", &Grant::namespaces},
    ListField{"operations", &Grant::operations},
};
struct TextField {
  std::string_view key;
  std::string Grant::* field;
  bool is_time;
};
constexpr std::array kTextFields = {
    TextField{"id", &Grant::id, false},
    TextField{"reason", &Grant::reason, false},
    TextField{"ticket", &Grant::ticket, false},
    TextField{"issued_by", &Grant::issued_by, false},
    TextField{"second_person", &Grant::second_person, false},
    TextField{"issued_at", &Grant::issued_at, true},
    TextField{"expires_at", &Grant::expires_at, true},
    TextField{"signature", &Grant::signature, false},
};

constexpr size_t kBlockBytes = 64;  // of SHA-256

std::string Digest(std::string_view first, std::string_view second) {
  Sha256 sha;
  sha.Update(first);
  sha.Update(second);
  const std::array<uint8_t, 32> digest = sha.Finish();
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// "8:deploy": no two lists of texts give the same bytes.
void AppendField(std::string& out, std::string_view tag, std::string_view value) {
  out += fmt::format("{}:{}={}:", tag.size(), tag, value.size());
  out += value;
}

std::string SignedText(const Grant& grant) {
  std::string out = "ouro/grant/v1;";
  for (const TextField& row : kTextFields) {
    if (row.key != "signature") AppendField(out, row.key, grant.*row.field);
  }
  for (const ListField& row : kListFields) {
    AppendField(out, row.key, std::to_string((grant.*row.field).size()));
    for (const std::string& text : grant.*row.field) AppendField(out, "", text);
  }
  return out;
}

bool Covers(const std::vector<std::string>& globs, std::string_view text) {
  return globs.empty() ||
         (!text.empty() && std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
           return MatchesGlob(text, glob);
         }));
}

Result<bool> ReadField(const SettingReader& member, Grant& grant) {
  for (const TextField& row : kTextFields) {
    if (row.key != member.key()) continue;
    if (row.is_time) {
      OURO_TRY(grant.*row.field, ReadTimeValue(member));
    } else {
      OURO_TRY(grant.*row.field, member.Text());
    }
    return true;
  }
  for (const ListField& row : kListFields) {
    if (row.key != member.key()) continue;
    OURO_TRY(grant.*row.field, member.TextList());
    return true;
  }
  return false;
}

}  // namespace

std::string HmacSha256(std::string_view key, std::string_view message) {
  std::string padded(key.size() > kBlockBytes ? Digest(key, {}) : std::string(key));
  padded.resize(kBlockBytes, '\0');
  std::string inner = padded;
  std::string outer = padded;
  for (size_t i = 0; i < kBlockBytes; ++i) {
    inner[i] = static_cast<char>(inner[i] ^ 0x36);
    outer[i] = static_cast<char>(outer[i] ^ 0x5c);
  }
  return HexEncode(Digest(outer, Digest(inner, message)));
}

std::string SignGrant(const Grant& grant, std::string_view key) {
  return HmacSha256(key, SignedText(grant));
}

bool VerifyGrant(const Grant& grant, std::string_view key) {
  if (key.empty()) return false;
  const std::string expected = SignGrant(grant, key);
  if (expected.size() != grant.signature.size()) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    difference |= static_cast<unsigned>(static_cast<unsigned char>(expected[i]) ^
                                        static_cast<unsigned char>(grant.signature[i]));
  }
  return difference == 0;
}

Result<Grant> ReadGrant(const SettingReader& map, bool trusted) {
  Grant grant;
  OURO_TRY(const auto members, map.Members());
  for (const SettingReader& member : members) {
    if (member.IsNull()) continue;
    OURO_TRY(const bool known, ReadField(member, grant));
    if (known) continue;
    if (member.key() == "verified") {
      OURO_TRY(const bool verified, member.Boolean());
      grant.verified = trusted && verified;
      continue;
    }
    std::vector<std::string_view> keys;
    for (const TextField& row : kTextFields) keys.push_back(row.key);
    for (const ListField& row : kListFields) keys.push_back(row.key);
    return member.Unknown(keys);
  }
  for (const auto& [key, text] :
       {std::pair("id", &grant.id), std::pair("reason", &grant.reason),
        std::pair("ticket", &grant.ticket), std::pair("issued_by", &grant.issued_by),
        std::pair("issued_at", &grant.issued_at), std::pair("expires_at", &grant.expires_at)}) {
    if (text->empty()) return map.Wrong(fmt::format("a map with {}", key));
  }
  if (grant.operations.empty()) return map.Wrong("a map with operations");
  return grant;
}

void AppendGrant(std::string& out, const Grant& grant, bool with_verified) {
  JsonObject object(out, '{');
  for (const TextField& row : kTextFields) object.TextIf(row.key, grant.*row.field);
  for (const ListField& row : kListFields) object.TextsIf(row.key, grant.*row.field);
  if (with_verified) object.Bool("verified", grant.verified);
  object.End();
}

std::string GrantObjection(const Grant& grant, const BreakGlass* rules, const Subject& subject,
                           UnixSeconds now) {
  if (rules == nullptr) return "the policy accepts no grants (break_glass)";
  if (!grant.verified) return "its signature is wrong";
  const UnixSeconds issued = ParseRfc3339(grant.issued_at).value_or(0);
  const UnixSeconds expires = ParseRfc3339(grant.expires_at).value_or(0);
  const int64_t longest = std::min(rules->max_seconds, limits::kBreakGlassSeconds);
  if (expires - issued > longest) return fmt::format("it lasts more than {} seconds", longest);
  if (now < issued) return fmt::format("it begins at {}", grant.issued_at);
  if (now >= expires) return fmt::format("it expired at {}", grant.expires_at);
  if (rules->second_person &&
      (grant.second_person.empty() || grant.second_person == grant.issued_by)) {
    return "a second person must have agreed";
  }
  if (!Covers(grant.operations, subject.operation)) {
    return fmt::format("it does not cover the operation {}", subject.operation);
  }
  if (!Covers(grant.applications, subject.application) ||
      !Covers(grant.environments, subject.environment) ||
      !Covers(grant.clusters, subject.cluster) ||
      !Covers(grant.namespaces, subject.namespace_name)) {
    return "it does not cover this place";
  }
  return {};
}

}  // namespace ouro::gate
