// Direct convolution for AVX2: 16 registers of 8 floats.
#include <cstdint>

#include "ops/direct_conv_tables.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("avx2,fma")

namespace pada {
namespace {
constexpr int kMaxRegisters = 16;
constexpr int kWidest = 8;
#include "ops/direct_conv_kernels.inc"
}  // namespace

const DirectConvKernels* direct_conv_avx2() { return &kKernels; }

}  // namespace pada
#else
namespace pada {
const DirectConvKernels* direct_conv_avx2() { return nullptr; }
}  // namespace pada
#endif
