// Numbers on a device that are read together, so that the CPU waits for the device once.
#pragma once

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
    const at::Tensor host = at::cat(tensors).cpu();
    const double* next = host.const_data_ptr<double>();
    for (const Part& part : parts_) {
      part.take(next);
      next += part.numbers.numel();
    }
    parts_.clear();
  }

 private:
  struct Part {
    at::Tensor numbers;
    std::function<void(const double*)> take;
  };
  std::vector<Part> parts_;
};

}  // namespace pada
