// Numbers on a device that are read together, so that the CPU waits for the device once, and later than it must.
#pragma once

#include <c10/core/impl/VirtualGuardImpl.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <vector>

#include "runtime/device_event.h"
#include "runtime/torch.h"

namespace pada {

class Readings {
 public:
  // `take`: called by end() with the numbers of a tensor, of any type.
  void add(const at::Tensor& numbers, std::function<void(const double*)> take) {
    parts_.push_back({numbers.reshape({-1}).to(at::kDouble), std::move(take)});
  }

  // Begins to copy the numbers to the CPU. Work that the device is given later cannot change them.
  void begin() {
    std::vector<at::Tensor> tensors;
    for (const Part& part : parts_) tensors.push_back(part.numbers);
    if (tensors.empty()) return;
    const at::Tensor all = at::cat(tensors);
    const at::Device device = all.device();
    host_ = at::empty(all.sizes(), at::TensorOptions().dtype(at::kDouble).pinned_memory(!device.is_cpu()));
    host_.copy_(all, /*non_blocking=*/true);
    looks_left_ = late_by_;
    if (device.is_cpu()) return;
    copied_ = record_event(c10::impl::VirtualGuardImpl(device.type()).getStream(device));
  }

  // Whether end() would not wait. After begin().
  bool arrived() {
    if (looks_left_ > 0) return looks_left_-- == 1;
    return !copied_ || copied_->query();
  }

  // Waits for the numbers, and gives them to whoever takes them. After begin().
  void end() {
    if (copied_) {
      const auto start = std::chrono::steady_clock::now();
      copied_->synchronize();
      waited_ = waited_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
    const double* next = host_.defined() ? host_.const_data_ptr<double>() : nullptr;
    for (const Part& part : parts_) {
      part.take(next);
      next += part.numbers.numel();
    }
    parts_.clear();
  }

  void read() {
    begin();
    end();
  }

  // Seconds that all readings of the process have waited for the device. Any thread.
  static double waited() { return waited_; }

  // From now on, numbers on the CPU seem to arrive at the look of this number, as those of a GPU arrive late; 0: at
  // once. For tests. Any thread.
  static void set_late_by(int looks) { late_by_ = looks; }

 private:
  static inline std::atomic<double> waited_ = 0;  // only the executor thread adds to it
  static inline std::atomic<int> late_by_ = 0;

  struct Part {
    at::Tensor numbers;
    std::function<void(const double*)> take;
  };
  std::vector<Part> parts_;
  at::Tensor host_;
  DeviceEvent copied_;  // none on the CPU
  int looks_left_ = 0;
};

}  // namespace pada
