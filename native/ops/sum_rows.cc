#include "ops/sum_rows.h"

#include <algorithm>
#include <cstring>

#include "ops/grain.h"
#include "ops/simd.h"
#include "torch.h"

namespace pada {
namespace {

// Rows are summed in float, whatever is in memory.

// y (+)= x * scale[c] + shift[c], the coefficients repeated to the row's length.
template <class T>
PADA_SIMD void add_affine(float* __restrict y, const T* __restrict x, const float* __restrict scale,
                          const float* __restrict shift, int64_t n, bool first) {
  if (first) {
    for (int64_t i = 0; i < n; i++) y[i] = widen(x[i]) * scale[i] + shift[i];
  } else {
    for (int64_t i = 0; i < n; i++) y[i] += widen(x[i]) * scale[i] + shift[i];
  }
}

template <class T>
PADA_SIMD void add_plain(float* __restrict y, const T* __restrict x, int64_t n, bool first) {
  if (first)
    for (int64_t i = 0; i < n; i++) y[i] = widen(x[i]);
  else
    for (int64_t i = 0; i < n; i++) y[i] += widen(x[i]);
}

template <class T>
PADA_SIMD void add_scaled(float* __restrict y, const T* __restrict x, float scale, int64_t n) {
  for (int64_t i = 0; i < n; i++) y[i] += widen(x[i]) * scale;
}

template <class T>
PADA_SIMD void write_row(T* __restrict y, const float* __restrict x, int64_t n) {
  for (int64_t i = 0; i < n; i++) y[i] = narrow<T>(x[i]);
}

template <class T>
PADA_SIMD void write_relu(T* __restrict y, const float* __restrict x, int64_t n) {
  for (int64_t i = 0; i < n; i++) y[i] = narrow<T>(x[i] > 0.f ? x[i] : 0.f);
}

// y[i] += scale * (x[i] + x[i + step] + ... ), taps summands: the inside of a stride-1 pool's row.
PADA_SIMD void add_box(float* __restrict y, const float* __restrict x, int64_t taps, int64_t step, float scale,
                       int64_t n) {
  if (taps == 3) {
    for (int64_t i = 0; i < n; i++) y[i] += (x[i] + x[i + step] + x[i + 2 * step]) * scale;
    return;
  }
  for (int64_t i = 0; i < n; i++) {
    float total = 0;
    for (int64_t k = 0; k < taps; k++) total += x[i + k * step];
    y[i] += total * scale;
  }
}

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

// y += pooled row `row` of one image. `column` holds width_in * channels floats.
template <class T>
void add_pooled_row(float* y, const T* image, int64_t row, const Axis& rows, const Axis& columns, int64_t channels,
                    float* column) {
  const int64_t line = columns.extent_in * channels;
  for (int64_t h = rows.first(row); h < rows.last(row); h++) {
    add_plain(column, image + h * line, line, h == rows.first(row));
  }
  const float down = rows.weight(row);
  const Window& w = columns.window;
  int64_t inside_first = columns.extent_out, inside_last = columns.extent_out;
  if (w.stride == 1) {
    inside_first = std::min(w.padding, columns.extent_out);
    inside_last = std::max(inside_first, columns.extent_in + w.padding - w.kernel + 1);
    add_box(y + inside_first * channels, column + (inside_first - w.padding) * channels, w.kernel, channels,
            down / static_cast<float>(w.kernel), (inside_last - inside_first) * channels);
  }
  for (int64_t out = 0; out < columns.extent_out; out++) {
    if (out == inside_first && inside_first < inside_last) out = inside_last;
    if (out >= columns.extent_out) break;
    const float scale = down * columns.weight(out);
    for (int64_t in = columns.first(out); in < columns.last(out); in++) {
      add_scaled(y + out * channels, column + in * channels, scale, channels);
    }
  }
}

template <bool kAccumulate, class T>
PADA_SIMD void masked(const T* gradient, const T* __restrict relu, T* out, int64_t n) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) {
    const float value = widen(relu[i]) > 0.f ? widen(gradient[i]) : 0.f;
    out[i] = narrow<T>(kAccumulate ? widen(out[i]) + value : value);
  }
}

template <class T>
PADA_SIMD void add_row(T* __restrict out, const T* __restrict x, int64_t n) {
  for (int64_t i = 0; i < n; i++) out[i] = narrow<T>(widen(out[i]) + widen(x[i]));
}

std::vector<float> across_row(const std::vector<float>& per_channel, int64_t line) {
  std::vector<float> row(line);
  for (int64_t i = 0; i < line; i++) row[i] = per_channel[i % per_channel.size()];
  return row;
}

}  // namespace

