#include "runtime/stopwatch.h"

#include <utility>

namespace pada {

void Stopwatch::start(void (*finish)()) {
  seconds_.fill(0);
  current_ = kIdle;
  finish_ = finish;
  running_ = true;
}

Stopwatch::Seconds Stopwatch::take() {
  book();
  return std::exchange(seconds_, {});
}

void Stopwatch::book() {
  if (finish_ != nullptr) finish_();
  const Clock::time_point now = Clock::now();
  if (current_ != kIdle) seconds_[current_] += std::chrono::duration<double>(now - since_).count();
  since_ = now;
}

}  // namespace pada
