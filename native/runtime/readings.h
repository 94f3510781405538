// Numbers on a device that are read together, so that the CPU waits for the device once.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <vector>

#include "runtime/torch.h"

namespace pada {

class Readings {
 public:
  // `take`: called by read() with the numbers of a tensor, of any type.
  void add(const at::Tensor& numbers, std::function<void(const double*)> take) {
    parts_.push_back({numbers.reshape({-1}).to(at::kDouble), std::move(take)});
  }

  void read() {
    std::vector<at::Tensor> tensors;
    for (const Part& part : parts_) tensors.push_back(part.numbers);
    if (tensors.empty()) return;
    const at::Tensor all = at::cat(tensors);
    const auto start = std::chrono::steady_clock::now();
    const at::Tensor host = all.cpu();
    waited_ = waited_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const double* next = host.const_data_ptr<double>();
    for (const Part& part : parts_) {
      part.take(next);
      next += part.numbers.numel();
    }
    parts_.clear();
  }

  // Seconds that all readings of the process have waited for the device. Any thread.
  static double waited() { return waited_; }

 private:
  static inline std::atomic<double> waited_ = 0;  // only the executor thread adds to it

  struct Part {
    at::Tensor numbers;
    std::function<void(const double*)> take;
  };
  std::vector<Part> parts_;
};

}  // namespace pada
