// Time of the executor thread by family of operations. If the stopwatch is off, a scope tests one flag. If it is on, a
// scope reads the clock at both ends.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>

namespace pada {

// In the order of FAMILIES in src/native/process.ts.
enum class Family { ConvForward, ConvBackward, Norm, Pool, Sum, Loss, Statistics, Optimizer, Communication, Other };
inline constexpr size_t kFamilies = static_cast<size_t>(Family::Other) + 1;
inline constexpr std::array<std::string_view, kFamilies> kFamilyNames = {
    "convForward", "convBackward", "norm", "pool", "sum", "loss", "statistics", "optimizer", "communication", "other"};
static_assert(!kFamilyNames.back().empty());

// One per process. Only the executor thread may use it.
class Stopwatch {
 public:
  using Seconds = std::array<double, kFamilies>;  // by Family

  // Counts the time until it ends for one family. An inner scope stops the clock of the outer one. Every task is a
  // scope of Family::Other, so the families add up to the time that the executor was busy.
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

  // Starts counting. `finish` waits for the device before each reading of the clock; null if computation is
  // synchronous.
  static void start(void (*finish)());
  // Seconds counted since the start or the last call of take().
  static Seconds take();
  static void stop() { running_ = false; }
  static bool is_running() { return running_; }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr int kIdle = -1;

  static void book();

  static inline bool running_ = false;
  static inline int current_ = kIdle;  // the family whose time is counted
  static inline Clock::time_point since_{};
  static inline Seconds seconds_{};
  static inline void (*finish_)() = nullptr;
};

}  // namespace pada
