#include "data/stream/worker_pool.h"

#include <algorithm>
#include <stdexcept>

namespace pada {

WorkerPool::WorkerPool(int threads, std::function<void()> leave) : leave_(std::move(leave)) {
  try {
    for (int i = 0; i < threads; i++) threads_.emplace_back([this] { run(); });
  } catch (...) {
    // The system gave no more threads. Those that run must end before they are destroyed.
    end();
    throw;
  }
}

WorkerPool::~WorkerPool() { end(); }

void WorkerPool::end() {
  {
    std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::begin(const std::shared_ptr<Batchwork>& work, bool urgent) {
  {
    std::lock_guard lock(mutex_);
    urgent ? queue_.push_front(work) : queue_.push_back(work);
  }
  changed_.notify_all();
}

void WorkerPool::finish(const std::shared_ptr<Batchwork>& work) {
  std::unique_lock lock(mutex_);
  // Whoever waits needs this work first.
  if (const auto found = std::ranges::find(queue_, work); found != queue_.end()) {
    queue_.erase(found);
    queue_.push_front(work);
  }
  wait_for(lock, *work);
  if (!work->failures.empty()) throw std::runtime_error(work->failures.begin()->second);
}

void WorkerPool::drop(const std::shared_ptr<Batchwork>& work) {
  std::unique_lock lock(mutex_);
  std::erase(queue_, work);
  work->size = work->begun;
  wait_for(lock, *work);
}

void WorkerPool::wait_for(std::unique_lock<std::mutex>& lock, const Batchwork& work) {
  done_.wait(lock, [&] { return work.done == work.size; });
}

void WorkerPool::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return ends_ || !queue_.empty(); });
    if (ends_) break;
    const std::shared_ptr<Batchwork> work = queue_.front();
    const int64_t piece = work->begun++;
    if (work->begun == work->size) queue_.pop_front();
    lock.unlock();
    std::string failure;
    bool failed = false;
    try {
      work->make(piece);
    } catch (const std::exception& error) {
      failed = true;
      failure = error.what();
    }
    lock.lock();
    if (failed) work->failures[piece] = failure;
    if (++work->done == work->size) done_.notify_all();
  }
  lock.unlock();
  leave_();
}

}  // namespace pada
