// Loops over vectors of floats, as long as a register of the processor: longer ones would be kept in memory between two
// turns of a loop. The compiler does not vectorize loops over bfloat16 in memory well by itself, and turns comparisons
// of vectors into scalar code, so masks are computed from bits.
#pragma once

#include "ops/cpu/bfloat16.h"

namespace pada {

template <int kWidth>
struct VectorTypes;
// The compiler refuses sizes that depend on a parameter here.
#define PADA_VECTOR_TYPES(width)                                                          \
  template <>                                                                             \
  struct VectorTypes<width> {                                                             \
    typedef float Floats __attribute__((vector_size(width * 4), aligned(4), may_alias));  \
    typedef uint32_t Bits __attribute__((vector_size(width * 4)));                        \
    typedef int32_t Signed __attribute__((vector_size(width * 4)));                       \
    typedef uint16_t Half __attribute__((vector_size(width * 2), aligned(2), may_alias)); \
  };
PADA_VECTOR_TYPES(4)
PADA_VECTOR_TYPES(8)
PADA_VECTOR_TYPES(16)
#undef PADA_VECTOR_TYPES

template <int kWidth>
struct Lanes {
  static constexpr int64_t width = kWidth;

  using Floats = typename VectorTypes<kWidth>::Floats;
  using Bits = typename VectorTypes<kWidth>::Bits;
  using Signed = typename VectorTypes<kWidth>::Signed;
  using Half = typename VectorTypes<kWidth>::Half;

#define PADA_INLINE static inline __attribute__((always_inline))
  PADA_INLINE Floats load(const float* from) { return *reinterpret_cast<const Floats*>(from); }
  PADA_INLINE Floats load(const BFloat16* from) {
    return (Floats)(__builtin_convertvector(*reinterpret_cast<const Half*>(from), Bits) << 16);
  }

  PADA_INLINE void store(float* to, Floats value) { *reinterpret_cast<Floats*>(to) = value; }
  PADA_INLINE void store(BFloat16* to, Floats value) {
    const Bits bits = (Bits)value, nan = Bits{} + 0x7fc0;
    const Bits rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    *reinterpret_cast<Half*>(to) = __builtin_convertvector(select(is_nan(value), nan, rounded), Half);
  }

  // min(max(value, 0), ceiling), for a ceiling that is not negative. NaN stays NaN.
  PADA_INLINE Floats clamp(Floats value, float ceiling) {
    const Signed bits = (Signed)value, top = (Signed)(Floats{} + ceiling);
    const Signed positive = bits & ~(bits >> 31);
    const Bits limited = select((Bits)((top - positive) >> 31), (Bits)top, (Bits)positive);
    return (Floats)select(is_nan(value), (Bits)value, limited);
  }

  // `value` where 0 < place < ceiling, else 0. Not where `place` is NaN.
  PADA_INLINE Floats where_inside(Floats place, float ceiling, Floats value) {
    const Bits bits = (Bits)place, top = (Bits)(Floats{} + ceiling);
    const Signed outside = (Signed)(bits | (bits - 1)) >> 31, below = (Signed)(bits - top) >> 31;
    return (Floats)((Bits)value & (Bits)(~outside & below));
  }

  // All ones where the value is NaN, else 0. Floats without their sign are ordered as integers.
  PADA_INLINE Bits is_nan(Floats value) { return (Bits)((0x7f800000 - ((Signed)value & 0x7fffffff)) >> 31); }
  PADA_INLINE Bits select(Bits mask, Bits yes, Bits no) { return (yes & mask) | (no & ~mask); }
#undef PADA_INLINE
};

// No vector is longer.
inline constexpr int64_t kMostLanes = 16;

// Before the body of a lambda for with_lanes, which must be compiled within it.
#define PADA_LOOP __attribute__((always_inline))

// Calls loop(Lanes<N>()) in code for this processor. The loop must capture by copy: variables would be read again after
// each store.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
template <class Loop>
__attribute__((target("arch=x86-64-v4"))) void with_lanes_v4(Loop loop) {
  loop(Lanes<16>());
}
template <class Loop>
__attribute__((target("arch=x86-64-v3"))) void with_lanes_v3(Loop loop) {
  loop(Lanes<8>());
}
template <class Loop>
void with_lanes(Loop loop) {
  static const int level = __builtin_cpu_supports("x86-64-v4") ? 4 : __builtin_cpu_supports("x86-64-v3") ? 3 : 0;
  if (level == 4) return with_lanes_v4(loop);
  if (level == 3) return with_lanes_v3(loop);
  loop(Lanes<4>());
}
#else
template <class Loop>
void with_lanes(Loop loop) {
  loop(Lanes<4>());
}
#endif

}  // namespace pada
