#include "feed/feed.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/limits.h"
#include "feed/cve_key.h"
#include "feed/layout.h"
#include "feed/state.h"
#include "io/tree.h"

namespace ouro::feed {
namespace {

constexpr double kBillion = 1e9;
constexpr int64_t kDaySeconds = 86'400;
constexpr std::string_view kRemedy = "; ouro db update writes a new one";

template <typename Row>
const Row* FindRow(std::span<const Row> rows, uint32_t key) {
  const auto found = std::lower_bound(rows.begin(), rows.end(), key,
                                      [](const Row& row, uint32_t k) { return row.key < k; });
  return found != rows.end() && found->key == key ? &*found : nullptr;
}

template <typename Row>
bool IsSorted(std::span<const Row> rows) {
  return std::adjacent_find(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
           return a.key >= b.key;
         }) == rows.end();
}

// The next `count` rows of `bytes`, which is moved past them; the caller has checked the sizes.
// Parts begin at multiples of four bytes, and so do the bytes.
template <typename Row>
std::span<const Row> TakeRows(std::string_view& bytes, uint32_t count) {
  const std::span<const Row> rows(reinterpret_cast<const Row*>(bytes.data()), count);
  bytes.remove_prefix(count * sizeof(Row));
  return rows;
}

// Values that no version of ours writes are unknown.
void Decode(const EnrichmentRow& row, model::VulnFacts& facts) {
  if (row.exploitation <= 3)
    facts.exploitation = static_cast<model::Exploitation>(row.exploitation);
  if (row.automatable <= 2) facts.automatable = static_cast<model::Answer>(row.automatable);
  if (row.impact <= 2) facts.technical_impact = static_cast<model::TechnicalImpact>(row.impact);
}

UnixSeconds TimeOf(const io::NodeView& value) {
  return ParseRfc3339(value.Text()).value_or(0);
}

Status ReadSources(std::string text, std::array<FeedSource, kFeedKinds.size()>& sources) {
  io::KeyTable keys;
  io::Tree tree;
  OURO_TRY_STATUS(io::ReadJson(std::move(text), {}, keys, tree));
  if (tree.roots().empty()) return Fail(ErrorCode::kParse, "its sources cannot be read");
  const io::NodeView root(tree, keys, tree.roots().front().node);
  for (const FeedKind kind : kFeedKinds) {
    const io::NodeView node = root.Get(FeedKindName(kind));
    FeedSource& source = sources[static_cast<size_t>(kind)];
    source.origin = node.Get("origin").Text();
    source.etag = node.Get("etag").Text();
    source.last_modified = node.Get("last_modified").Text();
    source.fetched_at = TimeOf(node.Get("fetched_at"));
    source.data_at = TimeOf(node.Get("data_at"));
  }
  return {};
}

tl::unexpected<Error> Damaged(std::string_view name, std::string_view what) {
  return Fail(ErrorCode::kParse, fmt::format("this file of feeds {}{}", what, kRemedy),
              std::string(name));
}

// The header after all checks that need no more than sizes.
Result<FeedHeader> CheckHeader(std::string_view bytes, std::string_view name) {
  FeedHeader header;
  if (bytes.size() < sizeof(header)) return Damaged(name, "is cut short");
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (std::string_view(header.magic.data(), header.magic.size()) != kFeedMagic) {
    return Fail(ErrorCode::kParse, "this is no file of feeds", std::string(name));
  }
  if (header.version != kFeedVersion || header.byte_order != kFeedByteOrder) {
    return Damaged(name, "is of another version or machine");
  }
  const uint64_t wanted = sizeof(header) + uint64_t{header.epss_count} * sizeof(EpssRow) +
                          uint64_t{header.kev_count} * sizeof(KevRow) +
                          uint64_t{header.enrichment_count} * sizeof(EnrichmentRow) +
                          header.sources_size_bytes + header.text_size_bytes;
  if (header.size_bytes != bytes.size() || wanted != bytes.size()) {
    return Damaged(name, "has another size than it says");
  }
  if (FeedChecksum(bytes.substr(sizeof(header))) != header.checksum) {
    return Damaged(name, "is damaged (checksum)");
  }
  return header;
}

}  // namespace

uint64_t FeedChecksum(std::string_view bytes) {
  constexpr uint64_t kOffset = 0xcbf29ce484222325;
  constexpr uint64_t kPrime = 0x100000001b3;
  uint64_t hash = kOffset;
  for (size_t at = 0; at < bytes.size(); at += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, std::min(sizeof(word), bytes.size() - at));
    hash = (hash ^ word) * kPrime;
    hash ^= hash >> 32;
  }
  return hash ^ bytes.size();
}

std::string_view FeedKindName(FeedKind kind) {
  switch (kind) {
    case FeedKind::kEpss:
      return "epss";
    case FeedKind::kKev:
      return "kev";
    case FeedKind::kVulnrichment:
      return "vulnrichment";
  }
  return {};
}

std::optional<FeedKind> ParseFeedKind(std::string_view name) {
  for (const FeedKind kind : kFeedKinds) {
    if (FeedKindName(kind) == name) return kind;
  }
  return std::nullopt;
}

Feeds::State::~State() {
  if (mapped != nullptr) munmap(mapped, mapped_size_bytes);
}

