#include "ops/cpu/sum_rows.h"

#include <algorithm>
#include <array>

#include "ops/cpu/grain.h"
#include "ops/cpu/lanes.h"
#include "ops/cpu/pool_rows.h"
#include "runtime/torch.h"

namespace pada {
namespace {

// Rows are summed in float for any type in memory.

// A summand as long as the row: (x * scale + shift) * factor. The coefficients of channels are repeated to the row's
// length.
template <class T>
struct Stream {
  const T* x;
  const float *scale, *shift;
  float factor;
};

template <class T>
void add_stream(float* y, const Stream<T>& stream, int64_t n) {
  with_lanes([=]<class L>(L) PADA_LOOP {
    const auto [x, scale, shift, factor] = stream;
    int64_t i = 0;
    for (; i + L::width <= n; i += L::width) {
      L::store(y + i, L::load(y + i) + (L::load(x + i) * L::load(scale + i) + L::load(shift + i)) * factor);
    }
    for (; i < n; i++) y[i] += (widen(x[i]) * scale[i] + shift[i]) * factor;
  });
}

// Writes sum and relu (either may be null) of kCount streams plus `rest` (or null), in one pass. NaN stays NaN, as in
// PyTorch: otherwise a divergence would not reach the loss.
template <int kCount, class T>
void sum_streams(const Stream<T>* given, const float* rest, T* sum, T* relu, float ceiling, int64_t n) {
  std::array<Stream<T>, kCount> streams;
  std::copy(given, given + kCount, streams.begin());
  with_lanes([=]<class L>(L) PADA_LOOP {
    int64_t i = 0;
    for (; i + L::width <= n; i += L::width) {
      typename L::Floats value{};
      if (rest != nullptr) value = L::load(rest + i);
#pragma GCC unroll 3
      for (int k = 0; k < kCount; k++) {
        const Stream<T>& stream = streams[k];
        value += (L::load(stream.x + i) * L::load(stream.scale + i) + L::load(stream.shift + i)) * stream.factor;
      }
      if (sum != nullptr) L::store(sum + i, value);
      if (relu != nullptr) L::store(relu + i, L::clamp(value, ceiling));
    }
    for (; i < n; i++) {
      float value = rest != nullptr ? rest[i] : 0.f;
      for (int k = 0; k < kCount; k++) {
        value += (widen(streams[k].x[i]) * streams[k].scale[i] + streams[k].shift[i]) * streams[k].factor;
      }
      if (sum != nullptr) sum[i] = narrow<T>(value);
      if (relu != nullptr) relu[i] = narrow<T>(std::min(value < 0.f ? 0.f : value, ceiling));
    }
  });
}

template <class T>
void sum_streams(const std::vector<Stream<T>>& streams, const float* rest, T* sum, T* relu, float ceiling, int64_t n) {
  switch (streams.size()) {
    case 0:
      return sum_streams<0>(streams.data(), rest, sum, relu, ceiling, n);
    case 1:
      return sum_streams<1>(streams.data(), rest, sum, relu, ceiling, n);
    case 2:
      return sum_streams<2>(streams.data(), rest, sum, relu, ceiling, n);
    default:
      return sum_streams<3>(streams.data(), rest, sum, relu, ceiling, n);
  }
}

// `out` may be `gradient`.
template <bool kAccumulate, class T>
void masked(const T* gradient, const T* relu, float ceiling, T* out, int64_t n) {
  with_lanes([=]<class L>(L) PADA_LOOP {
    int64_t i = 0;
    for (; i + L::width <= n; i += L::width) {
      const typename L::Floats value = L::where_inside(L::load(relu + i), ceiling, L::load(gradient + i));
      L::store(out + i, kAccumulate ? L::load(out + i) + value : value);
    }
    for (; i < n; i++) {
      const float at = widen(relu[i]);
      const float value = at > 0.f && at < ceiling ? widen(gradient[i]) : 0.f;
      out[i] = narrow<T>(kAccumulate ? widen(out[i]) + value : value);
    }
  });
}

template <class T>
void add_row(T* out, const T* x, int64_t n) {
  with_lanes([=]<class L>(L) PADA_LOOP {
    int64_t i = 0;
    for (; i + L::width <= n; i += L::width) L::store(out + i, L::load(out + i) + L::load(x + i));
    for (; i < n; i++) out[i] = narrow<T>(widen(out[i]) + widen(x[i]));
  });
}

std::vector<float> across_row(const std::vector<float>& per_channel, int64_t line) {
  std::vector<float> row(line);
  for (int64_t i = 0; i < line; i++) row[i] = per_channel[i % per_channel.size()];
  return row;
}

}  // namespace

template <class T>
void sum_rows(const std::vector<RowTerm<T>>& terms, T* sum, T* relu, float ceiling, int64_t batch, const Shape& shape) {
  constexpr size_t kMostStreams = 3;
  const int64_t line = shape.width * shape.channels;
  const std::vector<float> ones(line, 1.f), zeros(line, 0.f);
  std::vector<std::vector<float>> scales, shifts;
  scales.reserve(terms.size());
  shifts.reserve(terms.size());
  std::vector<Stream<T>> streams;
  std::vector<const float*> factors;  // of streams, by sample
  std::vector<const RowTerm<T>*> pools;
  int64_t widest = line;
  for (const RowTerm<T>& term : terms) {
    if (term.window.kernel > 0) {
      pools.push_back(&term);
      widest = std::max(widest, term.width * shape.channels);
    } else if (term.scale.empty()) {
      streams.push_back({term.x, ones.data(), zeros.data(), 1});
      factors.push_back(nullptr);
    } else {
      scales.push_back(across_row(term.scale, line));
      shifts.push_back(across_row(term.shift, line));
      streams.push_back({term.x, scales.back().data(), shifts.back().data(), 1});
      factors.push_back(term.factors);
    }
  }
  at::parallel_for(0, batch * shape.height, grain(line, kElementsPerShare), [&](int64_t begin, int64_t end) {
    std::vector<float> rest(line), column(widest);
    std::vector<Stream<T>> in_row;
    for (int64_t row = begin; row < end; row++) {
      in_row.clear();
      for (size_t t = 0; t < streams.size(); t++) {
        Stream<T> stream = streams[t];
        stream.x += row * line;
        if (factors[t] != nullptr) stream.factor = factors[t][row / shape.height];
        // A dropped summand is not read.
        if (stream.factor != 0) in_row.push_back(stream);
      }
      const size_t early = in_row.size() > kMostStreams ? in_row.size() - kMostStreams : 0;
      const bool has_rest = !pools.empty() || early > 0;
      if (has_rest) std::fill(rest.begin(), rest.end(), 0.f);
      for (const RowTerm<T>* pool : pools) {
        const T* image = pool->x + row / shape.height * pool->height * pool->width * shape.channels;
        const Shape input{shape.channels, pool->height, pool->width};
        add_pooled_row(rest.data(), image, row % shape.height, input, shape, pool->window, column.data());
      }
      for (size_t t = 0; t < early; t++) add_stream(rest.data(), in_row[t], line);
      in_row.erase(in_row.begin(), in_row.begin() + static_cast<ptrdiff_t>(early));
      const auto at_row = [&](T* all) { return all == nullptr ? nullptr : all + row * line; };
      sum_streams(in_row, has_rest ? rest.data() : nullptr, at_row(sum), at_row(relu), ceiling, line);
    }
  });
}

template <class T>
void relu_backward(const T* gradient, const T* relu, float ceiling, T* out, bool accumulate, int64_t elements) {
  at::parallel_for(0, elements, kElementsPerShare, [&](int64_t begin, int64_t end) {
    if (accumulate)
      masked<true>(gradient + begin, relu + begin, ceiling, out + begin, end - begin);
    else
      masked<false>(gradient + begin, relu + begin, ceiling, out + begin, end - begin);
  });
}

template <class T>
void add_to(T* out, const T* x, int64_t elements) {
  at::parallel_for(0, elements, kElementsPerShare,
                   [&](int64_t begin, int64_t end) { add_row(out + begin, x + begin, end - begin); });
}

#define PADA_INSTANTIATE(T)                                                                     \
  template void sum_rows(const std::vector<RowTerm<T>>&, T*, T*, float, int64_t, const Shape&); \
  template void relu_backward(const T*, const T*, float, T*, bool, int64_t);                    \
  template void add_to(T*, const T*, int64_t);
PADA_INSTANTIATE(float)
PADA_INSTANTIATE(BFloat16)
#undef PADA_INSTANTIATE

}  // namespace pada
