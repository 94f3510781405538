// Which source pixels a resized pixel is the weighted sum of, along one axis.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace pada {

// Weights are integers in units of 2^-22, so that a sum of bytes times weights fits in 32 bits.
constexpr int kTapPrecision = 22;
constexpr int32_t kTapHalf = 1 << (kTapPrecision - 1);

// For each kept pixel, the first source pixel that it depends on, the number of source pixels, and their weights.
struct Taps {
  std::vector<int64_t> first, taken;
  std::vector<int32_t> weights;  // `stride` per kept pixel, of which the first `taken` are used
  int64_t stride;
};

// The byte that a sum of weights and kTapHalf stands for.
inline __attribute__((always_inline)) uint8_t byte_of(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kTapPrecision, 0, 255));
}

}  // namespace pada
