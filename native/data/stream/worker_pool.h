// Threads that make the images of batches while the executor thread computes.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "runtime/at_work.h"

namespace pada {

// A number of pieces of work, each done once by some thread. `make(i)` may throw; the other pieces are done all the
// same, so that the outcome does not depend on the number of threads.
struct Batchwork {
  int64_t size = 0;
  std::function<void(int64_t)> make;

  // Under the lock of the pool.
  int64_t begun = 0, done = 0;
  std::map<int64_t, std::string> failures;  // by piece
};

class WorkerPool {
 public:
  // `leave` runs in each thread before it ends.
  WorkerPool(int threads, std::function<void()> leave);
  // Waits for the pieces that are under way, and drops the others.
  ~WorkerPool();

  // `urgent`: before all other work; otherwise after it.
  void begin(const std::shared_ptr<Batchwork>& work, bool urgent);
  // Waits until all pieces are done. Throws std::runtime_error of the first piece that failed.
  void finish(const std::shared_ptr<Batchwork>& work);
  // Waits for the pieces under way, and drops the others.
  void drop(const std::shared_ptr<Batchwork>& work);

 private:
  void run();
  // Ends all threads.
  void end();
  void wait_for(std::unique_lock<std::mutex>& lock, const Batchwork& work);

  std::mutex mutex_;
  std::condition_variable changed_, done_;
  std::deque<std::shared_ptr<Batchwork>> queue_;
  bool ends_ = false;
  const std::function<void()> leave_;
  AtWork at_work_;
  std::vector<std::thread> threads_;
};

}  // namespace pada
