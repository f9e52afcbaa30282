#include "feed/builder.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "feed/state.h"

namespace ouro::feed {
namespace {

constexpr double kBillion = 1e9;
constexpr int64_t kDaySeconds = 86'400;

uint32_t Billionths(double share) {
  return static_cast<uint32_t>(std::llround(std::clamp(share, 0.0, 1.0) * kBillion));
}

int32_t DayOf(UnixSeconds at) {
  return static_cast<int32_t>(std::clamp<int64_t>(at / kDaySeconds, 0, 1'000'000));
}

// Sorts by key; of equal keys the one that was added last stays.
template <typename Row>
void SortRows(std::vector<Row>& rows) {
  std::vector<std::pair<uint32_t, size_t>> order;
  order.reserve(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) order.emplace_back(rows[i].key, i);
  std::sort(order.begin(), order.end());
  std::vector<Row> sorted;
  sorted.reserve(rows.size());
  for (size_t i = 0; i < order.size(); ++i) {
    if (i + 1 < order.size() && order[i + 1].first == order[i].first) continue;
    sorted.push_back(rows[order[i].second]);
  }
  rows = std::move(sorted);
}

template <typename Row>
void AppendRows(std::string& out, const std::vector<Row>& rows) {
  if (rows.empty()) return;
  const size_t at = out.size();
  out.resize(at + rows.size() * sizeof(Row));
  std::memcpy(out.data() + at, rows.data(), rows.size() * sizeof(Row));
}

void AppendSource(std::string& out, FeedKind kind, const FeedSource& source) {
  out += out.empty() ? "{" : ",";
  AppendJsonString(out, FeedKindName(kind));
  out += ":{\"origin\":";
  AppendJsonString(out, source.origin);
  out += ",\"etag\":";
  AppendJsonString(out, source.etag);
  out += ",\"last_modified\":";
  AppendJsonString(out, source.last_modified);
  out += fmt::format(",\"fetched_at\":\"{}\",\"data_at\":\"{}\"}}",
                     FormatRfc3339(source.fetched_at), FormatRfc3339(source.data_at));
}

}  // namespace

void FeedBuilder::AddEpss(uint32_t key, double score, double percentile) {
  epss_.push_back({key, Billionths(score), Billionths(percentile)});
}

void FeedBuilder::AddKev(uint32_t key, UnixSeconds added, UnixSeconds due, bool ransomware) {
  kev_.push_back({key, DayOf(added), DayOf(due), ransomware ? 1U : 0U});
}

void FeedBuilder::AddEnrichment(uint32_t key, const model::VulnFacts& facts) {
  EnrichmentRow row;
  row.key = key;
  row.exploitation = static_cast<uint8_t>(facts.exploitation);
  row.automatable = static_cast<uint8_t>(facts.automatable);
  row.impact = static_cast<uint8_t>(facts.technical_impact);
  if (!facts.cvss.empty() && facts.cvss.size() <= UINT8_MAX) {
    const auto [found, is_new] =
        text_offsets_.emplace(facts.cvss, static_cast<uint32_t>(text_.size()));
    if (is_new) text_ += facts.cvss;
    row.cvss_size = static_cast<uint8_t>(facts.cvss.size());
    row.cvss_offset = found->second;
  }
  enrichment_.push_back(row);
}

void FeedBuilder::SetSource(FeedKind kind, FeedSource source) {
  sources_[static_cast<size_t>(kind)] = std::move(source);
}

const FeedSource& FeedBuilder::source(FeedKind kind) const {
  return sources_[static_cast<size_t>(kind)];
}

int64_t FeedBuilder::row_count(FeedKind kind) const {
  switch (kind) {
    case FeedKind::kEpss:
      return static_cast<int64_t>(epss_.size());
    case FeedKind::kKev:
      return static_cast<int64_t>(kev_.size());
    case FeedKind::kVulnrichment:
      return static_cast<int64_t>(enrichment_.size());
  }
  return 0;
}

void FeedBuilder::Keep(FeedKind kind, const Feeds& old) {
  const Feeds::State& state = *old.state_;
  SetSource(kind, old.source(kind));
  switch (kind) {
    case FeedKind::kEpss:
      epss_.assign(state.epss.begin(), state.epss.end());
      return;
    case FeedKind::kKev:
      kev_.assign(state.kev.begin(), state.kev.end());
      return;
    case FeedKind::kVulnrichment:
      break;
  }
  enrichment_.clear();
  for (const EnrichmentRow& row : state.enrichment) AddEnrichment(row.key, state.FactsOf(row));
}

void FeedBuilder::Take(FeedKind kind, FeedBuilder& other) {
  SetSource(kind, other.source(kind));
  switch (kind) {
    case FeedKind::kEpss:
      epss_ = std::move(other.epss_);
      return;
    case FeedKind::kKev:
      kev_ = std::move(other.kev_);
      return;
    case FeedKind::kVulnrichment:
      break;
  }
  enrichment_ = std::move(other.enrichment_);
  text_ = std::move(other.text_);
  text_offsets_ = std::move(other.text_offsets_);
}

Result<std::string> FeedBuilder::Build() {
  SortRows(epss_);
  SortRows(kev_);
  SortRows(enrichment_);
  // The text in the order of the rows: the bytes must not depend on the order of the input.
  std::string text;
  std::map<std::string_view, uint32_t> offsets;
  for (EnrichmentRow& row : enrichment_) {
    const std::string_view vector(text_.data() + row.cvss_offset, row.cvss_size);
    const auto [found, is_new] = offsets.emplace(vector, static_cast<uint32_t>(text.size()));
    if (is_new) text += vector;
    row.cvss_offset = found->second;
  }
  text_offsets_.clear();
  for (const auto& [vector, offset] : offsets) text_offsets_.emplace(vector, offset);
  text_ = std::move(text);

  const size_t row_count = epss_.size() + kev_.size() + enrichment_.size();
  if (row_count > static_cast<size_t>(limits::kFeedRowCount)) {
    return Fail(ErrorCode::kLimit,
                fmt::format("the feeds have more than {} rows", limits::kFeedRowCount));
  }
  std::string sources;
  for (const FeedKind kind : kFeedKinds) AppendSource(sources, kind, source(kind));
  sources += '}';

  FeedHeader header;
  std::copy(kFeedMagic.begin(), kFeedMagic.end(), header.magic.begin());
  header.epss_count = static_cast<uint32_t>(epss_.size());
  header.kev_count = static_cast<uint32_t>(kev_.size());
  header.enrichment_count = static_cast<uint32_t>(enrichment_.size());
  header.sources_size_bytes = static_cast<uint32_t>(sources.size());
  header.text_size_bytes = static_cast<uint32_t>(text_.size());
  std::string out(sizeof(header), '\0');
  AppendRows(out, epss_);
  AppendRows(out, kev_);
  AppendRows(out, enrichment_);
  out += sources;
  out += text_;
  header.size_bytes = out.size();
  header.checksum = FeedChecksum(std::string_view(out).substr(sizeof(header)));
  std::memcpy(out.data(), &header, sizeof(header));
  return out;
}

}  // namespace ouro::feed
