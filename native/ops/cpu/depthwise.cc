#include "ops/cpu/depthwise.h"

#include <algorithm>
#include <vector>

#include "ops/cpu/grain.h"
#include "ops/cpu/lanes.h"
#include "ops/cpu/simd.h"
#include "runtime/torch.h"

namespace pada {
namespace {

// Results of a row that are computed together, so that a weight is loaded once for all of them.
constexpr int kTile = 4;
constexpr int kLargestKernel = 7;

// One summand of a row of results: result j takes pixel `column` + j * step of the source row, times the weight.
template <class T>
struct Tap {
  const T* row;
  int64_t column;
  const float* weight;  // [channels]
};

template <class T>
struct RowSum {
  const Tap<T>* taps;
  int count;
  int64_t channels;
  int64_t width, step;           // pixels of a source row; pixels between the sources of neighboring results
  int64_t results, result_step;  // pixels to write, and their distance
  T* out;
  const T* mask = nullptr;            // a result is zero where this is not positive
  int64_t first_inside, last_inside;  // range of results whose taps all lie within the source

  void find_inside() {
    first_inside = 0;
    last_inside = results;
    for (int t = 0; t < count; t++) {
      const int64_t before = taps[t].column < 0 ? (-taps[t].column + step - 1) / step : 0;
      const int64_t after = taps[t].column < width ? (width - 1 - taps[t].column) / step + 1 : 0;
      first_inside = std::max(first_inside, before);
      last_inside = std::min(last_inside, after);
    }
  }
};

template <bool kRelu, class T>
inline __attribute__((always_inline)) Lanes read(const T* from) {
  const Lanes value = lanes::load(from);
  return kRelu ? (value < Lanes{} ? Lanes{} : value) : value;
}

template <class T>
inline __attribute__((always_inline)) void write(const RowSum<T>& s, int64_t result, int64_t channel, Lanes value) {
  const int64_t at = result * s.result_step * s.channels + channel;
  if (s.mask != nullptr) value = lanes::load(s.mask + at) > Lanes{} ? value : Lanes{};
  lanes::store(s.out + at, value);
}

// If channels do not fill the last vector, it begins earlier and computes some channels a second time.
template <class T>
PADA_SIMD void sum_taps(const RowSum<T>& s) {
  const int64_t last = s.channels - kLanes;
  for (int64_t j = 0; j < s.results;) {
    const bool tile = j >= s.first_inside && j + kTile <= s.last_inside;
    for (int64_t block = 0; block < s.channels; block += kLanes) {
      const int64_t c = std::min(block, last);
      if (tile) {
        Lanes sums[kTile] = {};
        const int64_t distance = s.step * s.channels;
        for (int t = 0; t < s.count; t++) {
          const Tap<T>& tap = s.taps[t];
          const T* x = tap.row + (tap.column + j * s.step) * s.channels + c;
          const Lanes weight = lanes::load(tap.weight + c);
#pragma GCC unroll 4
          for (int k = 0; k < kTile; k++) sums[k] += lanes::load(x + k * distance) * weight;
        }
#pragma GCC unroll 4
        for (int k = 0; k < kTile; k++) write(s, j + k, c, sums[k]);
      } else {
        Lanes sum{};
        for (int t = 0; t < s.count; t++) {
          const Tap<T>& tap = s.taps[t];
          const int64_t column = tap.column + j * s.step;
          if (column < 0 || column >= s.width) continue;
          sum += lanes::load(tap.row + column * s.channels + c) * lanes::load(tap.weight + c);
        }
        write(s, j, c, sum);
      }
    }
    j += tile ? kTile : 1;
  }
}

// Adds the contribution of one row of the output's gradient and one row of x to sums [kernel][channels].
template <int kKernel, bool kRelu, class T>
PADA_SIMD void add_weight_gradients(const DepthwiseShape& s, const T* gradient, const T* x, float* sums) {
  const Window& w = s.window;
  const int64_t channels = s.channels, last = channels - kLanes;
  for (int64_t block = 0; block < channels; block += kLanes) {
    const int64_t c = std::min(block, last);
    Lanes sum[kKernel] = {};
    for (int64_t j = 0; j < s.out_width; j++) {
      const Lanes g = lanes::load(gradient + j * channels + c);
      const int64_t column = j * w.stride - w.padding;
      if (column >= 0 && column + w.span() <= s.width) {
#pragma GCC unroll 7
        for (int k = 0; k < kKernel; k++) sum[k] += g * read<kRelu>(x + (column + k * w.dilation) * channels + c);
      } else {
#pragma GCC unroll 7
        for (int k = 0; k < kKernel; k++) {
          const int64_t at = column + k * w.dilation;
          if (at >= 0 && at < s.width) sum[k] += g * read<kRelu>(x + at * channels + c);
        }
      }
    }
    // Skips the channels that the vector before has added.
    for (int k = 0; k < kKernel; k++) {
      for (int64_t lane = block - c; lane < kLanes; lane++) sums[k * channels + c + lane] += sum[k][lane];
    }
  }
}

template <class T>
void add_weight_gradients(const DepthwiseShape& s, bool relu, const T* gradient, const T* x, float* sums) {
  const auto add = [&]<int kKernel>(std::integral_constant<int, kKernel>) {
    if (relu)
      add_weight_gradients<kKernel, true>(s, gradient, x, sums);
    else
      add_weight_gradients<kKernel, false>(s, gradient, x, sums);
  };
  switch (s.window.kernel) {
    case 3:
      return add(std::integral_constant<int, 3>());
    case 5:
      return add(std::integral_constant<int, 5>());
    default:
      return add(std::integral_constant<int, 7>());
  }
}

// The weight as [tap][channel].
std::vector<float> packed(const DepthwiseShape& s, const float* weight) {
  const int64_t taps = s.window.kernel * s.window.kernel;
  std::vector<float> result(taps * s.channels);
  for (int64_t c = 0; c < s.channels; c++) {
    for (int64_t t = 0; t < taps; t++) result[t * s.channels + c] = *weight++;
  }
  return result;
}

template <class T>
void input_gradient(const DepthwiseShape& s, const T* x, bool relu, const T* y_gradient, const float* weight, T* out) {
  const Window& w = s.window;
  const std::vector<float> weights = packed(s, weight);
  const int64_t line = s.width * s.channels, out_line = s.out_width * s.channels;
  at::parallel_for(0, s.batch * s.height, grain(line * w.kernel * w.kernel, kProductsPerShare),
                   [&](int64_t begin, int64_t end) {
                     std::vector<Tap<T>> taps(w.kernel * w.kernel);
                     for (int64_t row = begin; row < end; row++) {
                       const int64_t image = row / s.height, h = row % s.height;
                       // Pixels that are a stride apart use the same taps.
                       for (int64_t phase = 0; phase < std::min(w.stride, s.width); phase++) {
                         int count = 0;
                         for (int64_t t = 0; t < w.kernel * w.kernel; t++) {
                           const int64_t down = h + w.padding - t / w.kernel * w.dilation;
                           const int64_t right = phase + w.padding - t % w.kernel * w.dilation;
                           if (down < 0 || down % w.stride != 0 || right % w.stride != 0) continue;
                           if (down / w.stride >= s.out_height) continue;
                           const T* from = y_gradient + (image * s.out_height + down / w.stride) * out_line;
                           taps[count++] = {from, right / w.stride, weights.data() + t * s.channels};
                         }
                         const int64_t start = row * line + phase * s.channels;
                         RowSum<T> sum{taps.data(),
                                       count,
                                       s.channels,
                                       s.out_width,
                                       1,
                                       (s.width - phase - 1) / w.stride + 1,
                                       w.stride,
                                       out + start,
                                       relu ? x + start : nullptr,
                                       0,
                                       0};
                         sum.find_inside();
                         sum_taps(sum);
                       }
                     }
                   });
}

template <class T>
void weight_gradient(const DepthwiseShape& s, const T* x, bool relu, const T* y_gradient, float* out) {
  const Window& w = s.window;
  const int64_t taps = w.kernel * w.kernel, size = taps * s.channels;
  const int64_t line = s.width * s.channels, out_line = s.out_width * s.channels;
  // One share of the batch per thread. Their sums are combined in order, so that results repeat.
  const int64_t worthwhile = s.batch * s.out_height * out_line * taps / kProductsPerShare;
  const int64_t shares = std::clamp<int64_t>(worthwhile, 1, std::min<int64_t>(s.batch, at::get_num_threads()));
  std::vector<float> sums(shares * size, 0.f);
  at::parallel_for(0, shares, 1, [&](int64_t first, int64_t last) {
    for (int64_t share = first; share < last; share++) {
      for (int64_t image = s.batch * share / shares; image < s.batch * (share + 1) / shares; image++) {
        for (int64_t row = 0; row < s.out_height; row++) {
          for (int64_t k = 0; k < w.kernel; k++) {
            const int64_t h = row * w.stride - w.padding + k * w.dilation;
            if (h < 0 || h >= s.height) continue;
            add_weight_gradients(s, relu, y_gradient + (image * s.out_height + row) * out_line,
                                 x + (image * s.height + h) * line,
                                 sums.data() + share * size + k * w.kernel * s.channels);
          }
        }
      }
    }
  });
  for (int64_t share = 0; share < shares; share++) {
    for (int64_t c = 0; c < s.channels; c++) {
      for (int64_t t = 0; t < taps; t++) out[c * taps + t] += sums[share * size + t * s.channels + c];
    }
  }
}

}  // namespace

bool DepthwiseShape::has_kernel() const {
  const int64_t kernel = window.kernel;
  return window.groups == channels && channels >= kLanes && kernel % 2 == 1 && kernel > 1 && kernel <= kLargestKernel;
}

template <class T>
void depthwise_backward(const DepthwiseShape& s, const T* x, bool relu, const T* y_gradient, const float* weight,
                        T* x_gradient, float* weight_gradient_sum) {
  if (x_gradient != nullptr) input_gradient(s, x, relu, y_gradient, weight, x_gradient);
  weight_gradient(s, x, relu, y_gradient, weight_gradient_sum);
}

#define PADA_INSTANTIATE(T) \
  template void depthwise_backward(const DepthwiseShape&, const T*, bool, const T*, const float*, T*, float*);
PADA_INSTANTIATE(float)
PADA_INSTANTIATE(BFloat16)
#undef PADA_INSTANTIATE

}  // namespace pada
