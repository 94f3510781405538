#include "ops/cpu/winograd_weights.h"

#include "ops/cpu/lanes.h"

namespace pada {
namespace {

constexpr float kNear = 0.70710678118654752f, kFar = 1.41421356237309505f;

// One axis: the polynomial of three taps, (1, p, p^2), at each point p, divided by the product of p's distances to the
// other points.
template <class V>
inline __attribute__((always_inline)) void to_points(const V* g, int step, V* to, int to_step) {
  const V near_even = -2.f / 3 * g[0] - 1.f / 3 * g[2 * step], near_odd = -2.f / 3 * kNear * g[step];
  const V far_even = 1.f / 6 * g[0] + 1.f / 3 * g[2 * step], far_odd = 1.f / 6 * kFar * g[step];
  to[0] = g[0];
  to[to_step] = near_even + near_odd;
  to[2 * to_step] = near_even - near_odd;
  to[3 * to_step] = far_even + far_odd;
  to[4 * to_step] = far_even - far_odd;
  to[5 * to_step] = g[2 * step];
}

// The transpose of to_points.
template <class V>
inline __attribute__((always_inline)) void to_taps(const V* m, int step, V* to, int to_step) {
  const V near_even = m[step] + m[2 * step], near_odd = m[step] - m[2 * step];
  const V far_even = m[3 * step] + m[4 * step], far_odd = m[3 * step] - m[4 * step];
  to[0] = m[0] + (1.f / 6 * far_even - 2.f / 3 * near_even);
  to[to_step] = 1.f / 6 * kFar * far_odd - 2.f / 3 * kNear * near_odd;
  to[2 * to_step] = m[5 * step] + 1.f / 3 * (far_even - near_even);
}

}  // namespace

// `pairs` is a multiple of 32: inputs have multiples of 8 channels, outputs multiples of 4.
void winograd_weights(const float* taps, int64_t pairs, float* points) {
  with_lanes([=]<class L>(L) PADA_LOOP {
    for (int64_t p = 0; p < pairs; p += L::width) {
      typename L::Floats g[9], half[18], all[36];
#pragma GCC unroll 9
      for (int i = 0; i < 9; i++) g[i] = L::load(taps + i * pairs + p);
#pragma GCC unroll 3
      for (int j = 0; j < 3; j++) to_points(g + j, 3, half + j, 3);
#pragma GCC unroll 6
      for (int i = 0; i < 6; i++) to_points(half + 3 * i, 1, all + 6 * i, 1);
#pragma GCC unroll 36
      for (int i = 0; i < 36; i++) L::store(points + i * pairs + p, all[i]);
    }
  });
}

void winograd_weight_gradients(const float* points, int64_t pairs, float* taps) {
  with_lanes([=]<class L>(L) PADA_LOOP {
    for (int64_t p = 0; p < pairs; p += L::width) {
      typename L::Floats all[36], half[18], g[9];
#pragma GCC unroll 36
      for (int i = 0; i < 36; i++) all[i] = L::load(points + i * pairs + p);
#pragma GCC unroll 6
      for (int j = 0; j < 6; j++) to_taps(all + j, 6, half + j, 6);
#pragma GCC unroll 3
      for (int i = 0; i < 3; i++) to_taps(half + 6 * i, 1, g + 3 * i, 1);
#pragma GCC unroll 9
      for (int i = 0; i < 9; i++) L::store(taps + i * pairs + p, g[i]);
    }
  });
}

}  // namespace pada
