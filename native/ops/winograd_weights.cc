#include "ops/winograd_weights.h"

#include <cmath>

#include "ops/simd.h"

namespace pada {
namespace {

// The polynomial of a row of taps at each point p: (1, p, p^2), over the product of p's distances to the other points.
constexpr float kNear = 0.70710678118654752f, kFar = 1.41421356237309505f;
constexpr float kTapsToPoints[6][3] = {{1.f, 0.f, 0.f},
                                       {-2.f / 3, -2.f / 3 * kNear, -1.f / 3},
                                       {-2.f / 3, 2.f / 3 * kNear, -1.f / 3},
                                       {1.f / 6, 1.f / 6 * kFar, 1.f / 3},
                                       {1.f / 6, -1.f / 6 * kFar, 1.f / 3},
                                       {0.f, 0.f, 1.f}};

PADA_SIMD void add_multiple(float* __restrict to, const float* __restrict from, float factor, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i] += factor * from[i];
}

// out[i][j] = sum over k of M[i][k] in[k][j], of blocks of `size` floats; transposed: M[k][i].
void multiply(float* out, const float* in, int rows, int inner, int columns, bool transposed, int64_t size) {
  for (int i = 0; i < rows; i++) {
    for (int k = 0; k < inner; k++) {
      const float factor = transposed ? kTapsToPoints[k][i] : kTapsToPoints[i][k];
      if (factor != 0) add_multiple(out + i * columns * size, in + k * columns * size, factor, columns * size);
    }
  }
}

// out = in times the matrix, by rows of blocks: out[i][j] = sum over k of in[i][k] M[j][k]; transposed: M[k][j].
void multiply_right(float* out, const float* in, int rows, int inner, int columns, bool transposed, int64_t size) {
  for (int i = 0; i < rows; i++) {
    for (int j = 0; j < columns; j++) {
      for (int k = 0; k < inner; k++) {
        const float factor = transposed ? kTapsToPoints[k][j] : kTapsToPoints[j][k];
        if (factor != 0) add_multiple(out + (i * columns + j) * size, in + (i * inner + k) * size, factor, size);
      }
    }
  }
}

}  // namespace

std::vector<float> winograd_weights(const std::vector<float>& taps, int64_t pairs) {
  std::vector<float> half(18 * pairs, 0.f), points(36 * pairs, 0.f);
  multiply(half.data(), taps.data(), 6, 3, 3, false, pairs);
  multiply_right(points.data(), half.data(), 6, 3, 6, false, pairs);
  return points;
}

std::vector<float> winograd_weight_gradients(const std::vector<float>& points, int64_t pairs) {
  std::vector<float> half(18 * pairs, 0.f), taps(9 * pairs, 0.f);
  multiply(half.data(), points.data(), 3, 6, 6, true, pairs);
  multiply_right(taps.data(), half.data(), 3, 6, 3, true, pairs);
  return taps;
}

}  // namespace pada
