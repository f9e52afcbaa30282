// Which exceptions cover which findings. Private to the gate.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "gate/decision.h"
#include "gate/selector_index.h"

namespace ouro::gate::internal {

// Two passes: Note() every open finding, so that it is known what each exception matches now; then
// Judge() them one by one.
class ExceptionBook {
 public:
  // All must outlive it.
  ExceptionBook(const Request& request, Resolver& resolver);

  // `slot`: number of the finding, in increasing order.
  void Note(size_t slot, const Facts& facts);
  // After the last Note().
  void Close();
  // Sets standing, action, exception and note of a finding whose ruling is known.
  void Judge(size_t slot, const Facts& facts, FindingOutcome& outcome);
  std::vector<ExceptionOutcome> Finish();

 private:
  struct Standing {
    ExceptionFacts facts;
    int64_t growth_percent = 0;
    double epss_threshold = 0;
    bool matched = false;
    std::string change;               // material change; empty: none
    const LevelView* view = nullptr;  // of the finding with the strictest demands
    model::Severity severity = model::Severity::kInfo;
    int64_t covered = 0;
  };

  ExceptionStatus StatusFor(size_t exception, const LevelView& view, model::Severity severity);
  bool OwnsFloors(const Exception& exception, const Ruling& ruling, std::string& why) const;

  const Request& request_;
  Resolver& resolver_;
  SelectorIndex index_;
  std::vector<Standing> standings_;  // by exception
  std::vector<SelectorMatch> matches_;
  std::vector<size_t> begins_;  // by slot: where its matches begin
  std::map<std::tuple<size_t, const LevelView*, model::Severity>, ExceptionStatus> known_;
};

}  // namespace ouro::gate::internal
