#include "store/select.h"

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "fmt/format.h"

namespace ouro::store {
namespace {

// The numbers in the first column of a statement whose parameters are texts.
Result<std::vector<uint32_t>> Numbers(Core& core, const std::string& sql,
                                      const std::vector<std::string>& texts) {
  OURO_TRY(Statement list, core.database->Prepare(sql));
  for (const std::string& text : texts) list.Bind(text);
  std::vector<uint32_t> numbers;
  for (;;) {
    OURO_TRY(const bool row, list.Step());
    if (!row) return numbers;
    numbers.push_back(static_cast<uint32_t>(list.Int()));
  }
}

}  // namespace

bool Selection::Test::operator()(uint32_t value) const {
  if (value < low || value > high) return false;
  if (bits != 0 && (value & bits) == 0) return false;
  return members.empty() || (value < members.size() && members[value]);
}

Result<Selection> Selection::Make(Core& core, Table table, const Filter& filter, int64_t now) {
  if (table == Table::kFindings && (!filter.statuses.empty() || filter.sla_due_max != 0)) {
    return Fail(ErrorCode::kInvalid, "status and SLA are of issues; findings have none");
  }
  Selection selection;
  selection.table_ = table;
  selection.now_ = TimeValue(now);
  selection.FillStates(table, filter);
  const auto add = [&selection](Column column, uint32_t low, uint32_t high) {
    Test test;
    test.column = column;
    test.low = low;
    test.high = high;
    selection.tests_.push_back(std::move(test));
  };
  if (filter.severity_min) {
    add(Column::kSeverity, static_cast<uint32_t>(*filter.severity_min), UINT32_MAX);
  }
  if (filter.finding_class) {
    const auto number = static_cast<uint32_t>(*filter.finding_class);
    add(Column::kClass, number, number);
  }
  if (filter.first_seen_min != 0) {
    add(Column::kFirstSeen, TimeValue(filter.first_seen_min), UINT32_MAX);
  }
  if (filter.sla_due_max != 0) add(Column::kSlaDue, 1, TimeValue(filter.sla_due_max));
  if (!filter.stage.empty()) {
    const auto* const known = std::find(kStages.begin(), kStages.end(), filter.stage);
    if (known == kStages.end()) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("\"{}\" is no stage; use {}", Printable(filter.stage),
                              fmt::join(kStages, ", ")));
    }
    Test test;
    test.column = Column::kStageBits;
    test.bits = StageBit(filter.stage);
    selection.tests_.push_back(std::move(test));
  }
  OURO_TRY_STATUS(selection.AddNames(core, filter));
  return selection;
}

void Selection::FillStates(Table table, const Filter& filter) {
  for (uint32_t state = 0; state < states_.size(); ++state) {
    if ((state & kStateStored) == 0) continue;
    const auto status = static_cast<IssueStatus>(state & kStateStatusMask);
    const bool seen = (state & kStateSeen) != 0;
    const bool suppressed = (state & kStateSuppressed) != 0;
    Verdict verdict = Verdict::kYes;
    if (filter.open_only) {
      if (!seen) verdict = Verdict::kNo;
      if (table == Table::kIssues && verdict == Verdict::kYes) {
        if (suppressed || status >= IssueStatus::kResolved) verdict = Verdict::kNo;
        if (!suppressed && status == IssueStatus::kRiskAccepted) verdict = Verdict::kWhenEnded;
      }
    }
    const std::vector<IssueStatus>& wanted = filter.statuses;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), status) == wanted.end()) {
      verdict = Verdict::kNo;
    }
    states_[state] = verdict;
  }
}

void Selection::AddMembers(Column column, const std::vector<uint32_t>& values) {
  if (values.empty()) nothing_ = true;
  if (nothing_) return;
  Test test;
  test.column = column;
  const uint32_t highest = *std::max_element(values.begin(), values.end());
  if (values.size() == 1) {
    test.low = test.high = highest;
  } else {
    test.members.resize(size_t{highest} + 1);
    for (const uint32_t value : values) test.members[value] = true;
  }
  tests_.push_back(std::move(test));
}

Status Selection::AddNames(Core& core, const Filter& filter) {
  const auto add_text = [&](Column column, const std::string& text) -> Status {
    OURO_TRY(const uint32_t number, core.dictionary.FindText(text));
    AddMembers(column, number == 0 ? std::vector<uint32_t>() : std::vector<uint32_t>{number});
    return {};
  };
  if (!filter.owner.empty()) OURO_TRY_STATUS(add_text(Column::kOwner, filter.owner));
  if (!filter.fix_group.empty()) OURO_TRY_STATUS(add_text(Column::kFixGroup, filter.fix_group));
  if (!filter.tool.empty()) {
    OURO_TRY(const uint32_t number, core.dictionary.FindText(filter.tool));
    std::vector<uint32_t> codes;
    if (number != 0) {
      OURO_TRY(codes, core.sets.CodesWith({number}));
    }
    AddMembers(Column::kTools, codes);
  }
  if (!filter.check.empty()) OURO_TRY_STATUS(AddRules(core, filter));
  OURO_TRY_STATUS(AddAssets(core, filter));
  if (!filter.vuln.empty()) OURO_TRY_STATUS(AddVuln(core, filter));
  if (!filter.name_prefix.empty()) OURO_TRY_STATUS(AddObjects(core, filter));
  return {};
}

