#include "ops/cpu/pool_rows.h"

#include <algorithm>
#include <vector>

#include "ops/cpu/grain.h"
#include "ops/cpu/lanes.h"
#include "runtime/torch.h"

namespace pada {
namespace {

// One axis of a pooling window.
struct Axis {
  int64_t extent_in, extent_out;
  Window window;

  int64_t first(int64_t out) const { return std::max<int64_t>(0, out * window.stride - window.padding); }
  int64_t last(int64_t out) const { return std::min(extent_in, out * window.stride - window.padding + window.kernel); }
  float weight(int64_t out) const { return 1.f / static_cast<float>(last(out) - first(out)); }
  // Outputs whose window covers input position `in`: [first_out, last_out).
  int64_t first_out(int64_t in) const {
    const int64_t reach = in + window.padding - window.kernel;
    return reach < 0 ? 0 : reach / window.stride + 1;
  }
  int64_t last_out(int64_t in) const { return std::min(extent_out, (in + window.padding) / window.stride + 1); }
};

// column = scale * the sum of `count` rows, each times its weight. scale: as long as a row, or null for ones.
template <class T>
void sum_weighted(float* column, const T* rows, int64_t line, int64_t count, const float* weights, const float* scale) {
  with_lanes([=]<class L>(L) PADA_LOOP {
    int64_t i = 0;
    for (; i + L::width <= line; i += L::width) {
      typename L::Floats total{};
      for (int64_t k = 0; k < count; k++) total += L::load(rows + k * line + i) * weights[k];
      L::store(column + i, scale == nullptr ? total : total * L::load(scale + i));
    }
    for (; i < line; i++) {
      float total = 0;
      for (int64_t k = 0; k < count; k++) total += widen(rows[k * line + i]) * weights[k];
      column[i] = scale == nullptr ? total : total * scale[i];
    }
  });
}

// y[i] (+)= scale * (x[i] + x[i + step] + ...), a sum of `taps` values: the inner part of a row of a stride-1 pool.
template <bool kAccumulate, class T>
void write_box(T* y, const float* x, int64_t taps, int64_t step, float scale, int64_t n) {
  with_lanes([=]<class L>(L) PADA_LOOP {
    int64_t i = 0;
    for (; i + L::width <= n; i += L::width) {
      typename L::Floats total{};
      for (int64_t k = 0; k < taps; k++) total += L::load(x + i + k * step);
      total *= scale;
      L::store(y + i, kAccumulate ? L::load(y + i) + total : total);
    }
    for (; i < n; i++) {
      float total = 0;
      for (int64_t k = 0; k < taps; k++) total += x[i + k * step];
      y[i] = narrow<T>((kAccumulate ? widen(y[i]) : 0.f) + total * scale);
    }
  });
}

// One pixel of the same, from `taps` pixels of x, if the window is clipped or the stride is not 1.
template <class T>
void write_pixel(T* y, const float* x, int64_t taps, int64_t channels, float scale, bool accumulate) {
  if (accumulate)
    write_box<true>(y, x, taps, channels, scale, channels);
  else
    write_box<false>(y, x, taps, channels, scale, channels);
}

}  // namespace

template <class T>
void add_pooled_row(float* y, const T* image, int64_t row, const Shape& input, const Shape& output,
                    const Window& window, float* column) {
  const Axis rows{input.height, output.height, window}, columns{input.width, output.width, window};
  const int64_t channels = input.channels, line = input.width * channels, first = rows.first(row);
  const int64_t count = rows.last(row) - first;
  const std::vector<float> weights(count, rows.weight(row));
  sum_weighted(column, image + first * line, line, count, weights.data(), nullptr);
  int64_t inside_first = output.width, inside_last = output.width;
  if (window.stride == 1) {
    inside_first = std::min(window.padding, output.width);
    inside_last = std::max(inside_first, input.width + window.padding - window.kernel + 1);
    write_box<true>(y + inside_first * channels, column + (inside_first - window.padding) * channels, window.kernel,
                    channels, 1.f / static_cast<float>(window.kernel), (inside_last - inside_first) * channels);
  }
  for (int64_t out = 0; out < output.width; out++) {
    if (out == inside_first) out = inside_last;
    if (out >= output.width) break;
    const int64_t from = columns.first(out);
    write_pixel(y + out * channels, column + from * channels, columns.last(out) - from, channels, columns.weight(out),
                true);
  }
}

template <class T>
void average_pool_backward(const T* gradient, T* input_gradient, bool accumulate, int64_t batch, const Shape& output,
                           const Shape& input, const Window& window) {
  const int64_t channels = input.channels, line_in = input.width * channels, line_out = output.width * channels;
  const Axis rows{input.height, output.height, window}, columns{input.width, output.width, window};
  std::vector<float> row_weights(output.height), scale(line_out);
  for (int64_t h = 0; h < output.height; h++) row_weights[h] = rows.weight(h);
  for (int64_t i = 0; i < line_out; i++) scale[i] = columns.weight(i / channels);
  // At stride 1 the outputs that cover an input form a box, clipped at the ends of the row.
  int64_t inside_first = input.width, inside_last = input.width;
  if (window.stride == 1) {
    inside_first = std::min<int64_t>(window.kernel - 1 - window.padding, input.width);
    inside_last = std::max(inside_first, output.width - window.padding);
  }
  at::parallel_for(0, batch * input.height, grain(line_in, kElementsPerShare), [&](int64_t begin, int64_t end) {
    std::vector<float> column(line_out);
    for (int64_t row = begin; row < end; row++) {
      T* const out = input_gradient + row * line_in;
      const int64_t h = row % input.height, first = rows.first_out(h);
      sum_weighted(column.data(), gradient + (row / input.height * output.height + first) * line_out, line_out,
                   rows.last_out(h) - first, row_weights.data() + first, scale.data());
      if (inside_first < inside_last) {
        const float* from = column.data() + (inside_first + window.padding - window.kernel + 1) * channels;
        const int64_t inside = (inside_last - inside_first) * channels;
        if (accumulate)
          write_box<true>(out + inside_first * channels, from, window.kernel, channels, 1.f, inside);
        else
          write_box<false>(out + inside_first * channels, from, window.kernel, channels, 1.f, inside);
      }
      for (int64_t in = 0; in < input.width; in++) {
        if (in == inside_first) in = inside_last;
        if (in >= input.width) break;
        const int64_t from = columns.first_out(in);
        write_pixel(out + in * channels, column.data() + from * channels, columns.last_out(in) - from, channels, 1.f,
                    accumulate);
      }
    }
  });
}

#define PADA_INSTANTIATE(T)                                                                                   \
  template void add_pooled_row(float*, const T*, int64_t, const Shape&, const Shape&, const Window&, float*); \
  template void average_pool_backward(const T*, T*, bool, int64_t, const Shape&, const Shape&, const Window&);
PADA_INSTANTIATE(float)
PADA_INSTANTIATE(BFloat16)
#undef PADA_INSTANTIATE

}  // namespace pada
