#include "store/dictionary.h"

#include <algorithm>
#include <cstring>

#include "base/hash.h"
#include "base/text.h"
#include "fmt/format.h"

namespace ouro::store {
namespace {

// The cache forgets everything beyond this.
constexpr size_t kCacheCount = 1'000'000;
// Values that are kept after reading, of each kind.
constexpr size_t kReadCount = 200'000;

int64_t Signed(uint64_t value) {
  int64_t out;
  std::memcpy(&out, &value, sizeof out);
  return out;
}

// What a value of the cache is.
constexpr char kText = 't';
constexpr char kObject = 'o';
constexpr char kRule = 'r';
constexpr char kAsset = 'a';
constexpr char kVuln = 'v';

// Multiplies to 128 bits and folds both halves.
uint64_t Mix(uint64_t a, uint64_t b) {
  __extension__ typedef unsigned __int128 Wide;
  const Wide wide = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(wide) ^ static_cast<uint64_t>(wide >> 64);
}

void AddToKey(std::string& key, std::string_view part) {
  const auto size = static_cast<uint32_t>(part.size());
  char bytes[sizeof size];
  std::memcpy(bytes, &size, sizeof size);
  key.append(bytes, sizeof size);
  key.append(part);
}

// The number that the statement gives, or 0 where it gives no row.
Result<uint32_t> NumberOf(Statement& statement) {
  OURO_TRY(const bool row, statement.Step());
  const auto number = row ? static_cast<uint32_t>(statement.Int()) : 0;
  statement.Reset();
  return number;
}

tl::unexpected<Error> Missing(const Database& database, std::string_view what, uint32_t number) {
  return Fail(ErrorCode::kParse,
              fmt::format("the store is damaged: {} {} is missing", what, number), database.path());
}

// Texts one after the other, each as its size in decimal digits, a colon and its bytes.
std::string ListText(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) {
    out += std::to_string(text.size());
    out += ':';
    out += text;
  }
  return out;
}

std::vector<std::string> ReadListText(std::string_view list) {
  std::vector<std::string> texts;
  while (!list.empty()) {
    const size_t colon = list.find(':');
    if (colon == std::string_view::npos) break;
    const std::optional<int64_t> size = ParseInt64(list.substr(0, colon));
    list.remove_prefix(colon + 1);
    if (!size || *size < 0 || static_cast<size_t>(*size) > list.size()) break;
    texts.emplace_back(list.substr(0, static_cast<size_t>(*size)));
    list.remove_prefix(static_cast<size_t>(*size));
  }
  return texts;
}

}  // namespace

InternCache::InternCache() {
  // Where the system has put this object is not known outside.
  const void* place = this;
  std::memcpy(&salt_, &place, sizeof salt_);
  salt_ = Mix(salt_ ^ 0x9e3779b97f4a7c15ULL, 0xd6e8feb86659fd93ULL);
}

InternCache::Hash InternCache::HashOf(char kind, std::string_view bytes) const {
  Hash hash;
  hash.low = salt_ ^ (bytes.size() << 8) ^ static_cast<unsigned char>(kind);
  hash.high = ~hash.low;
  const char* at = bytes.data();
  size_t left = bytes.size();
  while (left > 0) {
    uint64_t word = 0;
    const size_t size = std::min<size_t>(left, sizeof word);
    std::memcpy(&word, at, size);
    hash.low = Mix(hash.low ^ word, 0xd6e8feb86659fd93ULL);
    hash.high = Mix(hash.high + word, 0xa0761d6478bd642fULL) ^ word;
    at += size;
    left -= size;
  }
  hash.low = Mix(hash.low ^ salt_, 0xe7037ed1a0b428dbULL);
  return hash;
}

uint32_t InternCache::Find(const Hash& hash) const {
  if (slots_.empty()) return 0;
  const size_t mask = slots_.size() - 1;
  for (size_t at = hash.low & mask;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.number == 0 || slot.hash == hash) return slot.number;
  }
}

void InternCache::Add(const Hash& hash, uint32_t number) {
  if (count_ >= kCacheCount) Clear();
  if (2 * (count_ + 1) > slots_.size()) Grow();
  const size_t mask = slots_.size() - 1;
  size_t at = hash.low & mask;
  while (slots_[at].number != 0) at = (at + 1) & mask;
  slots_[at] = {hash, number};
  ++count_;
}

void InternCache::Clear() {
  slots_.clear();
  slots_.shrink_to_fit();
  count_ = 0;
}

