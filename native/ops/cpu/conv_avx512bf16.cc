// The convolutions that AVX-512's products of bfloat16 pairs make faster: kernels of 1, and Winograd's algorithm.
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "ops/cpu/conv_table.h"
#include "ops/cpu/scratch.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
// GCC 12 warns about undefined vectors in its own intrinsics.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC target("avx512bf16,avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")

namespace pada {
namespace {
#define PADA_BFLOAT16_PRODUCTS
constexpr int kMaxRegisters = 32;
constexpr int kWidest = 16;
// Each file uses the ones before it.
// clang-format off
#include "ops/cpu/conv_vectors.inc"
#include "ops/cpu/conv_ends.inc"
#include "ops/cpu/conv_blocks.inc"
#include "ops/cpu/conv_products.inc"
#include "ops/cpu/conv_direct.inc"
#include "ops/cpu/conv_winograd.inc"
// clang-format on

void pairs_direct_backward(const BackwardShare<BFloat16>& share) {
  with_gradient_source(
      share, [&](const auto& gradients) { direct_backward_pixels<BFloat16, Bfloat16Pairs>(share, gradients); });
}
constexpr ConvFunctions<BFloat16> kPairs{direct_forward_pixels<BFloat16, Bfloat16Pairs>,
                                         pairs_direct_backward,
                                         winograd_forward<BFloat16, Bfloat16Pairs>,
                                         winograd_backward<BFloat16, Bfloat16Pairs>,
                                         nullptr,
                                         nullptr};
}  // namespace

const ConvFunctions<BFloat16>* conv_pairs_avx512bf16() { return &kPairs; }

}  // namespace pada
#else
namespace pada {
const ConvFunctions<BFloat16>* conv_pairs_avx512bf16() { return nullptr; }
}  // namespace pada
#endif
