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

// A batch norm as a map of its input: x * scale[c] + shift[c].
struct NormMap {
  std::vector<float> scale, shift;
};

template <class T>
ChannelStatistics channel_statistics(const T* x, int64_t rows, int64_t channels);

// The input of a batch norm. `factors`: those of the drop path after the norm, one per sample, or null.
template <class T>
struct NormalisedInput {
  const T* x;
  const float* mean;
  const float* factors = nullptr;
};

// Per channel of a normalised input x, with the gradient g of its norm: sum of g, and sum of g * (x - mean).
struct GradientSums {
  std::vector<double> gradient, centred;
};

// Those of each normalised input of a sum. `gradient`: the gradient of the sum; times an input's factors, it is the
// gradient of the norm.
template <class T>
std::vector<GradientSums> gradient_sums(const T* gradient, const std::vector<NormalisedInput<T>>& inputs, int64_t batch,
                                        int64_t rows, int64_t channels);

// out[i] = scale_g[c] * factor[sample] * g[i] + scale_x[c] * x[i] + shift[c], or added to out. `out` may be `x`.
// `factors`: null if all are 1.
struct ChannelAffine {
  std::vector<float> scale_gradient, scale_input, shift;
};
template <class T>
void apply_affine(const T* gradient, const T* x, const ChannelAffine& affine, const float* factors, T* out,
                  bool accumulate, int64_t batch, int64_t rows, int64_t channels);

}  // namespace pada