Status Selection::AddRules(Core& core, const Filter& filter) {
  OURO_TRY(const std::vector<uint32_t> rules,
           Numbers(core,
                   "SELECT rule_id FROM rules WHERE check_id = ? UNION "
                   "SELECT rule_id FROM rule_names WHERE name = ?",
                   {filter.check, filter.check}));
  OURO_TRY(const std::vector<uint32_t> codes, core.sets.CodesWith(rules));
  AddMembers(Column::kRules, codes);
  return {};
}

// The filters of one place must hold together in one of the places of an item.
Status Selection::AddAssets(Core& core, const Filter& filter) {
  std::string sql = "SELECT asset_id FROM assets WHERE 1 = 1";
  std::vector<std::string> texts;
  const auto add = [&](const char* condition, const std::string& text) {
    if (text.empty()) return;
    sql += condition;
    texts.push_back(text);
  };
  add(" AND application = ?", filter.application);
  add(" AND environment = ?", filter.environment);
  add(" AND cluster = ?", filter.cluster);
  add(" AND namespace = ?", filter.namespace_name);
  if (texts.empty()) return {};
  OURO_TRY(const std::vector<uint32_t> assets, Numbers(core, sql, texts));
  OURO_TRY(const std::vector<uint32_t> codes, core.sets.CodesWith(assets));
  AddMembers(Column::kAssets, codes);
  return {};
}

Status Selection::AddVuln(Core& core, const Filter& filter) {
  OURO_TRY(const std::vector<uint32_t> vulns,
           Numbers(core,
                   "SELECT vuln_key FROM vulns WHERE id = ? UNION "
                   "SELECT vuln_key FROM vuln_aliases WHERE alias = ?",
                   {filter.vuln, filter.vuln}));
  AddMembers(Column::kVuln, vulns);
  return {};
}

Status Selection::AddObjects(Core& core, const Filter& filter) {
  // No text of UTF-8 holds the byte 0xff, so this is behind every name with the prefix.
  const std::string end = filter.name_prefix + "\xff";
  OURO_TRY(const std::vector<uint32_t> objects,
           Numbers(core, "SELECT object_id FROM objects WHERE name >= ? AND name < ?",
                   {filter.name_prefix, end}));
  AddMembers(Column::kObject, objects);
  return {};
}

Status Selection::StartSegment(Core& core, uint32_t segment, ColumnData& data,
                               std::vector<uint16_t>& places) const {
  places.clear();
  OURO_TRY(const uint32_t count, core.columns.Read(table_, Column::kState, segment, data));
  bool ask_until = false;
  places.resize(count);
  size_t kept = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const Verdict verdict = states_[data[i] & 127];
    places[kept] = static_cast<uint16_t>(i);
    kept += verdict != Verdict::kNo ? 1U : 0U;
    ask_until = ask_until || verdict == Verdict::kWhenEnded;
  }
  places.resize(kept);
  if (!ask_until) return {};
  ColumnData until;
  OURO_TRY_STATUS(core.columns.Read(table_, Column::kUntil, segment, until));
  std::erase_if(places, [&](uint16_t place) {
    const bool accepted = states_[data[place] & 127] == Verdict::kWhenEnded;
    return accepted && (until[place] == 0 || until[place] > now_);
  });
  return {};
}

Status Selection::ForEach(
    Core& core, const std::function<Status(uint32_t, std::span<const uint16_t>)>& each) const {
  if (nothing_) return {};
  OURO_TRY(const uint32_t segment_count, core.columns.SegmentCount(table_));
  const auto data = std::make_unique<ColumnData>();
  std::vector<uint16_t> places;
  for (uint32_t segment = 0; segment < segment_count; ++segment) {
    OURO_TRY_STATUS(StartSegment(core, segment, *data, places));
    for (const Test& test : tests_) {
      if (places.empty()) break;
      OURO_TRY_STATUS(core.columns.Read(table_, test.column, segment, *data));
      size_t kept = 0;
      for (const uint16_t place : places) {
        places[kept] = place;
        kept += test((*data)[place]) ? 1U : 0U;
      }
      places.resize(kept);
    }
    if (!places.empty()) OURO_TRY_STATUS(each(segment, places));
  }
  return {};
}

}  // namespace ouro::store
