// bfloat16 in memory: the upper half of a float32. widen() and narrow() convert it for arithmetic in float32.
#pragma once

#include <bit>
#include <cstdint>

namespace pada {

struct BFloat16 {
  uint16_t bits;
};

inline __attribute__((always_inline)) float widen(float value) { return value; }
inline __attribute__((always_inline)) float widen(BFloat16 value) {
  return std::bit_cast<float>(uint32_t{value.bits} << 16);
}

template <class T>
T narrow(float value);

template <>
inline __attribute__((always_inline)) float narrow<float>(float value) {
  return value;
}

// Rounds to the nearest, ties to even; NaN stays NaN.
template <>
inline __attribute__((always_inline)) BFloat16 narrow<BFloat16>(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return {static_cast<uint16_t>(value == value ? rounded : 0x7fc0)};
}

}  // namespace pada
