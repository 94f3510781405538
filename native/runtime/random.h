// splitmix64: any thread can compute any number of the sequence by itself.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

namespace pada {

inline constexpr uint64_t kGolden = 0x9e3779b97f4a7c15ULL;

inline uint64_t hash(uint64_t x) {
  x += kGolden;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// Uniform in [0, 1), a multiple of 2^-53.
inline double uniform(uint64_t draw) { return static_cast<double>(draw >> 11) * 0x1p-53; }

// Two numbers of a standard normal distribution (Box and Muller) from one draw.
inline std::array<float, 2> normal_pair(uint64_t draw) {
  // Half a step above zero, so that the logarithm is finite.
  const float u = (static_cast<float>(draw >> 40) + 0.5f) * 0x1p-24f;
  const float angle = static_cast<float>(draw & 0xffffff) * (0x1p-24f * 6.28318530718f);
  const float radius = std::sqrt(-2.f * std::log(u));
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

}  // namespace pada
