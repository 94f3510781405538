// Loops over channels-last activations, seen as `rows` rows of `channels` contiguous values. T: float or BFloat16.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "ops/cpu/bfloat16.h"

namespace pada {

inline constexpr double kEpsilon = 1e-5;  // epsilon of every batch norm; PyTorch's default

// Mean, population variance and 1/sqrt(variance + epsilon) of each channel.
struct ChannelStatistics {
  ChannelStatistics() = default;
  explicit ChannelStatistics(size_t channels) : mean(channels), variance(channels), inverse_deviation(channels) {}

  std::vector<float> mean, variance, inverse_deviation;

  void set(size_t channel, double mean_value, double variance_value) {
    mean[channel] = static_cast<float>(mean_value);
    variance[channel] = static_cast<float>(variance_value);
    inverse_deviation[channel] = static_cast<float>(1.0 / std::sqrt(variance_value + kEpsilon));
  }
};

template <class T>
ChannelStatistics channel_statistics(const T* x, int64_t rows, int64_t channels);

// Per channel, for each normalised input x_t of a sum with gradient g: sum of g, and sum of g * (x_t - mean_t).
struct GradientSums {
  std::vector<double> gradient;
  std::vector<std::vector<double>> centred;  // by t
};

template <class T>
GradientSums gradient_sums(const T* gradient, const std::vector<const T*>& inputs,
                           const std::vector<const float*>& means, int64_t rows, int64_t channels);

// out[i] = scale_g[c] * g[i] + scale_x[c] * x[i] + shift[c], or added to out. `out` may be `x`.
struct ChannelAffine {
  std::vector<float> scale_gradient, scale_input, shift;
};
template <class T>
void apply_affine(const T* gradient, const T* x, const ChannelAffine& affine, T* out, bool accumulate, int64_t rows,
                  int64_t channels);

}  // namespace pada
