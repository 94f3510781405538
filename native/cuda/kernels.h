// Kernels that do in one launch what ATen does in many. A GPU has them if NVRTC compiles them and they compute what
// ATen computes, which is tried once per process before the first use. Otherwise ATen computes.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "cuda/arguments.h"
#include "cuda/source.h"
#include "runtime/torch.h"

namespace pada::cuda {

struct Options {
  std::array<bool, kGroups.size()> enabled = {};  // by group
  std::string folder;                             // keeps compiled kernels; empty: none does
  // A library in the place of NVRTC and of the driver, for tests: kernels compute on the CPU then.
  std::string stand_in;
};

// Any thread, before anything is computed.
void set_options(Options options);
// True if kernels compute on the CPU, where supernets made from now on compute as on a GPU.
bool stands_in();

// The kernels of a group, compiled for a device. Executor thread only.
class Kernels {
 public:
  Kernels(Group group, at::Device device, const Options& options);
  Kernels(const Kernels&) = delete;
  Kernels& operator=(const Kernels&) = delete;

  at::Device device() const { return device_; }
  // Counters of reductions, all 0: at least as many as a grid's y may be.
  unsigned* tickets() const { return reinterpret_cast<unsigned*>(tickets_.mutable_data_ptr<int>()); }

  // Starts blocks x × blocks y blocks of kThreads threads on torch's current stream.
  template <class Arguments>
  void launch(const std::string& name, int64_t blocks_x, int64_t blocks_y, const Arguments& arguments) const {
    launch_with(name, blocks_x, blocks_y, const_cast<Arguments*>(&arguments));
  }

 private:
  void launch_with(const std::string& name, int64_t blocks_x, int64_t blocks_y, void* arguments) const;
  void check(int result) const;

  const at::Device device_;
  const struct Driver& driver_;
  void* module_ = nullptr;
  at::Tensor tickets_;
  mutable std::unordered_map<std::string, void*> functions_;
};

// The kernels of a device; null if it has none. The first call compiles and checks them. Executor thread only.
const Kernels* kernels_for(Group group, at::Device device);

// What has become of the kernels of a group.
struct Status {
  const char* group;
  bool used;
  std::string why;  // they are not used
};
// Of each group. Compiles and checks them. Executor thread only.
std::vector<Status> status_of(at::Device device);

// Launches so far. Any thread.
int64_t launches();

// Channels of the vectors that threads read: activations are rows of vectors.
inline int64_t vector_of(int64_t channels) { return channels % 4 == 0 ? 4 : 1; }

}  // namespace pada::cuda