void InternCache::Grow() {
  std::vector<Slot> old(slots_.empty() ? 1'024 : slots_.size() * 2);
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.number == 0) continue;
    size_t at = slot.hash.low & mask;
    while (slots_[at].number != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

Result<uint32_t> Dictionary::FindText(std::string_view text) {
  if (text.empty()) return 0;
  OURO_TRY(Statement * find, find_text_.Use(database_));
  find->Bind(Signed(FastHash(text)));
  for (;;) {
    OURO_TRY(const bool row, find->Step());
    if (!row) break;
    const auto number = static_cast<uint32_t>(find->Int());
    if (find->View() != text) continue;
    find->Reset();
    return number;
  }
  return 0;
}

Result<uint32_t> Dictionary::Text(std::string_view text) {
  if (text.empty()) return 0;
  const InternCache::Hash hash = cache_.HashOf(kText, text);
  if (const uint32_t known = cache_.Find(hash); known != 0) return known;
  OURO_TRY(uint32_t number, FindText(text));
  if (number == 0) {
    OURO_TRY(Statement * add, add_text_.Use(database_));
    add->Bind(Signed(FastHash(text))).BindBlob(text);
    OURO_TRY(number, NumberOf(*add));
  }
  cache_.Add(hash, number);
  return number;
}

Result<uint32_t> Dictionary::Object(const model::Resource& resource) {
  if (resource.name.empty() && resource.kind.empty() && resource.namespace_name.empty() &&
      resource.api_version.empty()) {
    return 0;
  }
  key_.clear();
  AddToKey(key_, resource.name);
  AddToKey(key_, resource.namespace_name);
  AddToKey(key_, resource.kind);
  AddToKey(key_, resource.api_version);
  const InternCache::Hash hash = cache_.HashOf(kObject, key_);
  if (const uint32_t known = cache_.Find(hash); known != 0) return known;
  OURO_TRY(Statement * find, find_object_.Use(database_));
  find->Bind(resource.name).Bind(resource.namespace_name).Bind(resource.kind);
  find->Bind(resource.api_version);
  OURO_TRY(uint32_t number, NumberOf(*find));
  if (number == 0) {
    OURO_TRY(Statement * add, add_object_.Use(database_));
    add->Bind(resource.name).Bind(resource.namespace_name).Bind(resource.kind);
    add->Bind(resource.api_version);
    OURO_TRY(number, NumberOf(*add));
  }
  cache_.Add(hash, number);
  return number;
}

Result<uint32_t> Dictionary::Rule(const model::Finding& finding) {
  key_.clear();
  AddToKey(key_, finding.check);
  AddToKey(key_, finding.concept_name);
  for (const std::string& alias : finding.aliases) AddToKey(key_, alias);
  const InternCache::Hash hash = cache_.HashOf(kRule, key_);
  if (const uint32_t known = cache_.Find(hash); known != 0) return known;
  const std::string aliases = ListText(finding.aliases);
  OURO_TRY(Statement * find, find_rule_.Use(database_));
  find->Bind(finding.check).Bind(finding.concept_name).Bind(aliases);
  OURO_TRY(uint32_t number, NumberOf(*find));
  if (number == 0) {
    // Rows of one check are counted together, under the first of them.
    OURO_TRY(Statement * first, first_rule_.Use(database_));
    first->Bind(finding.check);
    OURO_TRY(uint32_t check_rule, NumberOf(*first));
    if (check_rule == 0) {
      OURO_TRY(Statement * next, next_rule_.Use(database_));
      OURO_TRY(check_rule, NumberOf(*next));
    }
    OURO_TRY(const uint32_t concept_text, Text(finding.concept_name));
    OURO_TRY(Statement * add, add_rule_.Use(database_));
    add->Bind(finding.check).Bind(finding.concept_name).Bind(aliases).Bind(int64_t{check_rule});
    add->Bind(int64_t{concept_text});
    OURO_TRY(number, NumberOf(*add));
    OURO_TRY_STATUS(AddRuleNames(number, finding));
  }
  cache_.Add(hash, number);
  return number;
}

Status Dictionary::AddRuleNames(uint32_t number, const model::Finding& finding) {
  OURO_TRY(Statement * add, add_rule_name_.Use(database_));
  if (!finding.concept_name.empty()) {
    add->Bind(finding.concept_name).Bind(int64_t{number});
    OURO_TRY_STATUS(add->Run());
  }
  for (const std::string& alias : finding.aliases) {
    add->Bind(alias).Bind(int64_t{number});
    OURO_TRY_STATUS(add->Run());
  }
  return {};
}

Result<uint32_t> Dictionary::Asset(const AssetKey& asset) {
  if (asset.application.empty() && asset.environment.empty() && asset.cluster.empty() &&
      asset.namespace_name.empty()) {
    return 0;
  }
  key_.clear();
  AddToKey(key_, asset.application);
  AddToKey(key_, asset.environment);
  AddToKey(key_, asset.cluster);
  AddToKey(key_, asset.namespace_name);
  const InternCache::Hash hash = cache_.HashOf(kAsset, key_);
  if (const uint32_t known = cache_.Find(hash); known != 0) return known;
  OURO_TRY(Statement * find, find_asset_.Use(database_));
  find->Bind(asset.application).Bind(asset.environment).Bind(asset.cluster);
  find->Bind(asset.namespace_name);
  OURO_TRY(uint32_t number, NumberOf(*find));
  if (number == 0) {
    OURO_TRY(Statement * add, add_asset_.Use(database_));
    add->Bind(asset.application).Bind(asset.environment).Bind(asset.cluster);
    add->Bind(asset.namespace_name);
    OURO_TRY(number, NumberOf(*add));
  }
  cache_.Add(hash, number);
  return number;
}

Result<uint32_t> Dictionary::Vuln(const model::Vuln& vuln, int64_t now) {
  if (vuln.id.empty()) return 0;
  key_.clear();
  AddToKey(key_, vuln.id);
  for (const std::string& alias : vuln.aliases) AddToKey(key_, alias);
  const InternCache::Hash hash = cache_.HashOf(kVuln, key_);
  uint32_t number = cache_.Find(hash);
  if (number == 0) {
    OURO_TRY(Statement * find, find_vuln_.Use(database_));
    find->Bind(vuln.id);
    OURO_TRY(number, NumberOf(*find));
    if (number == 0) {
      OURO_TRY(number, AddVuln(vuln, now));
    }
    OURO_TRY(Statement * alias, add_vuln_alias_.Use(database_));
    for (const std::string& name : vuln.aliases) {
      alias->Bind(name).Bind(int64_t{number});
      OURO_TRY_STATUS(alias->Run());
    }
    cache_.Add(hash, number);
  }
  OURO_TRY_STATUS(NoteVulnFacts(number, vuln, now));
  return number;
}

Result<uint32_t> Dictionary::AddVuln(const model::Vuln& vuln, int64_t now) {
  const bool known = vuln.epss >= 0;
  OURO_TRY(Statement * add, add_vuln_.Use(database_));
  add->Bind(vuln.id).Bind(known ? vuln.epss : -1.0).Bind(known ? vuln.epss_percentile : -1.0);
  add->Bind(known ? now : 0).Bind(int64_t{vuln.kev});
  OURO_TRY(const uint32_t number, NumberOf(*add));
  noted_[number] = {vuln.epss, vuln.kev};
  return number;
}

Status Dictionary::NoteVulnFacts(uint32_t number, const model::Vuln& vuln, int64_t now) {
  if (vuln.epss < 0 && !vuln.kev) return {};
  if (noted_.size() > kReadCount) noted_.clear();
  const std::pair<double, bool> facts = {vuln.epss, vuln.kev};
  const auto [at, fresh] = noted_.emplace(number, facts);
  if (!fresh && at->second == facts) return {};
  at->second = facts;
  OURO_TRY(Statement * note, note_vuln_.Use(database_));
  note->Bind(int64_t{vuln.kev}).Bind(vuln.epss).Bind(vuln.epss_percentile).Bind(now);
  note->Bind(int64_t{number});
  return note->Run();
}

Result<std::string> Dictionary::TextOf(uint32_t number) {
  if (number == 0) return std::string();
  if (const auto known = texts_.find(number); known != texts_.end()) return known->second;
  OURO_TRY(Statement * get, get_text_.Use(database_));
  get->Bind(int64_t{number});
  OURO_TRY(const bool row, get->Step());
  if (!row) return Missing(database_, "text", number);
  std::string text(get->View());
  get->Reset();
  if (texts_.size() > kReadCount) texts_.clear();
  texts_.emplace(number, text);
  return text;
}

Result<model::Resource> Dictionary::ObjectOf(uint32_t number) {
  if (number == 0) return model::Resource();
  if (const auto known = objects_.find(number); known != objects_.end()) return known->second;
  OURO_TRY(Statement * get, get_object_.Use(database_));
  get->Bind(int64_t{number});
  OURO_TRY(const bool row, get->Step());
  if (!row) return Missing(database_, "object", number);
  model::Resource resource;
  resource.name = get->Text();
  resource.namespace_name = get->Text();
  resource.kind = get->Text();
  resource.api_version = get->Text();
  get->Reset();
  if (objects_.size() > kReadCount) objects_.clear();
  objects_.emplace(number, resource);
  return resource;
}

Result<RuleNames> Dictionary::RuleOf(uint32_t number) {
  if (number == 0) return RuleNames();
  if (const auto known = rules_.find(number); known != rules_.end()) return known->second;
  OURO_TRY(Statement * get, get_rule_.Use(database_));
  get->Bind(int64_t{number});
  OURO_TRY(const bool row, get->Step());
  if (!row) return Missing(database_, "rule", number);
  RuleNames rule;
  rule.check = get->Text();
  rule.concept_name = get->Text();
  const std::string aliases = get->Text();
  get->Reset();
  rule.aliases = ReadListText(aliases);
  if (rules_.size() > kReadCount) rules_.clear();
  rules_.emplace(number, rule);
  return rule;
}

Result<AssetKey> Dictionary::AssetOf(uint32_t number) {
  if (number == 0) return AssetKey();
  if (const auto known = assets_.find(number); known != assets_.end()) return known->second;
  OURO_TRY(Statement * get, get_asset_.Use(database_));
  get->Bind(int64_t{number});
  OURO_TRY(const bool row, get->Step());
  if (!row) return Missing(database_, "asset", number);
  AssetKey asset;
  asset.application = get->Text();
  asset.environment = get->Text();
  asset.cluster = get->Text();
  asset.namespace_name = get->Text();
  get->Reset();
  if (assets_.size() > kReadCount) assets_.clear();
  assets_.emplace(number, asset);
  return asset;
}

Result<std::string> Dictionary::VulnIdOf(uint32_t number) {
  if (number == 0) return std::string();
  if (const auto known = vulns_.find(number); known != vulns_.end()) return known->second;
  OURO_TRY(Statement * get, get_vuln_.Use(database_));
  get->Bind(int64_t{number});
  OURO_TRY(const bool row, get->Step());
  if (!row) return Missing(database_, "vulnerability", number);
  std::string id = get->Text();
  get->Reset();
  if (vulns_.size() > kReadCount) vulns_.clear();
  vulns_.emplace(number, id);
  return id;
}

void Dictionary::Forget() {
  cache_.Clear();
  texts_.clear();
  objects_.clear();
  rules_.clear();
  assets_.clear();
  vulns_.clear();
  noted_.clear();
}

Result<std::vector<uint32_t>> Sets::Members(uint32_t code) {
  if (code == 0) return std::vector<uint32_t>();
  if (code % 2 == 0) return std::vector<uint32_t>{code / 2};
  if (const auto known = members_.find(code); known != members_.end()) return known->second;
  OURO_TRY(Statement * get, get_.Use(database_));
  get->Bind(int64_t{code / 2});
  OURO_TRY(const bool row, get->Step());
  if (!row) return Missing(database_, "set", code / 2);
  const std::string text = get->Text();
  get->Reset();
  std::vector<uint32_t> members;
  for (const std::string_view part : SplitText(text, ',')) {
    members.push_back(static_cast<uint32_t>(ParseInt64(part).value_or(0)));
  }
  if (members_.size() > kReadCount) members_.clear();
  members_.emplace(code, members);
  return members;
}

Result<uint32_t> Sets::CodeOf(const std::vector<uint32_t>& members) {
  const std::string text = fmt::format("{}", fmt::join(members, ","));
  OURO_TRY(Statement * find, find_.Use(database_));
  find->Bind(text);
  OURO_TRY(uint32_t set, NumberOf(*find));
  if (set == 0) {
    OURO_TRY(Statement * add, add_.Use(database_));
    add->Bind(text);
    OURO_TRY(set, NumberOf(*add));
    OURO_TRY(Statement * member, add_member_.Use(database_));
    for (const uint32_t one : members) {
      member->Bind(int64_t{one}).Bind(int64_t{set});
      OURO_TRY_STATUS(member->Run());
    }
  }
  return set * 2 + 1;
}

Result<uint32_t> Sets::Union(uint32_t a, uint32_t b) {
  if (a == b || b == 0) return a;
  if (a == 0) return b;
  const uint64_t key = (uint64_t{std::min(a, b)} << 32) | std::max(a, b);
  if (const auto known = unions_.find(key); known != unions_.end()) return known->second;
  OURO_TRY(std::vector<uint32_t> members, Members(a));
  OURO_TRY(const std::vector<uint32_t> others, Members(b));
  members.insert(members.end(), others.begin(), others.end());
  std::sort(members.begin(), members.end());
  members.erase(std::unique(members.begin(), members.end()), members.end());
  OURO_TRY(const uint32_t code, CodeOf(members));
  if (unions_.size() > kReadCount) unions_.clear();
  unions_.emplace(key, code);
  return code;
}

Result<std::vector<uint32_t>> Sets::CodesWith(const std::vector<uint32_t>& members) {
  std::vector<uint32_t> codes;
  for (const uint32_t member : members) {
    codes.push_back(Single(member));
    OURO_TRY(Statement * with, with_.Use(database_));
    with->Bind(int64_t{member});
    for (;;) {
      OURO_TRY(const bool row, with->Step());
      if (!row) break;
      codes.push_back(static_cast<uint32_t>(with->Int()) * 2 + 1);
    }
    with->Reset();
  }
  std::sort(codes.begin(), codes.end());
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  return codes;
}

void Sets::Forget() {
  unions_.clear();
  members_.clear();
}

}  // namespace ouro::store
