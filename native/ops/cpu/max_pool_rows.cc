#include "ops/cpu/max_pool_rows.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "ops/cpu/grain.h"
#include "ops/cpu/simd.h"
#include "runtime/torch.h"

namespace pada {
namespace {

// A pixel of a window: its values, and its place in the window.
template <class T>
struct Tap {
  const T* x;
  uint8_t place;
};

// `best` and `place`: scratch for one pixel.
template <class T>
PADA_SIMD void largest(const Tap<T>* window, int count, int64_t channels, float* __restrict best,
                       int32_t* __restrict place) {
  for (int64_t c = 0; c < channels; c++) {
    best[c] = widen(window[0].x[c]);
    place[c] = window[0].place;
  }
  for (int t = 1; t < count; t++) {
    const T* __restrict x = window[t].x;
    const int32_t here = window[t].place;
    for (int64_t c = 0; c < channels; c++) {
      const float value = widen(x[c]);
      // A mask, because the compiler would make branches for the last channels.
      const int32_t wins = -static_cast<int32_t>((value > best[c]) | (value != value));
      const int32_t larger = (std::bit_cast<int32_t>(value) & wins) | (std::bit_cast<int32_t>(best[c]) & ~wins);
      best[c] = std::bit_cast<float>(larger);
      place[c] = (here & wins) | (place[c] & ~wins);
    }
  }
}

template <class T>
PADA_SIMD void write_largest(const float* __restrict best, const int32_t* __restrict place, int64_t channels,
                             T* __restrict y, uint8_t* __restrict taps) {
  for (int64_t c = 0; c < channels; c++) y[c] = narrow<T>(best[c]);
  if (taps == nullptr) return;
  for (int64_t c = 0; c < channels; c++) taps[c] = static_cast<uint8_t>(place[c]);
}

// An output that a pixel of the input belongs to: its gradient, the places of its maxima, and the pixel's place.
template <class T>
struct Reader {
  const T* gradient;
  const uint8_t* taps;
  uint8_t place;
};

// `sum`: scratch for one pixel.
template <bool kAccumulate, class T>
PADA_SIMD void gather(const Reader<T>* readers, int count, int64_t channels, float* __restrict sum, T* __restrict out) {
  for (int64_t c = 0; c < channels; c++) sum[c] = kAccumulate ? widen(out[c]) : 0.f;
  for (int r = 0; r < count; r++) {
    const T* __restrict gradient = readers[r].gradient;
    const uint8_t* __restrict taps = readers[r].taps;
    const uint8_t place = readers[r].place;
    for (int64_t c = 0; c < channels; c++) sum[c] += taps[c] == place ? widen(gradient[c]) : 0.f;
  }
  for (int64_t c = 0; c < channels; c++) out[c] = narrow<T>(sum[c]);
}

// Outputs [first, last) along one axis whose windows hold the pixel at `at`.
struct Range {
  int64_t first, last;
};
Range outputs_of(int64_t at, int64_t outputs, const Window& w) {
  const int64_t from = at + w.padding - w.kernel + 1;
  return {from <= 0 ? 0 : (from + w.stride - 1) / w.stride, std::min(outputs, (at + w.padding) / w.stride + 1)};
}

}  // namespace

template <class T>
void max_pool_rows(const T* x, T* y, uint8_t* taps, int64_t batch, const Shape& input, const Shape& output,
                   const Window& w) {
  const int64_t channels = input.channels, line = output.width * channels;
  at::parallel_for(
      0, batch * output.height, grain(line * w.kernel, kElementsPerShare), [&](int64_t begin, int64_t end) {
        Tap<T> window[kMostPooledTaps];
        std::vector<float> best(channels);
        std::vector<int32_t> place(channels);
        for (int64_t row = begin; row < end; row++) {
          const T* image = x + row / output.height * input.height * input.width * channels;
          const int64_t top = row % output.height * w.stride - w.padding;
          for (int64_t column = 0; column < output.width; column++) {
            const int64_t left = column * w.stride - w.padding;
            int count = 0;
            for (int64_t h = std::max<int64_t>(top, 0); h < std::min(top + w.kernel, input.height); h++) {
              for (int64_t v = std::max<int64_t>(left, 0); v < std::min(left + w.kernel, input.width); v++) {
                window[count++] = {image + (h * input.width + v) * channels,
                                   static_cast<uint8_t>((h - top) * w.kernel + v - left)};
              }
            }
            const int64_t at = row * line + column * channels;
            largest(window, count, channels, best.data(), place.data());
            write_largest(best.data(), place.data(), channels, y + at, taps == nullptr ? nullptr : taps + at);
          }
        }
      });
}

template <class T>
void max_pool_rows_backward(const T* gradient, const uint8_t* taps, T* x_gradient, bool accumulate, int64_t batch,
                            const Shape& input, const Shape& output, const Window& w) {
  const int64_t channels = input.channels;
  const auto gather_one = accumulate ? gather<true, T> : gather<false, T>;
  const int64_t work = input.width * channels * w.kernel;
  at::parallel_for(0, batch * input.height, grain(work, kElementsPerShare), [&](int64_t begin, int64_t end) {
    Reader<T> readers[kMostPooledTaps];
    std::vector<float> sum(channels);
    for (int64_t row = begin; row < end; row++) {
      const int64_t image = row / input.height, h = row % input.height;
      const Range rows = outputs_of(h, output.height, w);
      for (int64_t column = 0; column < input.width; column++) {
        const Range columns = outputs_of(column, output.width, w);
        int count = 0;
        for (int64_t out = rows.first; out < rows.last; out++) {
          for (int64_t v = columns.first; v < columns.last; v++) {
            const int64_t at = ((image * output.height + out) * output.width + v) * channels;
            const int64_t place = (h + w.padding - out * w.stride) * w.kernel + column + w.padding - v * w.stride;
            readers[count++] = {gradient + at, taps + at, static_cast<uint8_t>(place)};
          }
        }
        gather_one(readers, count, channels, sum.data(), x_gradient + (row * input.width + column) * channels);
      }
    }
  });
}

#define PADA_INSTANTIATE(T)                                                                                     \
  template void max_pool_rows(const T*, T*, uint8_t*, int64_t, const Shape&, const Shape&, const Window&);      \
  template void max_pool_rows_backward(const T*, const uint8_t*, T*, bool, int64_t, const Shape&, const Shape&, \
                                       const Window&);
PADA_INSTANTIATE(float)
PADA_INSTANTIATE(BFloat16)
#undef PADA_INSTANTIATE

}  // namespace pada
