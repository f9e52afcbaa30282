// Interned values: what many findings share is stored once and referred to by a number. Private to
// store. Numbers count up from 1; 0 is the empty value. They are never used in the export.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "model/finding.h"
#include "store/sqlite.h"

namespace ouro::store {

// Bytes → number, in memory, bounded: it forgets everything when it is full. Keeps 128 bits of a
// hash instead of the bytes. The hash begins with a salt that differs from process to process, so
// that nobody can craft two texts that meet; the database compares bytes.
class InternCache {
 public:
  struct Hash {
    uint64_t low = 0;
    uint64_t high = 0;
    bool operator==(const Hash&) const = default;
  };
  InternCache();
  // `kind` keeps values of different sorts apart.
  Hash HashOf(char kind, std::string_view bytes) const;
  // 0: not known.
  uint32_t Find(const Hash& hash) const;
  void Add(const Hash& hash, uint32_t number);
  void Clear();

 private:
  struct Slot {
    Hash hash;
    uint32_t number = 0;  // 0: empty slot
  };
  void Grow();

  uint64_t salt_;
  std::vector<Slot> slots_;
  size_t count_ = 0;
};

// One of the places where an item lives, for filters and groups.
struct AssetKey {
  std::string application;
  std::string environment;
  std::string cluster;
  std::string namespace_name;
};

struct RuleNames {
  std::string check;
  std::string concept_name;
  std::vector<std::string> aliases;
};

class Dictionary {
 public:
  explicit Dictionary(Database& database) : database_(database) {}

  // Numbers of values; new values are stored.
  Result<uint32_t> Text(std::string_view text);
  Result<uint32_t> Object(const model::Resource& resource);     // without container
  Result<uint32_t> Rule(const model::Finding& finding);         // check, concept, aliases
  Result<uint32_t> Asset(const AssetKey& asset);                // 0: all empty
  Result<uint32_t> Vuln(const model::Vuln& vuln, int64_t now);  // keeps the report's facts, too

  // Values of numbers. kParse for a number that does not exist: the file is damaged.
  Result<std::string> TextOf(uint32_t number);
  Result<model::Resource> ObjectOf(uint32_t number);
  Result<RuleNames> RuleOf(uint32_t number);
  Result<AssetKey> AssetOf(uint32_t number);
  Result<std::string> VulnIdOf(uint32_t number);

  // The number of a text that is stored, or 0.
  Result<uint32_t> FindText(std::string_view text);

  // Forgets what was read, after a transaction was rolled back.
  void Forget();

 private:
  Result<uint32_t> AddVuln(const model::Vuln& vuln, int64_t now);
  Status NoteVulnFacts(uint32_t number, const model::Vuln& vuln, int64_t now);
  Status AddRuleNames(uint32_t number, const model::Finding& finding);

  Database& database_;
  InternCache cache_;
  std::string key_;
  std::unordered_map<uint32_t, std::string> texts_;
  std::unordered_map<uint32_t, model::Resource> objects_;
  std::unordered_map<uint32_t, RuleNames> rules_;
  std::unordered_map<uint32_t, AssetKey> assets_;
  std::unordered_map<uint32_t, std::string> vulns_;
  // What the report last said of a vulnerability: epss and kev, not asked again while it repeats.
  std::unordered_map<uint32_t, std::pair<double, bool>> noted_;

