// Where the executor thread's time goes, by family of operations. Off, a scope costs one test of a flag; on, one
// reading of the clock at either end.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>

namespace pada {

// In the order of FAMILIES in src/native/process.ts.
enum class Family { ConvForward, ConvBackward, Norm, Pool, Sum, Loss, Statistics, Optimizer, Other };
inline constexpr size_t kFamilies = static_cast<size_t>(Family::Other) + 1;
inline constexpr std::array<std::string_view, kFamilies> kFamilyNames = {
    "convForward", "convBackward", "norm", "pool", "sum", "loss", "statistics", "optimizer", "other"};
static_assert(!kFamilyNames.back().empty());

// One for the process, as there is one executor thread, which alone may touch it.
class Stopwatch {
 public:
  using Seconds = std::array<double, kFamilies>;  // by Family

  // Books the time until it ends under one family. A scope within a scope stops the clock of the outer one, so that
  // the families add up to the time that the executor was busy: every task is a scope of Family::Other itself.
  class Scope {
   public:
    explicit Scope(Family family) : active_(running_) {
      if (!active_) return;
      book();
      outer_ = current_;
      current_ = static_cast<int>(family);
    }
    ~Scope() {
      if (!active_) return;
      book();
      current_ = outer_;
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    const bool active_;
    int outer_ = kIdle;  // the family that it interrupts
  };

  // From here on scopes count. `finish` is called before each reading of the clock where computation is asynchronous
  // (it waits for the device), else null.
  static void start(void (*finish)());
  // Seconds booked since the start or since this was last called.
  static Seconds take();
  static void stop() { running_ = false; }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr int kIdle = -1;

  static void book();

  static inline bool running_ = false;
  static inline int current_ = kIdle;  // the family on the clock
  static inline Clock::time_point since_{};
  static inline Seconds seconds_{};
  static inline void (*finish_)() = nullptr;
};

}  // namespace pada