std::string_view Feeds::State::CvssOf(const EnrichmentRow& row) const {
  if (uint64_t{row.cvss_offset} + row.cvss_size > text.size()) return {};
  return text.substr(row.cvss_offset, row.cvss_size);
}

model::VulnFacts Feeds::State::FactsOf(const EnrichmentRow& row) const {
  model::VulnFacts facts;
  Decode(row, facts);
  facts.cvss = CvssOf(row);
  return facts;
}

Feeds::Feeds() : state_(std::make_unique<State>()) {}
Feeds::Feeds(std::unique_ptr<const State> state) : state_(std::move(state)) {}
Feeds::Feeds(Feeds&&) noexcept = default;
Feeds& Feeds::operator=(Feeds&&) noexcept = default;
Feeds::~Feeds() = default;

Result<Feeds> Feeds::FromState(std::unique_ptr<State> state, std::string_view name) {
  OURO_TRY(const FeedHeader header, CheckHeader(state->bytes, name));
  std::string_view rest = state->bytes.substr(sizeof(header));
  state->epss = TakeRows<EpssRow>(rest, header.epss_count);
  state->kev = TakeRows<KevRow>(rest, header.kev_count);
  state->enrichment = TakeRows<EnrichmentRow>(rest, header.enrichment_count);
  if (!IsSorted(state->epss) || !IsSorted(state->kev) || !IsSorted(state->enrichment)) {
    return Damaged(name, "is not in order");
  }
  if (!ReadSources(std::string(rest.substr(0, header.sources_size_bytes)), state->sources)) {
    return Damaged(name, "does not tell its sources");
  }
  state->text = rest.substr(header.sources_size_bytes);
  state->sources[static_cast<size_t>(FeedKind::kEpss)].row_count = header.epss_count;
  state->sources[static_cast<size_t>(FeedKind::kKev)].row_count = header.kev_count;
  state->sources[static_cast<size_t>(FeedKind::kVulnrichment)].row_count = header.enrichment_count;
  return Feeds(std::move(state));
}

Result<Feeds> Feeds::FromBytes(std::string bytes, std::string_view name) {
  auto state = std::make_unique<State>();
  state->owned = std::move(bytes);
  state->bytes = state->owned;
  return FromState(std::move(state), name);
}

Result<Feeds> Feeds::Open(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    const ErrorCode code = errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
    return Fail(code, fmt::format("the feeds cannot be opened: {}", std::strerror(errno)), path);
  }
  struct stat info{};
  auto state = std::make_unique<State>();
  const bool regular = fstat(file, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0;
  if (regular && info.st_size <= limits::kFeedSizeBytes) {
    state->mapped_size_bytes = static_cast<size_t>(info.st_size);
    void* const mapped = mmap(nullptr, state->mapped_size_bytes, PROT_READ, MAP_PRIVATE, file, 0);
    if (mapped != MAP_FAILED) state->mapped = mapped;
  }
  close(file);
  if (regular && info.st_size > limits::kFeedSizeBytes) {
    return Fail(ErrorCode::kLimit,
                fmt::format("a file of feeds has at most {} bytes", limits::kFeedSizeBytes), path);
  }
  if (state->mapped == nullptr) return Damaged(path, "is empty or no regular file");
  state->bytes = {static_cast<const char*>(state->mapped), state->mapped_size_bytes};
  return FromState(std::move(state), path);
}

const FeedSource& Feeds::source(FeedKind kind) const {
  return state_->sources[static_cast<size_t>(kind)];
}

bool Feeds::empty() const {
  return state_->epss.empty() && state_->kev.empty() && state_->enrichment.empty();
}

bool Feeds::Find(std::string_view cve, model::VulnFacts& facts) const {
  std::string vector = std::move(facts.cvss);  // keeps its capacity
  vector.clear();
  facts = {};
  if (!state_->kev.empty()) facts.kev = model::Answer::kNo;
  bool found = false;
  if (const std::optional<uint32_t> key = CveKey(cve)) {
    if (const EnrichmentRow* row = FindRow(state_->enrichment, *key)) {
      found = true;
      Decode(*row, facts);
      vector = state_->CvssOf(*row);
    }
    if (const EpssRow* row = FindRow(state_->epss, *key)) {
      found = true;
      facts.epss = row->score / kBillion;
      facts.epss_percentile = row->percentile / kBillion;
    }
    if (const KevRow* row = FindRow(state_->kev, *key)) {
      found = true;
      facts.kev = model::Answer::kYes;
      facts.kev_added = row->added_day * kDaySeconds;
      facts.kev_due = row->due_day * kDaySeconds;
      facts.ransomware = row->ransomware != 0;
    }
  }
  facts.cvss = std::move(vector);
  return found;
}

std::string Feeds::Describe() const {
  UnixSeconds oldest = 0;
  for (const FeedKind kind : kFeedKinds) {
    const FeedSource& source = this->source(kind);
    const UnixSeconds at = source.data_at != 0 ? source.data_at : source.fetched_at;
    if (source.row_count == 0 || at == 0) continue;
    if (oldest == 0 || at < oldest) oldest = at;
  }
  constexpr size_t kDateSize = 10;
  return oldest == 0 ? std::string() : "feeds of " + FormatRfc3339(oldest).substr(0, kDateSize);
}

}  // namespace ouro::feed
