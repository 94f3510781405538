// What the tries of kernels share: numbers to compute with, and the comparison with ATen.
#pragma once

#include <cmath>
#include <cstdio>
#include <string>

#include "cuda/kernels.h"

namespace pada::cuda {

// Numbers between -1 and 1 that repeat, the same on any machine.
inline at::Tensor numbers(at::IntArrayRef shape, int64_t seed, at::Device device) {
  at::Tensor values = at::empty(shape, at::TensorOptions().dtype(at::kFloat));
  float* out = values.mutable_data_ptr<float>();
  for (int64_t i = 0; i < values.numel(); i++) {
    out[i] = static_cast<float>(std::sin(static_cast<double>((i + 1) * (2 * seed + 1)) * 0.7391));
  }
  return values.to(device);
}

// The results of kernels beside those of ATen in float64.
class Comparison {
 public:
  // `tolerance`: of the largest difference, relative to the largest value.
  void add(const char* name, const at::Tensor& found, const at::Tensor& expected, double tolerance) {
    if (!difference_.empty()) return;
    const at::Tensor wanted = expected.to(at::kDouble);
    const double scale = wanted.abs().max().item<double>() + 1e-6;
    const double error = found.to(at::kDouble).sub(wanted).abs().max().item<double>() / scale;
    if (error <= tolerance) return;
    char text[160];
    std::snprintf(text, sizeof(text), "%s differs from ATen by %.2g of the largest value, more than %.2g", name, error,
                  tolerance);
    difference_ = text;
  }
  const std::string& difference() const { return difference_; }

 private:
  std::string difference_;
};

inline float* floats(const at::Tensor& tensor) { return tensor.mutable_data_ptr<float>(); }

// Tries of the larger groups.
void compare_sums(const Kernels& kernels, at::ScalarType type, int64_t channels, Comparison& comparison);
void compare_windows(const Kernels& kernels, at::ScalarType type, int64_t channels, Comparison& comparison);
void compare_sweeps(const Kernels& kernels, Comparison& comparison);
void compare_weights(const Kernels& kernels, at::ScalarType type, Comparison& comparison);

}  // namespace pada::cuda
