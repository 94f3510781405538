// The weights of a 3 x 3 convolution at the points of Winograd's algorithm, see conv_winograd.inc.
#pragma once

#include <cstdint>

namespace pada {

inline constexpr int64_t kWinogradPoints = 36;

// taps: [9][pairs], of any pairs of channels; points: [36][pairs].
void winograd_weights(const float* taps, int64_t pairs, float* points);

// The transpose: sums of gradients at the points, [36][pairs], to gradients of the taps, [9][pairs].
void winograd_weight_gradients(const float* points, int64_t pairs, float* taps);

}  // namespace pada
