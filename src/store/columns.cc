#include "store/columns.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "fmt/format.h"

namespace ouro::store {
namespace {

constexpr size_t kHeaderSize = 5;

int64_t KeyOf(Table table, Column column, uint32_t segment) {
  return ((static_cast<int64_t>(table) + 1) << 40) | (static_cast<int64_t>(column) << 32) | segment;
}

template <typename Small>
void UnpackAs(const char* bytes, uint32_t count, uint32_t base, ColumnData& out) {
  for (uint32_t i = 0; i < count; ++i) {
    Small value;
    std::memcpy(&value, bytes + i * sizeof(Small), sizeof(Small));
    out[i] = base + value;
  }
}

template <typename Small>
void PackAs(const ColumnData& values, uint32_t count, uint32_t base, std::string& out) {
  const size_t from = out.size();
  out.resize(from + count * sizeof(Small));
  for (uint32_t i = 0; i < count; ++i) {
    const auto value = static_cast<Small>(values[i] - base);
    std::memcpy(out.data() + from + i * sizeof(Small), &value, sizeof(Small));
  }
}

// False: the blob is damaged.
bool Unpack(std::string_view blob, ColumnData& out, uint32_t& count) {
  if (blob.size() < kHeaderSize) return false;
  const auto width = static_cast<unsigned char>(blob[0]);
  uint32_t base;
  std::memcpy(&base, blob.data() + 1, sizeof base);
  const char* bytes = blob.data() + kHeaderSize;
  const size_t left = blob.size() - kHeaderSize;
  if (width == 0) {
    // The count stands where the values would be.
    if (left != sizeof count) return false;
    std::memcpy(&count, bytes, sizeof count);
    if (count > kSegmentItemCount) return false;
    std::fill_n(out.begin(), count, base);
  } else {
    if ((width != 1 && width != 2 && width != 4) || left % width != 0) return false;
    if (left / width > kSegmentItemCount) return false;
    count = static_cast<uint32_t>(left / width);
    if (width == 1) UnpackAs<uint8_t>(bytes, count, base, out);
    if (width == 2) UnpackAs<uint16_t>(bytes, count, base, out);
    if (width == 4) UnpackAs<uint32_t>(bytes, count, base, out);
  }
  std::fill(out.begin() + count, out.end(), 0);
  return true;
}

void Pack(const ColumnData& values, uint32_t count, std::string& out) {
  uint32_t low = std::numeric_limits<uint32_t>::max();
  uint32_t high = 0;
  for (uint32_t i = 0; i < count; ++i) {
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
  }
  const uint32_t range = high - low;
  char width = 4;
  if (range == 0) {
    width = 0;
  } else if (range <= 0xff) {
    width = 1;
  } else if (range <= 0xffff) {
    width = 2;
  }
  out.assign(1, width);
  char bytes[sizeof(uint32_t)];
  std::memcpy(bytes, &low, sizeof low);
  out.append(bytes, sizeof bytes);
  if (width == 0) {
    std::memcpy(bytes, &count, sizeof count);
    out.append(bytes, sizeof bytes);
  }
  if (width == 1) PackAs<uint8_t>(values, count, low, out);
  if (width == 2) PackAs<uint16_t>(values, count, low, out);
  if (width == 4) PackAs<uint32_t>(values, count, low, out);
}

}  // namespace

uint32_t TimeValue(int64_t seconds) {
  return static_cast<uint32_t>(
      std::clamp<int64_t>(seconds, 0, std::numeric_limits<uint32_t>::max()));
}

Result<uint32_t> ColumnReader::SegmentCount(Table table) {
  OURO_TRY(Statement * last, last_.Use(database_));
  last->Bind(KeyOf(table, Column::kState, 0)).Bind(KeyOf(table, Column::kSeverity, 0));
  OURO_TRY(const bool row, last->Step());
  const int64_t key = row ? last->Int() : 0;
  last->Reset();
  if (key == 0) return 0;  // no row gives NULL
  return static_cast<uint32_t>(key - KeyOf(table, Column::kState, 0)) + 1;
}

Result<uint32_t> ColumnReader::Read(Table table, Column column, uint32_t segment, ColumnData& out) {
  OURO_TRY(Statement * read, read_.Use(database_));
  read->Bind(KeyOf(table, column, segment));
  OURO_TRY(const bool row, read->Step());
  uint32_t count = 0;
  if (!row) {
    out.fill(0);
    return count;
  }
  const bool whole = Unpack(read->View(), out, count);
  read->Reset();
  if (!whole) {
    return Fail(ErrorCode::kParse, "the store is damaged: a segment of its index is broken",
                database_.path());
  }
  return count;
}

ColumnEditor::ColumnEditor(Database& database, Table table)
    : database_(database),
      table_(table),
      reader_(database),
      held_(std::make_unique<std::array<Held, kColumnCount>>()) {}

Result<ColumnEditor::Held*> ColumnEditor::Hold(uint32_t segment, Column column) {
  if (!has_segment_ || segment_ != segment) {
    OURO_TRY_STATUS(Flush());
    for (Held& held : *held_) held.loaded = false;
    segment_ = segment;
    has_segment_ = true;
  }
  Held& held = (*held_)[static_cast<size_t>(column)];
  if (!held.loaded) {
    OURO_TRY(held.count, reader_.Read(table_, column, segment, held.values));
    held.loaded = true;
    held.dirty = false;
  }
  return &held;
}

Status ColumnEditor::Set(int64_t key, Column column, uint32_t value) {
  const auto index = static_cast<uint32_t>(key - 1);
  OURO_TRY(Held * held, Hold(index / kSegmentItemCount, column));
  const uint32_t at = index % kSegmentItemCount;
  if (at < held->count && held->values[at] == value) return {};
  held->values[at] = value;
  held->count = std::max(held->count, at + 1);
  held->dirty = true;
  return {};
}

Status ColumnEditor::Put(int64_t key, const ColumnValues& values) {
  for (size_t i = 0; i < kColumnCount; ++i) {
    OURO_TRY_STATUS(Set(key, static_cast<Column>(i), values[i]));
  }
  return {};
}

Result<uint32_t> ColumnEditor::Get(int64_t key, Column column) {
  const auto index = static_cast<uint32_t>(key - 1);
  OURO_TRY(Held * held, Hold(index / kSegmentItemCount, column));
  const uint32_t at = index % kSegmentItemCount;
  return held->values[at];
}

Status ColumnEditor::Write(Column column, const Held& held) {
  Pack(held.values, held.count, packed_);
  OURO_TRY(Statement * write, write_.Use(database_));
  write->Bind(KeyOf(table_, column, segment_)).BindBlob(packed_);
  return write->Run();
}

Status ColumnEditor::Flush() {
  if (!has_segment_) return {};
  for (size_t i = 0; i < kColumnCount; ++i) {
    Held& held = (*held_)[i];
    if (!held.loaded || !held.dirty) continue;
    OURO_TRY_STATUS(Write(static_cast<Column>(i), held));
    held.dirty = false;
  }
  return {};
}

void ColumnEditor::Forget() {
  has_segment_ = false;
  for (Held& held : *held_) held = Held();
}

}  // namespace ouro::store
