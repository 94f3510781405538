// The weights of a 3 x 3 convolution at the points of Winograd's algorithm, see conv_winograd.inc.
#pragma once

#include <cstdint>
#include <vector>

namespace pada {

inline constexpr int64_t kWinogradPoints = 36;

// taps: [9][pairs], of any pairs of channels; returns [36][pairs].
std::vector<float> winograd_weights(const std::vector<float>& taps, int64_t pairs);

// The transpose: sums of gradients at the points, [36][pairs], to gradients of the taps, [9][pairs].
std::vector<float> winograd_weight_gradients(const std::vector<float>& points, int64_t pairs);

}  // namespace pada
