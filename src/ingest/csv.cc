#include "ingest/csv.h"

#include <algorithm>

#include "base/text.h"
#include "fmt/format.h"

namespace ouro::ingest {
namespace {

char Separator(std::string_view bytes) {
  const std::string_view line = bytes.substr(0, bytes.find('\n'));
  char best = ',';
  for (const char candidate : {',', ';', '\t', '|'}) {
    if (std::count(line.begin(), line.end(), candidate) >
        std::count(line.begin(), line.end(), best)) {
      best = candidate;
    }
  }
  return best;
}

// Reads one record from `position` on, which afterwards stands behind its line end.
class RecordReader {
 public:
  RecordReader(std::string_view bytes, char separator) : bytes_(bytes), separator_(separator) {}

  bool AtEnd() const { return position_ >= bytes_.size(); }

  Result<std::vector<std::string>> Next() {
    std::vector<std::string> cells(1);
    for (;;) {
      if (AtEnd()) return cells;
      const char c = bytes_[position_];
      if (c == '"' && cells.back().empty()) {
        OURO_TRY_STATUS(ReadQuoted(cells.back()));
        continue;
      }
      ++position_;
      if (c == '\n') {
        if (EndsWith(cells.back(), "\r")) cells.back().pop_back();
        return cells;
      }
      if (c == separator_) {
        cells.emplace_back();
      } else {
        cells.back() += c;
      }
    }
  }

 private:
  Status ReadQuoted(std::string& cell) {
    const size_t start = position_++;
    while (position_ < bytes_.size()) {
      const char c = bytes_[position_++];
      if (c != '"') {
        cell += c;
        continue;
      }
      if (position_ < bytes_.size() && bytes_[position_] == '"') {
        cell += '"';
        ++position_;
        continue;
      }
      return {};
    }
    const std::string_view before = bytes_.substr(0, start);
    const int64_t line = 1 + std::count(before.begin(), before.end(), '\n');
    const size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    return Fail(ErrorCode::kParse,
                "a quoted cell has no end: the file is cut off or a quote is missing",
                fmt::format("{}:{}", line, start - line_start + 1));
  }

  std::string_view bytes_;
  char separator_;
  size_t position_ = 0;
};

}  // namespace

Result<Csv> Csv::Parse(std::string_view bytes) {
  if (StartsWith(bytes, "\xef\xbb\xbf")) bytes.remove_prefix(3);
  Csv csv;
  RecordReader reader(bytes, Separator(bytes));
  if (reader.AtEnd()) return Fail(ErrorCode::kParse, "no header line: the file is empty");
  OURO_TRY(csv.header_, reader.Next());
  for (std::string& name : csv.header_) name = std::string(TrimSpace(name));
  while (!reader.AtEnd()) {
    OURO_TRY(std::vector<std::string> cells, reader.Next());
    if (cells.size() == 1 && cells[0].empty()) continue;
    csv.rows_.push_back(std::move(cells));
  }
  return csv;
}

bool Csv::HasColumn(std::string_view name) const {
  return std::any_of(header_.begin(), header_.end(),
                     [&](const std::string& column) { return EqualsIgnoreCase(column, name); });
}

std::string_view Csv::Cell(size_t row, std::string_view column) const {
  for (size_t i = 0; i < header_.size(); ++i) {
    if (!EqualsIgnoreCase(header_[i], column)) continue;
    return i < rows_[row].size() ? TrimSpace(rows_[row][i]) : std::string_view();
  }
  return {};
}

}  // namespace ouro::ingest