  Prepared find_text_{"SELECT text_id, bytes FROM texts WHERE hash = ?"};
  Prepared add_text_{"INSERT INTO texts(hash, bytes) VALUES(?, ?) RETURNING text_id"};
  Prepared get_text_{"SELECT bytes FROM texts WHERE text_id = ?"};
  Prepared find_object_{
      "SELECT object_id FROM objects WHERE name = ? AND namespace = ? AND kind = ? "
      "AND api_version = ?"};
  Prepared add_object_{
      "INSERT INTO objects(name, namespace, kind, api_version) VALUES(?, ?, ?, ?) "
      "RETURNING object_id"};
  Prepared get_object_{
      "SELECT name, namespace, kind, api_version FROM objects WHERE object_id = ?"};
  Prepared find_rule_{
      "SELECT rule_id FROM rules WHERE check_id = ? AND concept = ? AND aliases = ?"};
  Prepared add_rule_{

      "INSERT INTO rules(check_id, concept, aliases, check_rule, concept_text) "
      "VALUES(?, ?, ?, ?, ?) RETURNING rule_id"};
  Prepared first_rule_{"SELECT coalesce(min(rule_id), 0) FROM rules WHERE check_id = ?"};
  Prepared next_rule_{"SELECT coalesce(max(rule_id), 0) + 1 FROM rules"};
  Prepared add_rule_name_{"INSERT OR IGNORE INTO rule_names(name, rule_id) VALUES(?, ?)"};
  Prepared get_rule_{"SELECT check_id, concept, aliases FROM rules WHERE rule_id = ?"};
  Prepared find_asset_{
      "SELECT asset_id FROM assets WHERE application = ? AND environment = ? AND cluster = ? "
      "AND namespace = ?"};
  Prepared add_asset_{
      "INSERT INTO assets(application, environment, cluster, namespace) VALUES(?, ?, ?, ?) "
      "RETURNING asset_id"};
  Prepared get_asset_{
      "SELECT application, environment, cluster, namespace FROM assets WHERE asset_id = ?"};
  Prepared find_vuln_{"SELECT vuln_key FROM vulns WHERE id = ?"};
  Prepared add_vuln_{
      "INSERT INTO vulns(id, epss, epss_percentile, epss_at, kev) VALUES(?, ?, ?, ?, ?) "
      "RETURNING vuln_key"};
  Prepared add_vuln_alias_{"INSERT OR IGNORE INTO vuln_aliases(alias, vuln_key) VALUES(?, ?)"};
  Prepared note_vuln_{
      "UPDATE vulns SET kev = max(kev, ?1), "
      "epss = CASE WHEN ?2 < 0 OR epss_at > ?4 OR (epss_at = ?4 AND epss >= ?2) THEN epss "
      "ELSE ?2 END, "
      "epss_percentile = CASE WHEN ?2 < 0 OR epss_at > ?4 OR (epss_at = ?4 AND epss >= ?2) "
      "THEN epss_percentile ELSE ?3 END, "
      "epss_at = CASE WHEN ?2 < 0 THEN epss_at ELSE max(epss_at, ?4) END WHERE vuln_key = ?5"};
  Prepared get_vuln_{"SELECT id FROM vulns WHERE vuln_key = ?"};
};

// Codes of sets: 0 is the empty set, an even number 2 n the set of n alone, an odd one 2 s + 1 the
// row s of `sets`. Most sets have one member, so most codes cost nothing.
class Sets {
 public:
  explicit Sets(Database& database) : database_(database) {}

  static uint32_t Single(uint32_t member) { return member * 2; }
  Result<uint32_t> Union(uint32_t a, uint32_t b);
  // Sorted. Valid until the next call.
  Result<std::vector<uint32_t>> Members(uint32_t code);
  // All codes whose set has one of the members (sorted or not), sorted.
  Result<std::vector<uint32_t>> CodesWith(const std::vector<uint32_t>& members);
  void Forget();

 private:
  Result<uint32_t> CodeOf(const std::vector<uint32_t>& members);

  Database& database_;
  std::unordered_map<uint64_t, uint32_t> unions_;
  std::unordered_map<uint32_t, std::vector<uint32_t>> members_;
  Prepared find_{"SELECT set_id FROM sets WHERE members = ?"};
  Prepared add_{"INSERT INTO sets(members) VALUES(?) RETURNING set_id"};
  Prepared add_member_{"INSERT INTO set_members(member, set_id) VALUES(?, ?)"};
  Prepared get_{"SELECT members FROM sets WHERE set_id = ?"};
  Prepared with_{"SELECT set_id FROM set_members WHERE member = ?"};
};

}  // namespace ouro::store
