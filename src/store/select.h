// Filters over the column index. Private to store.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/error.h"
#include "store/core.h"
#include "store/query.h"

namespace ouro::store {

// A filter with its names looked up. Matches nothing where a name is not known.
class Selection {
 public:
  static Result<Selection> Make(Core& core, Table table, const Filter& filter, int64_t now);

  // Calls `each` with every segment in which something matches: its number and the places in it,
  // ascending.
  Status ForEach(Core& core,
                 const std::function<Status(uint32_t, std::span<const uint16_t>)>& each) const;

 private:
  // One column and what it must be.
  struct Test {
    Column column = Column::kState;
    uint32_t low = 0;  // inclusive, as `high`
    uint32_t high = UINT32_MAX;
    uint32_t bits = 0;          // at least one of these; 0: not asked
    std::vector<bool> members;  // by value; empty: not asked
    bool operator()(uint32_t value) const;
  };
  enum class Verdict : uint8_t { kNo, kYes, kWhenEnded };

  void FillStates(Table table, const Filter& filter);
  Status AddNames(Core& core, const Filter& filter);
  Status AddRules(Core& core, const Filter& filter);
  Status AddAssets(Core& core, const Filter& filter);
  Status AddObjects(Core& core, const Filter& filter);
  Status AddVuln(Core& core, const Filter& filter);
  void AddMembers(Column column, const std::vector<uint32_t>& values);
  Status StartSegment(Core& core, uint32_t segment, ColumnData& data,
                      std::vector<uint16_t>& places) const;

  Table table_ = Table::kIssues;
  uint32_t now_ = 0;
  bool nothing_ = false;
  std::array<Verdict, 128> states_{};
  std::vector<Test> tests_;
};

}  // namespace ouro::store
