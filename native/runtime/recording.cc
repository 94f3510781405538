#include "runtime/recording.h"

#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <map>
#include <mutex>
#include <utility>

namespace pada {
namespace {

std::atomic<Recording::Mode> mode = Recording::Mode::Off;
std::atomic<int64_t> replayed = 0;
std::mutex reason_lock;
std::string reason;

// The members of at::cuda::CUDAGraph that are called. Its header needs CUDA's, which are not there, so they are looked
// up in libtorch_cuda, which is open if there is a GPU. torch has had them since 2.8.
struct GraphFunctions {
  using Pool = std::pair<unsigned long long, unsigned long long>;

  void (*construct)(void* graph, bool keeps_graph);
  void (*destroy)(void* graph);
  void (*begin)(void* graph, Pool pool, int mode);
  void (*end)(void* graph);
  void (*replay)(void* graph);
  Pool (*pool)(void* graph);
  bool is_complete = true;

  GraphFunctions() {
    const auto find = [this](auto& function, const char* name) {
      function = reinterpret_cast<std::decay_t<decltype(function)>>(dlsym(RTLD_DEFAULT, name));
      is_complete = is_complete && function != nullptr;
    };
    find(construct, "_ZN2at4cuda9CUDAGraphC1Eb");
    find(destroy, "_ZN2at4cuda9CUDAGraphD1Ev");
    find(begin, "_ZN2at4cuda9CUDAGraph13capture_beginESt4pairIyyE21cudaStreamCaptureMode");
    find(end, "_ZN2at4cuda9CUDAGraph11capture_endEv");
    find(replay, "_ZN2at4cuda9CUDAGraph6replayEv");
    find(pool, "_ZN2at4cuda9CUDAGraph4poolEv");
  }
};

const GraphFunctions& graph_functions() {
  static const GraphFunctions functions;
  return functions;
}

// CUDA does not record on the default stream. One stream for all recordings: cuBLAS keeps memory for each.
c10::Stream recording_stream(c10::Device device) {
  static std::map<int, c10::Stream> streams;
  const auto known = streams.find(device.index());
  if (known != streams.end()) return known->second;
  const c10::Stream stream = c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device);
  return streams.emplace(device.index(), stream).first->second;
}

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

struct Recording::Graph : Recording::Work {
  // `before`: a graph that is replayed no more, whose memory this one takes over; null: none.
  Graph(c10::Device device, const std::function<void()>& work, Graph* before) : functions(graph_functions()) {
    const c10::StreamGuard guard(recording_stream(device));
    functions.construct(object.data(), false);
    try {
      record(work, before == nullptr ? GraphFunctions::Pool{0, 0} : functions.pool(before->object.data()));
    } catch (...) {
      functions.destroy(object.data());
      throw;
    }
  }
  ~Graph() override { functions.destroy(object.data()); }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  void start() override { functions.replay(object.data()); }

  void record(const std::function<void()>& work, GraphFunctions::Pool pool) {
    // cudaStreamCaptureModeThreadLocal: other threads may go on using CUDA.
    constexpr int kThreadLocal = 1;
    functions.begin(object.data(), pool, kThreadLocal);
    try {
      work();
    } catch (...) {
      try {
        functions.end(object.data());
      } catch (const std::exception&) {
        // The first error says more.
      }
      throw;
    }
    functions.end(object.data());
  }

  const GraphFunctions& functions;
  // Several times the size of a CUDAGraph, which only its header tells.
  alignas(std::max_align_t) std::array<std::byte, 4096> object;
};

void Recording::set_mode(Mode given) {
  const std::lock_guard lock(reason_lock);
  mode = given;
  reason.clear();
}

bool Recording::is_possible(c10::Device device) {
  if (mode == Mode::Off) return false;
  if (mode == Mode::StandIn) return device.is_cpu();
  if (!device.is_cuda() || !why_not().empty()) return false;
  if (!graph_functions().is_complete) forbid("this libtorch lacks a function of CUDAGraph");
  return graph_functions().is_complete;
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
  if (device.is_cpu()) {
    work_ = std::make_shared<Kept>(work);
    return;
  }
  // The memory of a graph returns to torch only if torch runs out of it. So the last graph of a device lives until the
  // next one has its memory; never freed, because the driver may be gone before.
  static auto& last = *new std::map<int, std::shared_ptr<Graph>>;
  std::shared_ptr<Graph>& before = last[device.index()];
  before = std::make_shared<Graph>(device, work, before.get());
  work_ = before;
}

Recording::~Recording() = default;

void Recording::replay() {
  work_->start();
  replayed++;
}

}  // namespace pada
