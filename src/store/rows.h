// A finding as a row and back. Private to store.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "model/finding.h"
#include "store/sqlite.h"

namespace ouro::store {

// Binds a finding to the statement in the order of kFindingColumns. Lists are JSON text. Holds the
// texts that the statement refers to until the next Bind().
class FindingBinder {
 public:
  void Bind(Statement& statement, const model::Finding& finding, std::string_view now);

 private:
  std::string aliases_;
  std::string links_;
  std::string fix_;
  std::string places_;
  std::string suppression_;
};

// Reads what FindingBinder wrote, from the next columns of the row on. Lists are read by SQLite
// itself, with statements that are prepared once.
class FindingReader {
 public:
  static Result<FindingReader> Make(Database& database);
  Result<model::Finding> Read(Statement& row);

 private:
  FindingReader(Statement texts, Statement fixes, Statement places)
      : texts_(std::move(texts)), fixes_(std::move(fixes)), places_(std::move(places)) {}

  Status ReadTexts(const std::string& json, std::vector<std::string>& out);
  Status ReadFix(const std::string& json, std::vector<model::FixPatch>& out);
  Status ReadPlaces(const std::string& json, std::vector<model::Location>& out);

  Statement texts_;
  Statement fixes_;
  Statement places_;
};

}  // namespace ouro::store
