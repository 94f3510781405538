// Work of a GPU that is recorded once, as a CUDA graph, and then started by one launch.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace pada {

class Recording {
 public:
  // How work may be recorded. StandIn: on the CPU, where it is kept and run again, for tests.
  enum class Mode { Off, On, StandIn };
  // Any thread, before anything is computed.
  static void set_mode(Mode mode);
  // Whether work on the device can be recorded, and may be.
  static bool is_possible(c10::Device device);
  // From now on this process records nothing, because of this.
  static void forbid(const std::string& why);
  // Why nothing is recorded any more; empty if nothing was forbidden. Any thread.
  static std::string why_not();
  // Replays so far. Any thread.
  static int64_t replays();

  // Records `work`, which computes nothing yet. All that it reads or writes must exist before, and live as long as the
  // recording. It must not wait for the device. Throws if the device cannot record it. Only the recording that was made
  // last may be replayed.
  Recording(c10::Device device, const std::function<void()>& work);
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  // Starts the work on torch's current stream.
  void replay();

 private:
  struct Work;
  struct Kept;
  struct Graph;
  std::shared_ptr<Work> work_;
};

}  // namespace pada
