#include "runtime/recording.h"

#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <atomic>
#include <map>
#include <mutex>

// Older versions of torch offer graphs to those only who compile with CUDA's headers.
#if __has_include(<ATen/core/GraphImplInterface.h>)
#include <ATen/core/GraphImplInterface.h>
#define PADA_HAS_GRAPHS
#endif

namespace pada {
namespace {

std::atomic<Recording::Mode> mode = Recording::Mode::Off;
std::atomic<int64_t> replayed = 0;
std::mutex reason_lock;
std::string reason;

}  // namespace

struct Recording::Work {
  virtual ~Work() = default;
  virtual void start() = 0;
};

struct Recording::Kept : Recording::Work {
  explicit Kept(std::function<void()> kept) : work(std::move(kept)) {}
  void start() override { work(); }

  std::function<void()> work;
};

#ifdef PADA_HAS_GRAPHS

struct Recording::Graph : Recording::Work {
  Graph(c10::Device device, const std::function<void()>& work) : graph(at::create_graph_impl(device.type())) {
    const c10::StreamGuard guard(stream_of(device));
    // Other threads may go on using CUDA.
    graph->capture_begin({0, 0}, at::GraphCaptureMode::ThreadLocal);
    try {
      work();
    } catch (...) {
      try {
        graph->capture_end();
      } catch (const std::exception&) {
        // The first error says more.
      }
      throw;
    }
    graph->capture_end();
  }
  void start() override { graph->replay(); }

  static bool is_there(c10::Device device) { return device.is_cuda() && at::has_graph_impl(device.type()); }
  // CUDA does not record on the default stream. One stream for all recordings: cuBLAS keeps memory for each.
  static c10::Stream stream_of(c10::Device device) {
    static std::map<int, c10::Stream> streams;
    const auto known = streams.find(device.index());
    if (known != streams.end()) return known->second;
    const c10::Stream stream = c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device);
    return streams.emplace(device.index(), stream).first->second;
  }

  std::unique_ptr<at::GraphImplInterface> graph;
};

#else

struct Recording::Graph : Recording::Work {
  Graph(c10::Device, const std::function<void()>&) {}
  void start() override {}
  static bool is_there(c10::Device) { return false; }
};

#endif

void Recording::set_mode(Mode given) {
  const std::lock_guard lock(reason_lock);
  mode = given;
  reason.clear();
}

bool Recording::is_possible(c10::Device device) {
  const std::lock_guard lock(reason_lock);
  if (mode == Mode::Off || !reason.empty()) return false;
  return mode == Mode::StandIn ? device.is_cpu() : Graph::is_there(device);
}

void Recording::forbid(const std::string& why) {
  const std::lock_guard lock(reason_lock);
  reason = why;
}

std::string Recording::why_not() {
  const std::lock_guard lock(reason_lock);
  return reason;
}

int64_t Recording::replays() { return replayed; }

Recording::Recording(c10::Device device, const std::function<void()>& work) {
  if (device.is_cpu())
    work_ = std::make_unique<Kept>(work);
  else
    work_ = std::make_unique<Graph>(device, work);
}

Recording::~Recording() = default;

void Recording::replay() {
  work_->start();
  replayed++;
}

}  // namespace pada
