// The weights of a convolution in the order in which its loops read them, and the sums of their gradient in that order.
#pragma once

#include <memory>
#include <type_traits>
#include <vector>

#include "ops/cpu/conv_kernels.h"

namespace pada {

// Winograd's algorithm has fewer products. Tiles must fill the image, and channels must fill vectors.
inline bool by_winograd(const ConvShape& s) {
  return s.kernel == 3 && s.stride == 1 && s.height % 4 == 0 && s.width % 4 == 0 && s.in_channels % 8 == 0 &&
         !s.depthwise();
}

// True if AMX multiplies tiles of bfloat16, whose units are pairs of channels or of pixels.
template <class T>
bool by_tiles(const ConvShape& s) {
  return std::is_same_v<T, BFloat16> && instruction_set() == InstructionSet::AmxBf16 && s.kernel == 1;
}

// True if products sum over pairs of bfloat16: pairs of channels or, in the gradient of the weight, of pixels or tiles.
template <class T>
bool by_pairs(const ConvShape& s) {
  const bool pairs =
      by_winograd(s) ? s.width % 8 == 0 && s.in_channels % 16 == 0 && s.out_channels % 16 == 0 : s.kernel == 1;
  return std::is_same_v<T, BFloat16> && instruction_set() >= InstructionSet::Avx512Bf16 && pairs && !by_tiles<T>(s);
}

// Places of input channels in packed weights, by channel; empty for the channels' own order.
template <class T>
std::vector<int64_t> packed_places(const ConvInput<T>& input);

using Memory = std::unique_ptr<float[]>;

inline Memory memory(int64_t floats) { return std::make_unique_for_overwrite<float[]>(floats); }

// Floats of packed weights.
int64_t size_packed(const ConvShape& shape);

// Weights as [tap][input][output] for the forward pass; as [tap][output][input] for the transposed convolution.
template <class T>
Memory pack(const ConvShape& shape, const float* weight, bool transposed, const std::vector<int64_t>& places);

// Adds the sums of all shares, in packed layout, to the weight's gradient in its own layout.
void add_unpacked(const ConvShape& shape, Memory sums, int64_t shares, const std::vector<int64_t>& places,
                  float* weight_gradient);

}  // namespace pada
