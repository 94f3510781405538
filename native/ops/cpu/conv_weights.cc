#include "ops/cpu/conv_weights.h"

#include <algorithm>
#include <bit>

#include "ops/cpu/grain.h"
#include "ops/cpu/winograd_weights.h"

namespace pada {
namespace {

// Taps of a 3 x 3 kernel in the order of the transposed convolution. At stride 1 they are reversed. At stride 2 the
// taps of even rows of pixels come before the taps of odd rows. In each, even columns come before odd ones (see
// transposed_row in conv_direct.inc).
std::vector<int> transposed_taps(const ConvShape& s) {
  if (s.kernel == 1) return {0};
  if (s.stride == 1) return {8, 7, 6, 5, 4, 3, 2, 1, 0};
  return {4, 5, 3, 7, 1, 8, 6, 2, 0};
}

// The rows in bfloat16, each two as one row of pairs. Pairs and columns are padded with zeros to multiples of
// `multiple`.
Memory paired(const float* from, int64_t rows, int64_t columns, int64_t multiple) {
  const auto padded = [&](int64_t count) { return (count + multiple - 1) / multiple * multiple; };
  const int64_t size = padded(rows / 2) * padded(columns);
  Memory pairs = memory(size);
  float* to = pairs.get();
  std::fill(to, to + size, 0.f);
  for (int64_t row = 0; row < rows; row += 2, to += padded(columns), from += 2 * columns) {
    for (int64_t c = 0; c < columns; c++) {
      const uint32_t first = narrow<BFloat16>(from[c]).bits, second = narrow<BFloat16>(from[columns + c]).bits;
      to[c] = std::bit_cast<float>(second << 16 | first);
    }
  }
  return pairs;
}

// As [tap][channel] for both passes.
Memory pack_depthwise(const ConvShape& s, const float* weight) {
  const int64_t taps = s.kernel * s.kernel;
  Memory packed = memory(taps * s.in_channels);
  for (int64_t c = 0; c < s.in_channels; c++) {
    for (int64_t t = 0; t < taps; t++) packed[t * s.in_channels + c] = *weight++;
  }
  return packed;
}

}  // namespace

int64_t size_packed(const ConvShape& s) {
  return (by_winograd(s) ? kWinogradPoints : s.kernel * s.kernel) * s.in_channels / s.groups * s.out_channels;
}

// Kernels read the parts of an input by vectors: first all that are of the widest, then all narrower ones. (See
// for_part_channels in conv_blocks.inc.)
template <class T>
std::vector<int64_t> packed_places(const ConvInput<T>& input) {
  const auto& parts = input.parts;
  if (parts.size() == 1) return {};
  const int64_t widest = instruction_set() == InstructionSet::Avx2 ? 8 : 16;
  std::vector<int64_t> places;
  for (const auto& part : parts) places.resize(places.size() + part.channels);
  int64_t place = 0;
  for (int64_t lanes = widest; lanes >= 4; lanes /= 2) {
    int64_t first = 0;  // channel of the part
    for (const auto& part : parts) {
      int64_t c = lanes == widest ? 0 : part.channels / (2 * lanes) * (2 * lanes);
      for (; c + lanes <= part.channels; c += lanes) {
        for (int64_t j = 0; j < lanes; j++) places[first + c + j] = place++;
      }
      first += part.channels;
    }
  }
  return places;
}

template <class T>
Memory pack(const ConvShape& s, const float* weight, bool transposed, const std::vector<int64_t>& places) {
  if (s.depthwise()) return pack_depthwise(s, weight);
  const int64_t taps = s.kernel * s.kernel, pairs = s.in_channels * s.out_channels;
  std::vector<int> order(taps);
  for (int t = 0; t < taps; t++) order[t] = t;
  if (transposed) order = transposed_taps(s);
  const int64_t output_step = transposed ? s.in_channels : 1, input_step = transposed ? 1 : s.out_channels;
  Memory packed = memory(taps * pairs);
  for (int64_t t = 0; t < taps; t++) {
    float* tap = packed.get() + t * pairs;
    const float* from = weight + order[t];
    for (int64_t o = 0; o < s.out_channels; o++) {
      for (int64_t i = 0; i < s.in_channels; i++, from += taps) {
        tap[o * output_step + (places.empty() ? i : places[i]) * input_step] = *from;
      }
    }
  }
  if (by_winograd(s)) {
    Memory points = memory(kWinogradPoints * pairs);
    winograd_weights(packed.get(), pairs, points.get());
    packed = std::move(points);
  }
  const int64_t columns = transposed ? s.in_channels : s.out_channels;
  if (by_tiles<T>(s)) return paired(packed.get(), size_packed(s) / columns, columns, 16);
  return by_pairs<T>(s) ? paired(packed.get(), size_packed(s) / columns, columns, 1) : std::move(packed);
}

void add_unpacked(const ConvShape& s, Memory sums, int64_t shares, const std::vector<int64_t>& places,
                  float* weight_gradient) {
  const int64_t taps = s.kernel * s.kernel, inputs = s.in_channels / s.groups, pairs = inputs * s.out_channels;
  const int64_t size = size_packed(s);
  float* total = sums.get();
  at::parallel_for(0, size, grain(shares, kElementsPerShare), [&](int64_t begin, int64_t end) {
    for (int64_t share = 1; share < shares; share++) {
      for (int64_t i = begin; i < end; i++) total[i] += total[share * size + i];
    }
  });
  if (by_winograd(s)) {
    Memory of_taps = memory(taps * pairs);
    winograd_weight_gradients(sums.get(), pairs, of_taps.get());
    sums = std::move(of_taps);
  }
  for (int64_t o = 0; o < s.out_channels; o++) {
    for (int64_t i = 0; i < inputs; i++) {
      const int64_t place = places.empty() ? i : places[i];
      for (int64_t t = 0; t < taps; t++) *weight_gradient++ += sums[t * pairs + place * s.out_channels + o];
    }
  }
}

#define PADA_INSTANTIATE(T)                                            \
  template std::vector<int64_t> packed_places<T>(const ConvInput<T>&); \
  template Memory pack<T>(const ConvShape&, const float*, bool, const std::vector<int64_t>&);
PADA_INSTANTIATE(float)
PADA_INSTANTIATE(BFloat16)
#undef PADA_INSTANTIATE

}  // namespace pada
