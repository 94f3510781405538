// Vectors of 16 floats for loops under PADA_SIMD. The compiler lowers them to what each instruction set has. It does
// not vectorize loops over bfloat16 in memory well by itself. It turns comparisons of vectors into scalar code before
// it makes the versions, so masks are computed from bits.
#pragma once

#include "ops/cpu/bfloat16.h"

namespace pada {

inline constexpr int64_t kLanes = 16;
typedef float Lanes __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));

namespace lanes {

typedef uint32_t Bits __attribute__((vector_size(kLanes * 4)));
typedef uint16_t Half __attribute__((vector_size(kLanes * 2), aligned(2), may_alias));

inline __attribute__((always_inline)) Lanes load(const float* from) { return *reinterpret_cast<const Lanes*>(from); }
inline __attribute__((always_inline)) Lanes load(const BFloat16* from) {
  return (Lanes)(__builtin_convertvector(*reinterpret_cast<const Half*>(from), Bits) << 16);
}

typedef int32_t Signed __attribute__((vector_size(kLanes * 4)));

// All ones where the value is NaN, else 0. Floats without their sign are ordered as integers.
inline __attribute__((always_inline)) Bits is_nan(Lanes value) {
  return (Bits)((0x7f800000 - ((Signed)value & 0x7fffffff)) >> 31);
}
inline __attribute__((always_inline)) Bits select(Bits mask, Bits yes, Bits no) { return (yes & mask) | (no & ~mask); }

// min(max(value, 0), ceiling), for a ceiling that is not negative. NaN stays NaN.
inline __attribute__((always_inline)) Lanes clamp(Lanes value, float ceiling) {
  const Signed bits = (Signed)value, top = (Signed)(Lanes{} + ceiling);
  const Signed positive = bits & ~(bits >> 31);
  const Bits limited = select((Bits)((top - positive) >> 31), (Bits)top, (Bits)positive);
  return (Lanes)select(is_nan(value), (Bits)value, limited);
}

inline __attribute__((always_inline)) void store(float* to, Lanes value) { *reinterpret_cast<Lanes*>(to) = value; }
inline __attribute__((always_inline)) void store(BFloat16* to, Lanes value) {
  const Bits bits = (Bits)value, nan = Bits{} + 0x7fc0;
  const Bits rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  *reinterpret_cast<Half*>(to) = __builtin_convertvector(select(is_nan(value), nan, rounded), Half);
}

}  // namespace lanes
}  // namespace pada
