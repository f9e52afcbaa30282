// The column index: for each issue and each finding the 16 values that questions are about, as
// numbers of fixed width in blobs of 16,384 items a column ("segments"). A question reads the few
// columns it names from end to end, at some gigabytes a second, keeps the best items of a page in a
// heap, and counts groups in an array; it never sorts rows and never touches the tables. Measured
// against B-tree indexes: those answer only the combinations they were made for and cost a random
// insertion each, for every item (docs/decisions/0005-sqlite-store.md). Private to store.
//
// A segment's blob: one byte width (0, 1, 2 or 4), four bytes base, then for each item
// value - base in `width` bytes; all little-endian. Width 0: every value is the base. The last
// segment is as long as it has items; items beyond the end are 0.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "store/issue.h"
#include "store/sqlite.h"

namespace ouro::store {

enum class Table : uint8_t { kIssues, kFindings };

enum class Column : uint8_t {
  kState,  // see State
  kSeverity,
  kClass,
  kPriority,
  kStageBits,  // stages that see it now
  kRules,      // code of a set (store/dictionary.h), as the next two
  kTools,
  kAssets,
  kObject,
  kVuln,
  kOwner,
  kFixGroup,
  kFirstSeen,
  kLastSeen,
  kSlaDue,
  kUntil,
};
inline constexpr size_t kColumnCount = 16;
inline constexpr uint32_t kSegmentItemCount = 16'384;

// Bits of Column::kState: the IssueStatus in the low four (0 for findings), then these. An item
// that was never stored has 0, so that kStored tells it apart.
inline constexpr uint32_t kStateStatusMask = 15;
inline constexpr uint32_t kStateSeen = 16;
inline constexpr uint32_t kStateSuppressed = 32;
inline constexpr uint32_t kStateStored = 64;

using ColumnValues = std::array<uint32_t, kColumnCount>;

// Seconds since 1970 as 32 bits: 0 (none) to 2106-02-07.
uint32_t TimeValue(int64_t seconds);

// One column of one segment, unpacked. Missing items are 0.
using ColumnData = std::array<uint32_t, kSegmentItemCount>;

class ColumnReader {
 public:
  explicit ColumnReader(Database& database) : database_(database) {}
  Result<uint32_t> SegmentCount(Table table);
  // Gives how many items the blob holds. kParse for a damaged blob.
  Result<uint32_t> Read(Table table, Column column, uint32_t segment, ColumnData& out);

 private:
  Database& database_;
  Prepared read_{"SELECT bytes FROM segments WHERE segment_key = ?"};
  Prepared last_{
      "SELECT max(segment_key) FROM segments WHERE segment_key >= ? AND segment_key < ?"};
};

// Writes values of items in (mostly) ascending order of their key. One segment is held at a time;
// columns are read when they are first touched.
class ColumnEditor {
 public:
  ColumnEditor(Database& database, Table table);
  // Keys count from 1.
  Status Put(int64_t key, const ColumnValues& values);
  Status Set(int64_t key, Column column, uint32_t value);
  Result<uint32_t> Get(int64_t key, Column column);
  Status Flush();
  // Drops what is not written, after a rollback.
  void Forget();

 private:
  struct Held {
    bool loaded = false;
    bool dirty = false;
    uint32_t count = 0;
    ColumnData values;
  };
  Result<Held*> Hold(uint32_t segment, Column column);
  Status Write(Column column, const Held& held);

  Database& database_;
  Table table_;
  ColumnReader reader_;
  bool has_segment_ = false;
  uint32_t segment_ = 0;
  std::unique_ptr<std::array<Held, kColumnCount>> held_;
  std::string packed_;
  Prepared write_{"INSERT OR REPLACE INTO segments(segment_key, bytes) VALUES(?, ?)"};
};

}  // namespace ouro::store
