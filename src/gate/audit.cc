#include "gate/audit.h"

#include <array>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/limits.h"
#include "gate/json_object.h"
#include "io/setting_reader.h"

namespace ouro::gate {
namespace {

struct TextField {
  std::string_view key;
  std::string AuditEntry::* field;
};
// In the order of the line; `number` stands first and `hash` last.
constexpr std::array kTextFields = {
    TextField{"time", &AuditEntry::time},
    TextField{"actor", &AuditEntry::actor},
    TextField{"action", &AuditEntry::action},
    TextField{"object", &AuditEntry::object},
    TextField{"before", &AuditEntry::before},
    TextField{"after", &AuditEntry::after},
    TextField{"policy_hash", &AuditEntry::policy_hash},
    TextField{"findings_hash", &AuditEntry::findings_hash},
    TextField{"note", &AuditEntry::note},
    TextField{"previous", &AuditEntry::previous},
};

std::string LineWithoutHash(const AuditEntry& entry) {
  std::string out;
  JsonObject object(out, '{');
  object.Int("number", entry.number);
  for (const TextField& row : kTextFields) object.TextIf(row.key, entry.*row.field);
  object.End();
  return out;
}

std::string HashOf(const AuditEntry& entry) {
  Sha256 sha;
  sha.Update(LineWithoutHash(entry));
  const std::array<uint8_t, 32> digest = sha.Finish();
  return HexEncode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

Status ReadMember(const io::SettingReader& member, AuditEntry& entry) {
  if (member.key() == "number") {
    OURO_TRY(entry.number, member.Integer());
    return {};
  }
  if (member.key() == "hash") {
    OURO_TRY(entry.hash, member.Text());
    return {};
  }
  for (const TextField& row : kTextFields) {
    if (row.key != member.key()) continue;
    OURO_TRY(entry.*row.field, member.Text());
    return {};
  }
  return member.Unknown({"number", "hash"});
}

}  // namespace

void ChainEntry(AuditEntry& entry, AuditTail& tail) {
  entry.number = tail.number + 1;
  entry.previous = tail.hash;
  entry.hash = HashOf(entry);
  tail.number = entry.number;
  tail.hash = entry.hash;
}

std::string AuditLine(const AuditEntry& entry) {
  std::string out = LineWithoutHash(entry);
  out.pop_back();
  return out + fmt::format(",\"hash\":\"{}\"}}", entry.hash);
}

Result<AuditEntry> ReadAuditLine(std::string_view line) {
  if (static_cast<int64_t>(line.size()) > limits::kAuditLineSizeBytes) {
    return Fail(ErrorCode::kLimit,
                fmt::format("longer than {} bytes", limits::kAuditLineSizeBytes));
  }
  io::KeyTable keys;
  io::Tree tree;
  OURO_TRY_STATUS(io::ReadJson(std::string(line), {}, keys, tree));
  if (!tree.problems().empty() || tree.roots().size() != 1 || tree.roots()[0].node == io::kNoNode) {
    return Fail(ErrorCode::kParse, "no JSON object");
  }
  AuditEntry entry;
  const io::SettingReader map(tree, keys, tree.roots()[0].node, "", "entry");
  OURO_TRY(const auto members, map.Members());
  for (const io::SettingReader& member : members) OURO_TRY_STATUS(ReadMember(member, entry));
  // One form only: another spelling of the same entry is an edit too.
  if (AuditLine(entry) != line) return Fail(ErrorCode::kParse, "not in its canonical form");
  return entry;
}

Status AuditVerifier::Take(std::string_view line) {
  const int64_t number = tail_.number + 1;
  const auto refuse = [&](std::string_view why) {
    return Fail(ErrorCode::kInvalid, fmt::format("entry {}: {}", number, why));
  };
  const auto entry = ReadAuditLine(line);
  if (!entry) return refuse(fmt::format("it was edited: {}", entry.error().message));
  if (HashOf(*entry) != entry->hash) return refuse("it was edited: its hash is another one");
  if (entry->number != number) {
    return refuse(fmt::format("entry {} stands in its place: entries were removed or reordered",
                              entry->number));
  }
  if (entry->previous != tail_.hash) {
    return refuse("it does not follow the entry before it: one of them was replaced");
  }
  tail_ = {entry->number, entry->hash};
  return {};
}

}  // namespace ouro::gate
