// Walks sources and hands each file to a worker. Internal to this module.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "scan/source.h"

namespace ouro::engine {

struct PoolOptions {
  int thread_count = 1;  // at least 1
  const std::atomic<bool>* stop =
      nullptr;  // when set, the walk ends; what is queued is still handed out
  std::function<void(int64_t files_done)> progress;
};

// Calls `job(worker, index, entry)` for every entry of the walk, where `index` counts entries from
// 0 in the order of the walk and `worker` is below thread_count. Calls with the same worker never
// overlap; calls with different workers do. Few files are handled by the calling thread alone,
// because starting threads costs more than they save. Returns when all is done; fails as
// scan::Walk.
Status RunPool(const std::vector<std::string>& paths, const scan::WalkOptions& walk,
               const PoolOptions& options,
               const std::function<void(int worker, size_t index, scan::WalkEntry& entry)>& job);

}  // namespace ouro::engine
