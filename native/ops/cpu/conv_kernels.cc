#include "ops/cpu/conv_kernels.h"

#include <algorithm>
#include <atomic>

#include "ops/cpu/conv_passes.h"
#include "ops/cpu/simd.h"

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

// True if product rows were compiled for this distance between pixels, in units of 32 bits; see conv_products.inc.
bool has_product_row(int64_t stride) {
  constexpr int64_t kStrides[] = {1, 2, 3, 6, 8, 16, 32, 64, 128, 256};
  return std::ranges::find(kStrides, stride) != std::end(kStrides);
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
  if (s.depthwise()) {
    // The kernels hold as many rows as the taps span, whose borders are as wide: memory grows with the square of it.
    constexpr int64_t kSmallSpan = 64;
    const bool close = s.span() <= std::max(kSmallSpan, 2 * std::max(s.height, s.width));
    return close && (s.kernel == 3 || s.kernel == 5 || s.kernel == 7);
  }
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
  const int64_t shares = share_count(s);
  ForwardPass<T> pass(s, input, weight, shares);
  for_shares(s.batch, shares, [&](int64_t share, int64_t begin, int64_t end) {
    pass.run(share, begin, end, input, y, statistics != nullptr);
  });
  if (statistics != nullptr) *statistics = pass.statistics();
}

template <class T>
void conv_kernel_backward(const ConvShape& s, const ConvInput<T>& input, const OutputGradient<T>& gradient,
                          const float* weight, float* weight_gradient) {
  const int64_t shares = share_count(s);
  BackwardPass<T> pass(s, input, weight, shares);
  for_shares(s.batch, shares,
             [&](int64_t share, int64_t begin, int64_t end) { pass.run(share, begin, end, input, gradient); });
  pass.finish(input, weight_gradient);
}

#define PADA_INSTANTIATE(T)                                                                                         \
  template void conv_kernel_forward(const ConvShape&, const ConvInput<T>&, const float*, T*, ChannelStatistics*);   \
  template void conv_kernel_backward(const ConvShape&, const ConvInput<T>&, const OutputGradient<T>&, const float*, \
                                     float*);
PADA_INSTANTIATE(float)
PADA_INSTANTIATE(BFloat16)
#undef PADA_INSTANTIATE

}  // namespace pada
