// Sums on GPUs by NCCL. Its library comes with libtorch for CUDA; it is opened at run time and called by its C
// interface (docs.nvidia.com/deeplearning/nccl), so the addon is built where there is no CUDA.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/Stream.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "runtime/device_event.h"

namespace pada {

struct NcclFunctions;

// The processes as NCCL connects them. One thread may call.
class NcclGroup {
 public:
  // A sum that is under way on a stream of its own.
  struct Sum {
    at::Tensor tensor;
    DeviceEvent done;  // none on a CPU, whose sums are done when they have begun
  };

  // What the first process tells the others so that they find each other. Throws if the library cannot be opened.
  static std::string make_id(const std::string& library);

  // Connects to the others, all of which must do so with the same id. Calls `look` while it waits; what it throws ends
  // the wait. A CPU is for stand-ins of the library in tests.
  NcclGroup(const std::string& library, const std::string& id, int rank, int size, at::Device device,
            const std::function<void()>& look);
  ~NcclGroup();
  NcclGroup(const NcclGroup&) = delete;
  NcclGroup& operator=(const NcclGroup&) = delete;

  at::Device device() const { return device_; }
  // Such as "2.28.3".
  std::string version() const;
  // Sums a contiguous tensor of this device in place, after all work that its stream has so far.
  Sum begin_sum(at::Tensor tensor, const std::function<void()>& look);
  // True when a sum is done. Throws if NCCL has failed.
  bool is_done(const Sum& sum) const;
  // Ends all sums that are under way, whose results are lost.
  void abort();

 private:
  // Waits until a call that began with `result` is done. If it fails, all that is under way ends.
  void await(int result, const std::function<void()>& look);
  // Throws after abort().
  void check_connected() const;
  [[noreturn]] void failed(int result) const;

  const NcclFunctions& functions_;
  const at::Device device_;
  std::optional<c10::Stream> stream_;  // of the sums; none on a CPU
  void* group_ = nullptr;
};

}  // namespace pada
