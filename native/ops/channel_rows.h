// Loops over channels-last activations, seen as `rows` rows of `channels` contiguous floats.
#pragma once

#include <cstdint>
#include <vector>

namespace pada {

// Mean and 1/sqrt(population variance + epsilon) of each channel.
struct ChannelStatistics {
  std::vector<float> mean, inverse_deviation;
};

ChannelStatistics channel_statistics(const float* x, int64_t rows, int64_t channels, double epsilon);

// Per channel, for each normalised input x_t of a sum with gradient g: sum of g, and sum of g * (x_t - mean_t).
struct GradientSums {
  std::vector<double> gradient;
  std::vector<std::vector<double>> centred;  // by t
};

GradientSums gradient_sums(const float* gradient, const std::vector<const float*>& inputs,
                           const std::vector<const float*>& means, int64_t rows, int64_t channels);

// out[i] = scale_g[c] * g[i] + scale_x[c] * x[i] + shift[c], or added to out. `out` may be `x`.
struct ChannelAffine {
  std::vector<float> scale_gradient, scale_input, shift;
};
void apply_affine(const float* gradient, const float* x, const ChannelAffine& affine, float* out, bool accumulate,
                  int64_t rows, int64_t channels);

}  // namespace pada
