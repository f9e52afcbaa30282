// The order of steps of a run, its threads and its time. The only module that knows all of layers 4
// and 5. Source → object → finding → triaged finding → decision → report.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "engine/config.h"
#include "model/report.h"
#include "rules/check.h"
#include "rules/selection.h"
#include "scan/source.h"

namespace ouro::engine {

struct ScanRequest {
  std::vector<std::string> paths;  // "-" is standard input
  Config config;                   // effective: file with flags over it
  scan::WalkOptions walk;          // its excludes are added to those of `config`
  rules::SelectionOptions selection;
  int kubernetes_minor = -1;  // -1: newest known
  bool show_passed = false;
  bool name_skipped = false;                // a warning for each file that holds nothing to examine
  int thread_count = 0;                     // 0: as many as the machine has, at most 8
  UnixSeconds now = 0;                      // given by the caller
  const std::atomic<bool>* stop = nullptr;  // set by the first interrupt: finish the open files
  std::function<void(int64_t files_done)> progress;  // may be empty; called from the calling thread
};

// Scans, triages and decides. Fails only for wrong use (a check nobody knows, a path that does not
// exist, a check file or baseline that is broken); everything else is a problem inside the report.
// The report does not depend on the number of threads.
Result<model::Report> Scan(const ScanRequest& request);

// The check library of a configuration: the built-in checks and those of its check folders.
// kInvalid when a file is no check or an id is given twice. `with_examples`: keep what `rule test`
// needs.
Result<std::vector<rules::Check>> LoadLibrary(const std::vector<std::string>& check_folders,
                                              bool with_examples = false);

// The selection that a configuration asks for.
rules::SelectionOptions SelectionOf(const Config& config);

// Version of this program.
std::string_view Version();

}  // namespace ouro::engine
