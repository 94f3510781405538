// All scalar state of a supernet in flat float32 tensors: values, gradients, momentum, and gradient moments. One named
// parameter is one segment of each, so a sweep over the parameters of a step is a sweep over memory.
#pragma once

#include <string>
#include <vector>

#include "state/named_tensors.h"

namespace pada {

class Parameters : public NamedTensors {
 public:
  // `reference`: sweeps use ATen's operators on the CPU too.
  Parameters(std::vector<std::string> names, std::vector<std::vector<int64_t>> shapes, at::Device device,
             bool reference);

  // Whether sweeps run by ATen's operators, in PyTorch's order, instead of loops over memory.
  bool by_aten() const { return reference_ || !device().is_cpu(); }

  // Flat memory, see NamedTensors::view.
  at::Tensor values, gradients, momentum, moment_mean, moment_m2;
  std::vector<double> times_sampled;  // since the moments' reset
  std::vector<uint8_t> ever_sampled;

  // Of trial steps, see snapshot.h; without memory until the first.
  struct Trial {
    at::Tensor values, displacement;
    std::vector<int> displaced;
    std::vector<uint8_t> is_displaced;
  } trial;

  // Parameters sampled since the last update: their gradients, zero or not, are the ones held.
  const std::vector<int>& pending() const { return pending_; }
  void mark_pending(const std::vector<int>& sampled);
  void clear_pending();

 private:
  bool reference_;
  std::vector<int> pending_;
  std::vector<uint8_t> is_pending_;
};

}  // namespace pada
