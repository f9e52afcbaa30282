// What becomes of a finding of another tool on its way into the store. Private to the engine.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/import.h"
#include "engine/source_lookup.h"
#include "model/finding.h"

namespace ouro::engine {

// Completes findings of one report: tool, asset, stage, suppression by the tool's own decision,
// concept, place in the source, ids. Not thread-safe.
class FindingCompleter {
 public:
  explicit FindingCompleter(const ImportRequest& request);
  ~FindingCompleter();

  void Begin(const ingest::ReportFacts& facts) { facts_ = facts; }
  void Complete(model::Finding& finding);

 private:
  void FillAsset(model::Finding& finding) const;

  const ImportRequest& request_;
  ingest::ReportFacts facts_;
  std::unique_ptr<SourceLookup> source_;  // null: no source folder was named
};

}  // namespace ouro::engine
