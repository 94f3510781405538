// Direct convolution for AVX-512: 32 registers of 16 floats.
#include <cstdint>

#include "ops/direct_conv_tables.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")

namespace pada {
namespace {
constexpr int kMaxRegisters = 32;
constexpr int kWidest = 16;
#include "ops/direct_conv_kernels.inc"
}  // namespace

const DirectConvKernels* direct_conv_avx512() { return &kKernels; }

}  // namespace pada
#else
namespace pada {
const DirectConvKernels* direct_conv_avx512() { return nullptr; }
}  // namespace pada
#endif