template <class T>
void sum_rows(const std::vector<RowTerm<T>>& terms, T* sum, T* relu, int64_t batch, const Shape& shape) {
  const int64_t line = shape.width * shape.channels;
  std::vector<std::vector<float>> scales(terms.size()), shifts(terms.size());
  int64_t widest = line;
  for (size_t t = 0; t < terms.size(); t++) {
    if (!terms[t].scale.empty()) {
      scales[t] = across_row(terms[t].scale, line);
      shifts[t] = across_row(terms[t].shift, line);
    }
    widest = std::max(widest, terms[t].width * shape.channels);
  }
  at::parallel_for(0, batch * shape.height, grain(line, kElementsPerShare), [&](int64_t begin, int64_t end) {
    std::vector<float> buffer(line), column(widest);
    for (int64_t row = begin; row < end; row++) {
      float* y = buffer.data();
      bool first = true;
      for (size_t t = 0; t < terms.size(); t++) {
        const RowTerm<T>& term = terms[t];
        if (!term.scale.empty()) {
          add_affine(y, term.x + row * line, scales[t].data(), shifts[t].data(), line, first);
        } else if (term.window.kernel == 0) {
          add_plain(y, term.x + row * line, line, first);
        } else {
          if (first) std::fill(y, y + line, 0.f);
          const Axis rows{term.height, shape.height, term.window}, columns{term.width, shape.width, term.window};
          const T* image = term.x + row / shape.height * term.height * term.width * shape.channels;
          add_pooled_row(y, image, row % shape.height, rows, columns, shape.channels, column.data());
        }
        first = false;
      }
      if (sum != nullptr) write_row(sum + row * line, y, line);
      if (relu != nullptr) write_relu(relu + row * line, y, line);
    }
  });
}

template <class T>
void average_pool_backward(const T* gradient, T* input_gradient, bool accumulate, int64_t batch, const Shape& output,
                           const Shape& input, const Window& window) {
  const int64_t channels = input.channels, line_in = input.width * channels, line_out = output.width * channels;
  const Axis rows{input.height, output.height, window}, columns{input.width, output.width, window};
  std::vector<float> weights(output.width);
  for (int64_t w = 0; w < output.width; w++) weights[w] = columns.weight(w);
  const std::vector<float> weight = [&] {
    std::vector<float> row(line_out);
    for (int64_t i = 0; i < line_out; i++) row[i] = weights[i / channels];
    return row;
  }();
  const std::vector<float> none(line_out, 0.f);
  at::parallel_for(0, batch * input.height, grain(line_in, kElementsPerShare), [&](int64_t begin, int64_t end) {
    std::vector<float> column(line_out), weighted(line_out), buffer(line_in);
    for (int64_t row = begin; row < end; row++) {
      T* const result = input_gradient + row * line_in;
      float* const out = buffer.data();
      if (accumulate)
        add_plain(out, result, line_in, true);
      else
        std::fill(out, out + line_in, 0.f);
      const T* image = gradient + row / input.height * output.height * line_out;
      const int64_t h = row % input.height;
      std::fill(column.begin(), column.end(), 0.f);
      for (int64_t o = rows.first_out(h); o < rows.last_out(h); o++) {
        add_scaled(column.data(), image + o * line_out, rows.weight(o), line_out);
      }
      add_affine(weighted.data(), column.data(), weight.data(), none.data(), line_out, true);
      // At stride 1 the outputs that cover an input form a box, clipped at the ends of the row.
      int64_t inside_first = input.width, inside_last = input.width;
      if (window.stride == 1) {
        inside_first = std::min<int64_t>(window.kernel - 1 - window.padding, input.width);
        inside_last = std::max(inside_first, output.width - window.padding);
        add_box(out + inside_first * channels,
                weighted.data() + (inside_first + window.padding - window.kernel + 1) * channels, window.kernel,
                channels, 1.f, (inside_last - inside_first) * channels);
      }
      for (int64_t in = 0; in < input.width; in++) {
        if (in == inside_first && inside_first < inside_last) in = inside_last;
        if (in >= input.width) break;
        for (int64_t o = columns.first_out(in); o < columns.last_out(in); o++) {
          add_scaled(out + in * channels, weighted.data() + o * channels, 1.f, channels);
        }
      }
      write_row(result, out, line_in);
    }
  });
}

template <class T>
void relu_backward(const T* gradient, const T* relu, T* out, bool accumulate, int64_t elements) {
  at::parallel_for(0, elements, kElementsPerShare, [&](int64_t begin, int64_t end) {
    if (accumulate)
      masked<true>(gradient + begin, relu + begin, out + begin, end - begin);
    else
      masked<false>(gradient + begin, relu + begin, out + begin, end - begin);
  });
}

template <class T>
void add_to(T* out, const T* x, int64_t elements) {
  at::parallel_for(0, elements, kElementsPerShare,
                   [&](int64_t begin, int64_t end) { add_row(out + begin, x + begin, end - begin); });
}

#define PADA_INSTANTIATE(T)                                                                                    \
  template void sum_rows(const std::vector<RowTerm<T>>&, T*, T*, int64_t, const Shape&);                       \
  template void average_pool_backward(const T*, T*, bool, int64_t, const Shape&, const Shape&, const Window&); \
  template void relu_backward(const T*, const T*, T*, bool, int64_t);                                          \
  template void add_to(T*, const T*, int64_t);
PADA_INSTANTIATE(float)
PADA_INSTANTIATE(BFloat16)
#undef PADA_INSTANTIATE

}  // namespace pada
