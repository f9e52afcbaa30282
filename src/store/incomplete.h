// What a run could not tell: which findings stay open although it did not see them. Private to
// store.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "model/finding.h"

namespace ouro::store {

// The places of one finding as one text: files, each ended by a zero byte, which no path can hold.
std::string JoinPlaces(const model::Finding& finding);

class IncompletePlaces {
 public:
  explicit IncompletePlaces(const std::vector<model::Problem>& problems);

  // Was any of the files (as JoinPlaces wrote them), or a folder above it, not examined?
  bool Covers(std::string_view places) const;

 private:
  bool CoversFile(std::string_view file) const;

  bool everything_ = false;
  std::unordered_set<std::string> paths_;
};

}  // namespace ouro::store
