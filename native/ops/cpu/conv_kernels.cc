#include "ops/cpu/conv_kernels.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <memory>
#include <vector>

#include "ops/cpu/conv_table.h"
#include "ops/cpu/grain.h"
#include "ops/cpu/simd.h"
#include "ops/cpu/winograd_weights.h"
#include "runtime/torch.h"

namespace pada {
namespace {

std::atomic<InstructionSet> g_limit{InstructionSet::AmxBf16};

InstructionSet supported() {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
  const bool bf16 = avx512 && __builtin_cpu_supports("avx512bf16");
  if (bf16 && conv_tiles_amxbf16() != nullptr) return InstructionSet::AmxBf16;
  if (bf16 && conv_pairs_avx512bf16() != nullptr) return InstructionSet::Avx512Bf16;
  if (avx512 && conv_table_avx512() != nullptr) return InstructionSet::Avx512;
  if (avx2 && conv_table_avx2() != nullptr) return InstructionSet::Avx2;
#endif
  return InstructionSet::None;
}

// Winograd's algorithm has fewer products. Tiles must fill the image, and channels must fill vectors.
bool by_winograd(const ConvShape& s) {
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

template <class T>
const ConvFunctions<T>& functions(const ConvShape& s) {
  const ConvTable& table = instruction_set() == InstructionSet::Avx2 ? *conv_table_avx2() : *conv_table_avx512();
  if constexpr (std::is_same_v<T, float>)
    return table.float32;
  else if (by_tiles<T>(s))
    return *conv_tiles_amxbf16();
  else
    return by_pairs<T>(s) ? *conv_pairs_avx512bf16() : table.bfloat16;
}

// True if product rows were compiled for this distance between pixels, in units of 32 bits; see conv_products.inc.
bool has_product_row(int64_t stride) {
  constexpr int64_t kStrides[] = {1, 2, 3, 6, 8, 16, 32, 64, 128, 256};
  return std::ranges::find(kStrides, stride) != std::end(kStrides);
}

// Taps of a 3 x 3 kernel in the order of the transposed convolution. At stride 1 they are reversed. At stride 2 the
// taps of even rows of pixels come before the taps of odd rows. In each, even columns come before odd ones (see
// transposed_row in conv_direct.inc).
std::vector<int> transposed_taps(const ConvShape& s) {
  if (s.kernel == 1) return {0};
  if (s.stride == 1) return {8, 7, 6, 5, 4, 3, 2, 1, 0};
  return {4, 5, 3, 7, 1, 8, 6, 2, 0};
}

int64_t size_packed(const ConvShape& s) {
  return (by_winograd(s) ? kWinogradPoints : s.kernel * s.kernel) * s.in_channels / s.groups * s.out_channels;
}

// Places of input channels in packed weights, by channel. Kernels read the parts of an input by vectors: first all that
// are of the widest, then all narrower ones. (See for_part_channels in conv_ends.inc.)
template <class T>
std::vector<int64_t> packed_places(const std::vector<typename ConvInput<T>::Part>& parts) {
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

using Memory = std::unique_ptr<float[]>;

Memory memory(int64_t floats) { return std::make_unique_for_overwrite<float[]>(floats); }

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

// Weights as [tap][input][output] for the forward pass; as [tap][output][input] for the transposed convolution.
// `places`: see packed_places; empty for the channels' own order.
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

// One share of the batch per thread. Results of shares are combined in order, so that they repeat.
int64_t share_count(const ConvShape& s) {
  const int64_t weights = s.in_channels / s.groups * s.out_channels * s.kernel * s.kernel;
  const int64_t products = s.out_height() * s.out_width() * weights;
  const int64_t worthwhile = s.batch * products / kProductsPerShare;
  return std::clamp<int64_t>(worthwhile, 1, std::min<int64_t>(s.batch, at::get_num_threads()));
}

template <class Body>
void for_shares(int64_t batch, int64_t shares, const Body& body) {
  at::parallel_for(0, shares, 1, [&](int64_t first, int64_t last) {
    for (int64_t share = first; share < last; share++) {
      body(share, batch * share / shares, batch * (share + 1) / shares);
    }
  });
}

// Chan, Golub and LeVeque's combination of the shares' means and squares.
ChannelStatistics combine(const std::vector<MomentSums>& parts, const std::vector<int64_t>& counts) {
  const size_t channels = parts[0].sum.size();
  ChannelStatistics statistics(channels);
  for (size_t c = 0; c < channels; c++) {
    double count = 0, mean = 0, square = 0;
    for (size_t part = 0; part < parts.size(); part++) {
      const double n = static_cast<double>(counts[part]), offset = parts[part].sum[c] / n;
      const double delta = parts[part].shift[c] + offset - mean;
      square += parts[part].square[c] - parts[part].sum[c] * offset + delta * delta * count * n / (count + n);
      mean += delta * n / (count + n);
      count += n;
    }
    statistics.set(c, mean, std::max(square, 0.0) / count);
  }
  return statistics;
}

// Adds the sums of all shares, in packed layout, to the weight's gradient in its own layout.
void add_unpacked(const ConvShape& s, Memory sums, int64_t shares, const std::vector<int64_t>& places,
                  float* weight_gradient) {
  const int64_t taps = s.kernel * s.kernel, inputs = s.in_channels / s.groups, pairs = inputs * s.out_channels;
  const int64_t size = size_packed(s);
  for (int64_t share = 1; share < shares; share++) {
    for (int64_t i = 0; i < size; i++) sums[i] += sums[share * size + i];
  }
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

}  // namespace

InstructionSet instruction_set() {
  static const InstructionSet best = supported();
  return std::min(best, g_limit.load());
}

void limit_instruction_set(InstructionSet most) { g_limit = most; }

bool kernels_compiled() { return conv_table_avx2() != nullptr; }

bool has_conv_kernel(const ConvShape& s) {
  if (instruction_set() == InstructionSet::None || s.out_channels % 4 != 0) return false;
  if (s.depthwise()) return s.kernel == 3 || s.kernel == 5 || s.kernel == 7;
  if (s.groups > 1 || s.dilation > 1 || s.padding != (s.kernel - 1) / 2) return false;
  if (s.kernel == 1) return s.stride == 1 && s.in_channels % 4 == 0;
  const bool input = s.in_channels % 8 == 0 || s.in_channels < 8;
  return s.kernel == 3 && s.stride <= 2 && input && has_product_row(s.stride * s.in_channels);
}

bool has_input_gradient_kernel(const ConvShape& s) {
  if (!has_conv_kernel(s)) return false;
  return s.depthwise() || s.kernel == 1 || (s.in_channels % 8 == 0 && has_product_row(s.out_channels));
}

bool reads_sample_factors(const ConvShape& s) { return s.kernel == 1 && !s.depthwise(); }

template <class T>
void conv_kernel_forward(const ConvShape& s, const ConvInput<T>& input, const float* weight, T* y,
                         ChannelStatistics* statistics) {
  const std::vector<int64_t> places = input.parts.size() > 1 ? packed_places<T>(input.parts) : std::vector<int64_t>();
  const Memory packed = pack<T>(s, weight, false, places);
  const ConvFunctions<T>& of = functions<T>(s);
  const auto run = s.depthwise() ? of.depthwise_forward : by_winograd(s) ? of.winograd_forward : of.direct_forward;
  const int64_t shares = share_count(s);
  std::vector<MomentSums> moments(shares);
  std::vector<int64_t> counts(shares);
  for_shares(s.batch, shares, [&](int64_t share, int64_t begin, int64_t end) {
    if (statistics != nullptr) moments[share] = MomentSums(s.out_channels);
    counts[share] = (end - begin) * s.out_height() * s.out_width();
    run({s, begin, end, input, packed.get(), y, statistics == nullptr ? nullptr : &moments[share]});
  });
  if (statistics != nullptr) *statistics = combine(moments, counts);
}

template <class T>
void conv_kernel_backward(const ConvShape& s, const ConvInput<T>& input, const OutputGradient<T>& gradient,
                          const float* weight, float* weight_gradient) {
  const bool with_input = std::ranges::any_of(input.parts, [](const auto& part) { return part.gradient != nullptr; });
  const std::vector<int64_t> places = input.parts.size() > 1 ? packed_places<T>(input.parts) : std::vector<int64_t>();
  Memory packed;
  if (with_input) packed = pack<T>(s, weight, true, places);
  const ConvFunctions<T>& of = functions<T>(s);
  const auto run = s.depthwise() ? of.depthwise_backward : by_winograd(s) ? of.winograd_backward : of.direct_backward;
  const int64_t shares = share_count(s), size = size_packed(s);
  Memory sums = memory(shares * size);
  const int64_t norm_size = with_input && input.norm != nullptr ? 2 * s.in_channels : 0;
  std::vector<double> norm_sums(shares * norm_size, 0);
  const auto coefficients = [&](auto member) {
    return gradient.affine == nullptr ? nullptr : (gradient.affine->*member).data();
  };
  for_shares(s.batch, shares, [&](int64_t share, int64_t begin, int64_t end) {
    float* share_sums = sums.get() + share * size;
    std::fill(share_sums, share_sums + size, 0.f);
    run({s, begin, end, input, with_input, gradient.gradient, gradient.y, coefficients(&ChannelAffine::scale_gradient),
         coefficients(&ChannelAffine::scale_input), coefficients(&ChannelAffine::shift), gradient.factors, packed.get(),
         norm_size == 0 ? nullptr : norm_sums.data() + share * norm_size, share_sums});
  });
  add_unpacked(s, std::move(sums), shares, places, weight_gradient);
  if (norm_size == 0) return;
  for (int64_t share = 1; share < shares; share++) {
    for (int64_t i = 0; i < norm_size; i++) norm_sums[i] += norm_sums[share * norm_size + i];
  }
  const auto centred = norm_sums.begin() + s.in_channels;
  *input.norm_sums = {{norm_sums.begin(), centred}, {centred, centred + s.in_channels}};
}

#define PADA_INSTANTIATE(T)                                                                                         \
  template void conv_kernel_forward(const ConvShape&, const ConvInput<T>&, const float*, T*, ChannelStatistics*);   \
  template void conv_kernel_backward(const ConvShape&, const ConvInput<T>&, const OutputGradient<T>&, const float*, \
                                     float*);
PADA_INSTANTIATE(float)
PADA_INSTANTIATE(BFloat16)
#undef PADA_INSTANTIATE

}  // namespace pada
