#include "ops/conv_kernels.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "ops/conv_table.h"
#include "ops/grain.h"
#include "ops/simd.h"
#include "ops/winograd_weights.h"
#include "torch.h"

namespace pada {
namespace {

std::atomic<InstructionSet> g_limit{InstructionSet::Avx512};

InstructionSet supported() {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
  if (avx512 && conv_table_avx512() != nullptr) return InstructionSet::Avx512;
  if (avx2 && conv_table_avx2() != nullptr) return InstructionSet::Avx2;
#endif
  return InstructionSet::None;
}

template <class T>
const ConvFunctions<T>& functions() {
  const ConvTable& table = instruction_set() == InstructionSet::Avx512 ? *conv_table_avx512() : *conv_table_avx2();
  if constexpr (std::is_same_v<T, float>)
    return table.float32;
  else
    return table.bfloat16;
}

// Fewer products, where tiles fit and channels fill vectors.
bool by_winograd(const ConvShape& s) {
  return s.kernel == 3 && s.stride == 1 && s.height % 4 == 0 && s.width % 4 == 0 && s.in_channels % 8 == 0;
}

// Distances between pixels for which product rows were compiled, see conv_products.inc.
bool has_product_row(int64_t stride) {
  constexpr int64_t kStrides[] = {1, 2, 3, 6, 8, 16, 32, 64, 128, 256};
  return std::ranges::find(kStrides, stride) != std::end(kStrides);
}

// Taps of a 3 x 3 kernel in the order in which the transposed convolution takes them: reversed; at stride 2 those of
// even rows, then of odd ones, in each first even columns, then odd ones (see transposed_row in conv_direct.inc).
std::vector<int> transposed_taps(const ConvShape& s) {
  if (s.kernel == 1) return {0};
  if (s.stride == 1) return {8, 7, 6, 5, 4, 3, 2, 1, 0};
  return {4, 5, 3, 7, 1, 8, 6, 2, 0};
}

// Weights as [tap][input][output] for the forward pass; as [tap][output][input] for the transposed convolution.
std::vector<float> pack(const ConvShape& s, const float* weight, bool transposed) {
  const int64_t taps = s.kernel * s.kernel;
  std::vector<int> order(taps);
  for (int t = 0; t < taps; t++) order[t] = t;
  if (transposed) order = transposed_taps(s);
  const int64_t output_step = transposed ? s.in_channels : 1, input_step = transposed ? 1 : s.out_channels;
  std::vector<float> packed(taps * s.in_channels * s.out_channels);
  for (int64_t t = 0; t < taps; t++) {
    float* tap = packed.data() + t * s.in_channels * s.out_channels;
    const float* from = weight + order[t];
    for (int64_t o = 0; o < s.out_channels; o++) {
      for (int64_t i = 0; i < s.in_channels; i++, from += taps) tap[o * output_step + i * input_step] = *from;
    }
  }
  if (!by_winograd(s)) return packed;
  return winograd_weights(packed, s.in_channels * s.out_channels);
}

int64_t size_packed(const ConvShape& s) {
  return (by_winograd(s) ? kWinogradPoints : s.kernel * s.kernel) * s.in_channels * s.out_channels;
}

// One share of the batch per thread, their results combined in order, so that results repeat.
int64_t share_count(const ConvShape& s) {
  const int64_t products = s.out_height() * s.out_width() * s.in_channels * s.out_channels * s.kernel * s.kernel;
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
  ChannelStatistics statistics{std::vector<float>(channels), std::vector<float>(channels)};
  for (size_t c = 0; c < channels; c++) {
    double count = 0, mean = 0, square = 0;
    for (size_t part = 0; part < parts.size(); part++) {
      const double n = static_cast<double>(counts[part]), offset = parts[part].sum[c] / n;
      const double delta = parts[part].shift[c] + offset - mean;
      square += parts[part].square[c] - parts[part].sum[c] * offset + delta * delta * count * n / (count + n);
      mean += delta * n / (count + n);
      count += n;
    }
    statistics.set(c, mean, std::max(0.0, square) / count);
  }
  return statistics;
}

// Sums in packed layout, shares one after another, into the weight's own.
void add_unpacked(const ConvShape& s, std::vector<float>& sums, int64_t shares, float* weight_gradient) {
  const int64_t taps = s.kernel * s.kernel, pairs = s.in_channels * s.out_channels, size = size_packed(s);
  for (int64_t share = 1; share < shares; share++) {
    for (int64_t i = 0; i < size; i++) sums[i] += sums[share * size + i];
  }
  if (by_winograd(s)) sums = winograd_weight_gradients(sums, pairs);
  for (int64_t o = 0; o < s.out_channels; o++) {
    for (int64_t i = 0; i < s.in_channels; i++) {
      for (int64_t t = 0; t < taps; t++) *weight_gradient++ += sums[t * pairs + i * s.out_channels + o];
    }
  }
}

}  // namespace

InstructionSet instruction_set() {
  static const InstructionSet best = supported();
  return std::min(best, g_limit.load());
}

void limit_instruction_set(InstructionSet most) { g_limit = most; }

bool has_conv_kernel(const ConvShape& s) {
  const bool window = (s.kernel == 1 && s.stride == 1) || (s.kernel == 3 && s.stride <= 2);
  const bool input = s.in_channels % 8 == 0 || (s.kernel == 3 && s.in_channels < 8);
  return instruction_set() != InstructionSet::None && window && input && s.out_channels % 8 == 0 &&
         has_product_row(s.stride * s.in_channels);
}

bool has_input_gradient_kernel(const ConvShape& s) {
  return has_conv_kernel(s) && s.in_channels % 8 == 0 && has_product_row(s.out_channels);
}

template <class T>
void conv_kernel_forward(const ConvShape& s, const T* x, bool relu, const float* weight, T* y,
                         ChannelStatistics* statistics) {
  const std::vector<float> packed = pack(s, weight, false);
  const auto run = by_winograd(s) ? functions<T>().winograd_forward : functions<T>().direct_forward;
  const int64_t shares = share_count(s);
  std::vector<MomentSums> moments(shares);
  std::vector<int64_t> counts(shares);
  for_shares(s.batch, shares, [&](int64_t share, int64_t begin, int64_t end) {
    if (statistics != nullptr) moments[share] = MomentSums(s.out_channels);
    counts[share] = (end - begin) * s.out_height() * s.out_width();
    run({s, begin, end, x, relu, packed.data(), y, statistics == nullptr ? nullptr : &moments[share]});
  });
  if (statistics != nullptr) *statistics = combine(moments, counts);
}

template <class T>
void conv_kernel_backward(const ConvShape& s, const T* x, bool relu, const OutputGradient<T>& gradient,
                          const float* weight, T* x_gradient, bool accumulate, float* weight_gradient) {
  std::vector<float> packed;
  if (x_gradient != nullptr) packed = pack(s, weight, true);
  const auto run = by_winograd(s) ? functions<T>().winograd_backward : functions<T>().direct_backward;
  const int64_t shares = share_count(s), size = size_packed(s);
  std::vector<float> sums(shares * size, 0.f);
  const auto coefficients = [&](auto member) {
    return gradient.affine == nullptr ? nullptr : (gradient.affine->*member).data();
  };
  for_shares(s.batch, shares, [&](int64_t share, int64_t begin, int64_t end) {
    run({s, begin, end, x, relu, gradient.gradient, gradient.y, coefficients(&ChannelAffine::scale_gradient),
         coefficients(&ChannelAffine::scale_input), coefficients(&ChannelAffine::shift), packed.data(), x_gradient,
         accumulate, sums.data() + share * size});
  });
  add_unpacked(s, sums, shares, weight_gradient);
}

template void conv_kernel_forward(const ConvShape&, const float*, bool, const float*, float*, ChannelStatistics*);
template void conv_kernel_forward(const ConvShape&, const BFloat16*, bool, const float*, BFloat16*, ChannelStatistics*);
template void conv_kernel_backward(const ConvShape&, const float*, bool, const OutputGradient<float>&, const float*,
                                   float*, bool, float*);
template void conv_kernel_backward(const ConvShape&, const BFloat16*, bool, const OutputGradient<BFloat16>&,
                                   const float*, BFloat16*, bool, float*);

}  // namespace pada
