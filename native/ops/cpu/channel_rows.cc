#include "ops/cpu/channel_rows.h"

#include <algorithm>
#include <cmath>

#include "ops/cpu/grain.h"
#include "ops/cpu/lanes.h"
#include "runtime/torch.h"

namespace pada {
namespace {

// Channels repeat along memory. Loops run over blocks of whole channel periods, which are long enough for vectors.
constexpr int64_t kBlock = 64;
// Blocks or rows that are summed in float before the sum moves to double: few enough to stay precise, many enough to be
// cheap.
constexpr int64_t kFlushBlocks = 64, kFlushRows = 64;

int64_t block_of(int64_t channels) {
  return channels >= kBlock ? channels : channels * ((kBlock + channels - 1) / channels);
}

// Sums of (x - shift) and (x - shift)^2 over whole blocks, per position in the block. The shift keeps the squares
// small.
template <class T>
void block_sums(const T* x, int64_t blocks, int64_t block, const float* shift, float* sums, float* squares) {
  with_lanes([=]<class L>(L) PADA_LOOP {
    // Vectors whose sums fit the registers. The last ones end with the block, and may overlap those before.
    constexpr int kTogether = 4;
    static_assert(kTogether * L::width <= kBlock);
    for (int64_t first = 0; first < block; first += kTogether * L::width) {
      first = std::min(first, block - kTogether * L::width);
      typename L::Floats sum[kTogether]{}, square[kTogether]{};
      for (int64_t b = 0; b < blocks; b++) {
#pragma GCC unroll 4
        for (int k = 0; k < kTogether; k++) {
          const int64_t j = first + k * L::width;
          const typename L::Floats difference = L::load(x + b * block + j) - L::load(shift + j);
          sum[k] += difference;
          square[k] += difference * difference;
        }
      }
#pragma GCC unroll 4
      for (int k = 0; k < kTogether; k++) {
        L::store(sums + first + k * L::width, sum[k]);
        L::store(squares + first + k * L::width, square[k]);
      }
    }
  });
}

// Stores the sums of the gradient, and of its products with kCount centred inputs, over rows of at least kMostLanes
// values: [1 + kCount][width], in one pass. The last vector ends with the row. It may overlap the one before.
template <int kCount, class T>
void wide_gradient_sums(const T* g, const T* const* inputs, const float* const* means, int64_t rows, int64_t width,
                        float* sums) {
  with_lanes([=]<class L>(L) PADA_LOOP {
    for (int64_t c = 0; c < width; c += L::width) {
      c = std::min(c, width - L::width);
      typename L::Floats gradient{}, centred[kCount]{}, mean[kCount];
      const T* x[kCount];
#pragma GCC unroll 4
      for (int t = 0; t < kCount; t++) {
        mean[t] = L::load(means[t] + c);
        x[t] = inputs[t] + c;
      }
      for (int64_t i = 0; i < rows * width; i += width) {
        const typename L::Floats value = L::load(g + c + i);
        gradient += value;
#pragma GCC unroll 4
        for (int t = 0; t < kCount; t++) centred[t] += value * (L::load(x[t] + i) - mean[t]);
      }
      L::store(sums + c, gradient);
#pragma GCC unroll 4
      for (int t = 0; t < kCount; t++) L::store(sums + (1 + t) * width + c, centred[t]);
    }
  });
}

constexpr size_t kMostTogether = 3;  // inputs in one pass

template <class T>
void wide_gradient_sums(const T* g, const T* const* inputs, const float* const* means, size_t count, int64_t rows,
                        int64_t width, float* sums) {
  const auto of = count == 1   ? wide_gradient_sums<1, T>
                  : count == 2 ? wide_gradient_sums<2, T>
                               : wide_gradient_sums<3, T>;
  of(g, inputs, means, rows, width, sums);
}

// out (+)= a * g + b * x + c, over whole blocks. `out` may be `x`.
template <bool kAccumulate, class T>
void affine_blocks(const T* gradient, const T* input, const float* a, const float* b, const float* c, T* output,
                   int64_t blocks, int64_t block) {
  with_lanes([=]<class L>(L) PADA_LOOP {
    const T *g = gradient, *x = input;
    T* out = output;
    for (int64_t i = 0; i < blocks; i++, g += block, x += block, out += block) {
      int64_t j = 0;
      for (; j + L::width <= block; j += L::width) {
        const typename L::Floats value =
            L::load(a + j) * L::load(g + j) + L::load(b + j) * L::load(x + j) + L::load(c + j);
        L::store(out + j, kAccumulate ? L::load(out + j) + value : value);
      }
      for (; j < block; j++) {
        const float value = a[j] * widen(g[j]) + b[j] * widen(x[j]) + c[j];
        out[j] = narrow<T>(kAccumulate ? widen(out[j]) + value : value);
      }
    }
  });
}

template <class T>
void affine(const T* g, const T* x, const float* a, const float* b, const float* c, T* out, bool accumulate,
            int64_t blocks, int64_t block) {
  if (accumulate)
    affine_blocks<true>(g, x, a, b, c, out, blocks, block);
  else
    affine_blocks<false>(g, x, a, b, c, out, blocks, block);
}

template <class T>
std::vector<float> repeated(const T* values, int64_t channels, int64_t block) {
  std::vector<float> pattern(block);
  for (int64_t j = 0; j < block; j++) pattern[j] = widen(values[j % channels]);
  return pattern;
}

// Runs body(first element, number of blocks, slot) over equal shares of the array, one slot per thread. The caller
// handles the rest, which is shorter than a block. Shares depend only on sizes and the number of threads, so results
// repeat.
template <class Body>
int for_row_shares(int64_t elements, int64_t block, const Body& body) {
  const int64_t blocks = elements / block;
  const int threads = static_cast<int>(std::clamp<int64_t>(elements / kElementsPerShare, 1, at::get_num_threads()));
  at::parallel_for(0, threads, 1, [&](int64_t first, int64_t last) {
    for (int64_t t = first; t < last; t++) {
      const int64_t begin = blocks * t / threads, end = blocks * (t + 1) / threads;
      body(begin * block, end - begin, static_cast<int>(t));
    }
  });
  return threads;
}

}  // namespace

template <class T>
ChannelStatistics channel_statistics(const T* x, int64_t rows, int64_t channels) {
  const int64_t block = block_of(channels), elements = rows * channels;
  const std::vector<float> shift = repeated(x, channels, block);
  std::vector<std::vector<double>> sums(at::get_num_threads()), squares(at::get_num_threads());
  for_row_shares(elements, block, [&](int64_t begin, int64_t blocks, int slot) {
    std::vector<double>&s = sums[slot], &q = squares[slot];
    s.assign(channels, 0);
    q.assign(channels, 0);
    std::vector<float> part(block), part_squares(block);
    for (int64_t done = 0; done < blocks; done += kFlushBlocks) {
      const int64_t now = std::min(kFlushBlocks, blocks - done);
      block_sums(x + begin + done * block, now, block, shift.data(), part.data(), part_squares.data());
      for (int64_t j = 0; j < block; j++) {
        s[j % channels] += part[j];
        q[j % channels] += part_squares[j];
      }
    }
  });
  std::vector<double> sum(channels, 0), square(channels, 0);
  for (size_t slot = 0; slot < sums.size(); slot++) {
    for (size_t c = 0; c < sums[slot].size(); c++) {
      sum[c] += sums[slot][c];
      square[c] += squares[slot][c];
    }
  }
  for (int64_t i = elements / block * block; i < elements; i++) {
    const double d = widen(x[i]) - shift[i % channels];
    sum[i % channels] += d;
    square[i % channels] += d * d;
  }
  ChannelStatistics statistics(channels);
  for (int64_t c = 0; c < channels; c++) {
    const double mean = sum[c] / rows;
    statistics.set(c, mean + shift[c], std::max(square[c] / rows - mean * mean, 0.0));
  }
  return statistics;
}

template <class T>
std::vector<GradientSums> gradient_sums(const T* gradient, const std::vector<NormalisedInput<T>>& inputs, int64_t batch,
                                        int64_t rows, int64_t channels) {
  const size_t count = inputs.size();
  // Neighboring rows of few channels are one wide row, which fills a vector.
  const int64_t together = (kMostLanes + channels - 1) / channels, width = together * channels;
  std::vector<std::vector<float>> means;
  for (const NormalisedInput<T>& input : inputs) means.push_back(repeated(input.mean, channels, width));
  const bool by_sample = std::ranges::any_of(inputs, [](const auto& input) { return input.factors != nullptr; });
  const int64_t sample_rows = rows / batch;
  const size_t size = count * 2 * static_cast<size_t>(channels);  // gradient and centred, by input
  std::vector<std::vector<double>> partial(at::get_num_threads());
  for_row_shares(rows * channels, channels, [&](int64_t begin, int64_t share_rows, int slot) {
    std::vector<double>& sums = partial[slot];
    sums.assign(size, 0);
    std::vector<float> part((1 + kMostTogether) * width);
    const int64_t first = begin / channels, last = first + share_rows;
    int64_t row = first, end;
    for (; row < last; row = end) {
      const int64_t sample = row / sample_rows;
      end = std::min(last, row + kFlushRows * together);
      if (by_sample) end = std::min(end, (sample + 1) * sample_rows);
      const int64_t wide = (end - row) / together;
      for (size_t t = 0; t < count; t += kMostTogether) {
        const size_t now = std::min(kMostTogether, count - t);
        const T* x[kMostTogether] = {};
        const float* mean[kMostTogether] = {};
        for (size_t k = 0; k < now; k++) {
          x[k] = inputs[t + k].x + row * channels;
          mean[k] = means[t + k].data();
        }
        wide_gradient_sums(gradient + row * channels, x, mean, now, wide, width, part.data());
        for (size_t k = 0; k < now; k++) {
          const NormalisedInput<T>& input = inputs[t + k];
          const double factor = input.factors == nullptr ? 1 : input.factors[sample];
          double *of_gradient = sums.data() + (t + k) * 2 * channels, *centred = of_gradient + channels;
          for (int64_t j = 0; j < width; j++) {
            of_gradient[j % channels] += factor * part[j];
            centred[j % channels] += factor * part[(1 + k) * width + j];
          }
          for (int64_t i = (row + wide * together) * channels; i < end * channels; i++) {
            const double value = factor * widen(gradient[i]);
            of_gradient[i % channels] += value;
            centred[i % channels] += value * (widen(input.x[i]) - input.mean[i % channels]);
          }
        }
      }
    }
  });
  std::vector<double> total(size, 0);
  for (const std::vector<double>& sums : partial) {
    for (size_t i = 0; i < sums.size(); i++) total[i] += sums[i];
  }
  std::vector<GradientSums> result(count);
  for (size_t t = 0; t < count; t++) {
    const auto at = total.begin() + static_cast<ptrdiff_t>(2 * t) * channels;
    result[t] = {{at, at + channels}, {at + channels, at + 2 * channels}};
  }
  return result;
}

template <class T>
void apply_affine(const T* gradient, const T* x, const ChannelAffine& coefficients, const float* factors, T* out,
                  bool accumulate, int64_t batch, int64_t rows, int64_t channels) {
  const int64_t block = block_of(channels);
  const std::vector<float> a = repeated(coefficients.scale_gradient.data(), channels, block);
  const std::vector<float> b = repeated(coefficients.scale_input.data(), channels, block);
  const std::vector<float> c = repeated(coefficients.shift.data(), channels, block);
  // `a` times the factor of one sample, over elements that begin with a row.
  const auto range = [&](const float* scale, int64_t begin, int64_t end) {
    const int64_t blocks = (end - begin) / block, rest = begin + blocks * block;
    affine(gradient + begin, x + begin, scale, b.data(), c.data(), out + begin, accumulate, blocks, block);
    for (int64_t i = rest; i < end; i++) {
      const float value = scale[i - rest] * widen(gradient[i]) + b[i - rest] * widen(x[i]) + c[i - rest];
      out[i] = narrow<T>(accumulate ? widen(out[i]) + value : value);
    }
  };
  if (factors == nullptr) {
    for_row_shares(rows * channels, channels, [&](int64_t begin, int64_t share_rows, int) {
      range(a.data(), begin, begin + share_rows * channels);
    });
    return;
  }
  const int64_t size = rows / batch * channels;
  at::parallel_for(0, batch, grain(size, kElementsPerShare), [&](int64_t first, int64_t last) {
    std::vector<float> scale(block);
    for (int64_t n = first; n < last; n++) {
      for (int64_t j = 0; j < block; j++) scale[j] = a[j] * factors[n];
      range(scale.data(), n * size, (n + 1) * size);
    }
  });
}

#define PADA_INSTANTIATE(T)                                                                                            \
  template ChannelStatistics channel_statistics(const T*, int64_t, int64_t);                                           \
  template std::vector<GradientSums> gradient_sums(const T*, const std::vector<NormalisedInput<T>>&, int64_t, int64_t, \
                                                   int64_t);                                                           \
  template void apply_affine(const T*, const T*, const ChannelAffine&, const float*, T*, bool, int64_t, int64_t,       \
                             int64_t);
PADA_INSTANTIATE(float)
PADA_INSTANTIATE(BFloat16)
#undef PADA_INSTANTIATE

}  // namespace pada
