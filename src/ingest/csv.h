// Comma-separated values (RFC 4180): quotes, doubled quotes, line ends inside quotes; separator
// ',',
// ';' or tab, whichever the header line has most of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace ouro::ingest {

// The first row names the columns. Rows shorter than the header have empty ends; a quote that never
// ends is kParse with "line:column".
class Csv {
 public:
  static Result<Csv> Parse(std::string_view bytes);

  const std::vector<std::string>& header() const { return header_; }
  size_t row_count() const { return rows_.size(); }
  bool HasColumn(std::string_view name) const;  // ignoring case
  // Cell by row number (from 0) and column name (ignoring case); empty when there is no such
  // column.
  std::string_view Cell(size_t row, std::string_view column) const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace ouro::ingest
