#include "engine/file_pool.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace ouro::engine {
namespace {

constexpr size_t kInlineFileCount = 4;     // up to this many files need no threads
constexpr size_t kQueueEntryCount = 1024;  // the walk never runs further ahead

using Job = std::function<void(int worker, size_t index, scan::WalkEntry& entry)>;

struct Item {
  size_t index = 0;
  scan::WalkEntry entry;
};

class Pool {
 public:
  Pool(const PoolOptions& options, const Job& job) : options_(options), job_(job) {}
  ~Pool() { Finish(); }

  void Start() {
    for (int worker = 0; worker < options_.thread_count; ++worker) {
      threads_.emplace_back([this, worker] { Work(worker); });
    }
  }

  void Push(Item&& item) {
    std::unique_lock lock(mutex_);
    has_room_.wait(lock, [this] { return queue_.size() < kQueueEntryCount; });
    queue_.push_back(std::move(item));
    lock.unlock();
    has_item_.notify_one();
  }

  // Waits until everything that was pushed is done.
  void Finish() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    has_item_.notify_all();
    threads_.clear();
  }

  int64_t done() const { return done_.load(std::memory_order_relaxed); }

 private:
  void Work(int worker) {
    while (true) {
      std::unique_lock lock(mutex_);
      has_item_.wait(lock, [this] { return closed_ || !queue_.empty(); });
      if (queue_.empty()) return;
      Item item = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      has_room_.notify_one();
      job_(worker, item.index, item.entry);
      done_.fetch_add(1, std::memory_order_relaxed);
    }
  }

  const PoolOptions& options_;
  const Job& job_;
  std::mutex mutex_;
  std::condition_variable has_item_;
  std::condition_variable has_room_;
  std::deque<Item> queue_;
  bool closed_ = false;
  std::atomic<int64_t> done_{0};
  std::vector<std::jthread> threads_;
};

}  // namespace

Status RunPool(const std::vector<std::string>& paths, const scan::WalkOptions& walk,
               const PoolOptions& options, const Job& job) {
  Pool pool(options, job);
  std::vector<Item> first;
  size_t count = 0;
  int64_t done = 0;
  bool threaded = false;
  const auto stopped = [&] { return options.stop != nullptr && options.stop->load(); };
  const auto run_inline = [&](Item& item) {
    job(0, item.index, item.entry);
    ++done;
    if (options.progress) options.progress(done);
  };
  const auto visit = [&](scan::WalkEntry&& entry) {
    Item item{count++, std::move(entry)};
    if (options.thread_count <= 1) {
      run_inline(item);
    } else if (threaded) {
      pool.Push(std::move(item));
      if (options.progress) options.progress(pool.done());
    } else {
      first.push_back(std::move(item));
      if (first.size() > kInlineFileCount) {
        threaded = true;
        pool.Start();
        for (Item& waiting : first) pool.Push(std::move(waiting));
        first.clear();
      }
    }
    return !stopped();
  };
  const Status walked = scan::Walk(paths, walk, visit);
  for (Item& waiting : first) run_inline(waiting);
  pool.Finish();
  return walked;
}

}  // namespace ouro::engine
