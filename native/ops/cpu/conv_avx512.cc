// The convolutions for AVX-512: 32 registers of 16 floats.
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
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")

namespace pada {
namespace {
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
#include "ops/cpu/conv_depthwise.inc"
// clang-format on

template <class T>
constexpr ConvFunctions<T> kFunctions{direct_forward<T>,           direct_backward<T>,
                                      winograd_forward<T, Floats>, winograd_backward<T, Floats>,
                                      depthwise_forward<T>,        depthwise_backward<T>};
constexpr ConvTable kTable{kFunctions<float>, kFunctions<BFloat16>};
}  // namespace

const ConvTable* conv_table_avx512() { return &kTable; }

}  // namespace pada
#else
namespace pada {
const ConvTable* conv_table_avx512() { return nullptr; }
}  // namespace pada
#endif
