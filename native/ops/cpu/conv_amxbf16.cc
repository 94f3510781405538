// Pointwise convolutions of bfloat16 by AMX, whose registers are tiles of 16 x 16 units of 32 bits. One instruction
// multiplies two tiles: pairs of bfloat16 times pairs, summed in float.
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "ops/cpu/conv_table.h"
#include "ops/cpu/scratch.h"

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#include <sys/syscall.h>
#include <unistd.h>
// GCC 12 warns about undefined vectors in its own intrinsics.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC target("amx-tile,amx-bf16,avx512bf16,avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")

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
#include "ops/cpu/conv_tiles.inc"
// clang-format on

constexpr ConvFunctions<BFloat16> kTiles{tiles_forward, tiles_backward, nullptr, nullptr, nullptr, nullptr};

// Linux gives a process the state of tiles only if it asks.
bool ask_for_tiles() {
  constexpr int kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}
}  // namespace

const ConvFunctions<BFloat16>* conv_tiles_amxbf16() {
  static const bool allowed =
      __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16") && ask_for_tiles();
  return allowed ? &kTiles : nullptr;
}

}  // namespace pada
#else
namespace pada {
const ConvFunctions<BFloat16>* conv_tiles_amxbf16() { return nullptr; }
}  // namespace pada
#endif
