// The convolutions for AVX2: 16 registers of 8 floats.
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
#pragma GCC target("avx2,fma")

namespace pada {
namespace {
constexpr int kMaxRegisters = 16;
constexpr int kWidest = 8;
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

const ConvTable* conv_table_avx2() { return &kTable; }

}  // namespace pada
#else
namespace pada {
const ConvTable* conv_table_avx2() { return nullptr; }
}  // namespace pada
#endif
