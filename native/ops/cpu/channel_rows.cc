#include "ops/cpu/channel_rows.h"

#include <algorithm>
#include <cmath>

#include "ops/cpu/grain.h"
#include "ops/cpu/lanes.h"
#include "ops/cpu/simd.h"
#include "runtime/torch.h"

namespace pada {
namespace {

// Channels repeat along memory. Loops run over blocks of whole channel periods, which are long enough for vectors.
constexpr int64_t kBlock = 64;
// Blocks or rows that are summed in float before the sum moves to double: few enough to stay precise, many enough to be
// cheap.
constexpr int64_t kFlushBlocks = 64;

int64_t block_of(int64_t channels) {
  return channels >= kBlock ? channels : channels * ((kBlock + channels - 1) / channels);
}

// Sums of (x - shift) and (x - shift)^2 over whole blocks, per position in the block. The shift keeps the squares
// small.
template <class T>
PADA_SIMD void block_sums(const T* __restrict x, int64_t blocks, int64_t block, const float* __restrict shift,
                          float* __restrict sums, float* __restrict squares) {
  if (block == kBlock) {
    float s[kBlock] = {}, q[kBlock] = {};
    for (int64_t b = 0; b < blocks; b++, x += kBlock) {
      for (int64_t j = 0; j < kBlock; j++) {
        const float d = widen(x[j]) - shift[j];
        s[j] += d;
        q[j] += d * d;
      }
    }
    std::copy(s, s + kBlock, sums);
    std::copy(q, q + kBlock, squares);
    return;
  }
  std::fill(sums, sums + block, 0.f);
  std::fill(squares, squares + block, 0.f);
  for (int64_t b = 0; b < blocks; b++, x += block) {
    for (int64_t j = 0; j < block; j++) {
      const float d = widen(x[j]) - shift[j];
      sums[j] += d;
      squares[j] += d * d;
    }
  }
}

template <class T>
PADA_SIMD void block_gradient_sum(const T* __restrict g, int64_t blocks, int64_t block, float* __restrict sums) {
  if (block == kBlock) {
    float s[kBlock] = {};
    for (int64_t b = 0; b < blocks; b++, g += kBlock) {
      for (int64_t j = 0; j < kBlock; j++) s[j] += widen(g[j]);
    }
    std::copy(s, s + kBlock, sums);
    return;
  }
  std::fill(sums, sums + block, 0.f);
  for (int64_t b = 0; b < blocks; b++, g += block) {
    for (int64_t j = 0; j < block; j++) sums[j] += widen(g[j]);
  }
}

template <class T>
PADA_SIMD void block_product_sum(const T* __restrict g, const T* __restrict x, const float* __restrict mean,
                                 int64_t blocks, int64_t block, float* __restrict sums) {
  if (block == kBlock) {
    float s[kBlock] = {};
    for (int64_t b = 0; b < blocks; b++, g += kBlock, x += kBlock) {
      for (int64_t j = 0; j < kBlock; j++) s[j] += widen(g[j]) * (widen(x[j]) - mean[j]);
    }
    std::copy(s, s + kBlock, sums);
    return;
  }
  std::fill(sums, sums + block, 0.f);
  for (int64_t b = 0; b < blocks; b++, g += block, x += block) {
    for (int64_t j = 0; j < block; j++) sums[j] += widen(g[j]) * (widen(x[j]) - mean[j]);
  }
}

// Adds all sums of the gradient for kCount normalised inputs to sums [1 + kCount][channels], in one pass. Channels fill
// whole vectors.
template <int kCount, class T>
PADA_SIMD void vector_gradient_sums(const T* g, const T* const* inputs, const float* const* means, int64_t rows,
                                    int64_t channels, double* sums) {
  for (int64_t c = 0; c < channels; c += kLanes) {
    Lanes gradient{}, centred[kCount]{}, mean[kCount];
    const T* x[kCount];
#pragma GCC unroll 4
    for (int t = 0; t < kCount; t++) {
      mean[t] = lanes::load(means[t] + c);
      x[t] = inputs[t] + c;
    }
    for (int64_t i = 0; i < rows * channels; i += channels) {
      const Lanes value = lanes::load(g + c + i);
      gradient += value;
#pragma GCC unroll 4
      for (int t = 0; t < kCount; t++) centred[t] += value * (lanes::load(x[t] + i) - mean[t]);
    }
    for (int64_t j = 0; j < kLanes; j++) {
      sums[c + j] += gradient[j];
#pragma GCC unroll 4
      for (int t = 0; t < kCount; t++) sums[(1 + t) * channels + c + j] += centred[t][j];
    }
  }
}

template <bool kAccumulate, class T>
inline __attribute__((always_inline)) void affine_blocks(const T* __restrict g, const T* x, const float* a,
                                                         const float* b, const float* c, T* out, int64_t blocks,
                                                         int64_t block) {
  for (int64_t i = 0; i < blocks; i++, g += block, x += block, out += block) {
#pragma GCC ivdep
    for (int64_t j = 0; j < block; j++) {
      const float value = a[j] * widen(g[j]) + b[j] * widen(x[j]) + c[j];
      out[j] = narrow<T>(kAccumulate ? widen(out[j]) + value : value);
    }
  }
}

template <class T>
PADA_SIMD void affine(const T* __restrict g, const T* x, const float* a, const float* b, const float* c, T* out,
                      bool accumulate, int64_t blocks, int64_t block) {
  if (block == kBlock) {
    if (accumulate)
      affine_blocks<true>(g, x, a, b, c, out, blocks, kBlock);
    else
      affine_blocks<false>(g, x, a, b, c, out, blocks, kBlock);
  } else {
    if (accumulate)
      affine_blocks<true>(g, x, a, b, c, out, blocks, block);
    else
      affine_blocks<false>(g, x, a, b, c, out, blocks, block);
  }
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
int for_shares(int64_t elements, int64_t block, const Body& body) {
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
  for_shares(elements, block, [&](int64_t begin, int64_t blocks, int slot) {
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
GradientSums gradient_sums(const T* gradient, const std::vector<const T*>& inputs,
                           const std::vector<const float*>& means, int64_t rows, int64_t channels) {
  const int64_t block = block_of(channels), elements = rows * channels;
  const size_t count = inputs.size();
  std::vector<std::vector<float>> patterns;
  for (const float* mean : means) patterns.push_back(repeated(mean, channels, block));
  // Row 0: sums of g; row 1 + t: sums of g * (x_t - mean_t).
  std::vector<std::vector<double>> partial(at::get_num_threads());
  for_shares(elements, block, [&](int64_t begin, int64_t blocks, int slot) {
    std::vector<double>& sums = partial[slot];
    sums.assign((1 + count) * channels, 0);
    if (channels % kLanes == 0 && count >= 1 && count <= 3) {
      const auto add = count == 1   ? vector_gradient_sums<1, T>
                       : count == 2 ? vector_gradient_sums<2, T>
                                    : vector_gradient_sums<3, T>;
      const int64_t all = blocks * block / channels, first = begin / channels;
      for (int64_t done = 0; done < all; done += kFlushBlocks) {
        const T* at[3] = {};
        for (size_t t = 0; t < count; t++) at[t] = inputs[t] + (first + done) * channels;
        add(gradient + (first + done) * channels, at, means.data(), std::min(kFlushBlocks, all - done), channels,
            sums.data());
      }
      return;
    }
    std::vector<float> part(block);
    auto flush = [&](size_t row) {
      for (int64_t j = 0; j < block; j++) sums[row * channels + j % channels] += part[j];
    };
    for (int64_t done = 0; done < blocks; done += kFlushBlocks) {
      const int64_t now = std::min(kFlushBlocks, blocks - done), offset = begin + done * block;
      block_gradient_sum(gradient + offset, now, block, part.data());
      flush(0);
      for (size_t t = 0; t < count; t++) {
        block_product_sum(gradient + offset, inputs[t] + offset, patterns[t].data(), now, block, part.data());
        flush(1 + t);
      }
    }
  });
  GradientSums result{std::vector<double>(channels, 0),
                      std::vector<std::vector<double>>(count, std::vector<double>(channels, 0))};
  for (const std::vector<double>& sums : partial) {
    if (sums.empty()) continue;
    for (int64_t c = 0; c < channels; c++) {
      result.gradient[c] += sums[c];
      for (size_t t = 0; t < count; t++) result.centred[t][c] += sums[(1 + t) * channels + c];
    }
  }
  for (int64_t i = elements / block * block; i < elements; i++) {
    const int64_t c = i % channels;
    result.gradient[c] += widen(gradient[i]);
    for (size_t t = 0; t < count; t++)
      result.centred[t][c] += double(widen(gradient[i])) * (widen(inputs[t][i]) - means[t][c]);
  }
  return result;
}

template <class T>
void apply_affine(const T* gradient, const T* x, const ChannelAffine& coefficients, T* out, bool accumulate,
                  int64_t rows, int64_t channels) {
  const int64_t block = block_of(channels), elements = rows * channels;
  const std::vector<float> a = repeated(coefficients.scale_gradient.data(), channels, block);
  const std::vector<float> b = repeated(coefficients.scale_input.data(), channels, block);
  const std::vector<float> c = repeated(coefficients.shift.data(), channels, block);
  for_shares(elements, block, [&](int64_t begin, int64_t blocks, int) {
    affine(gradient + begin, x + begin, a.data(), b.data(), c.data(), out + begin, accumulate, blocks, block);
  });
  const int64_t rest = elements / block * block;
  for (int64_t i = rest; i < elements; i++) {
    const float value = a[i - rest] * widen(gradient[i]) + b[i - rest] * widen(x[i]) + c[i - rest];
    out[i] = narrow<T>(accumulate ? widen(out[i]) + value : value);
  }
}

#define PADA_INSTANTIATE(T)                                                                                     \
  template ChannelStatistics channel_statistics(const T*, int64_t, int64_t);                                    \
  template GradientSums gradient_sums(const T*, const std::vector<const T*>&, const std::vector<const float*>&, \
                                      int64_t, int64_t);                                                        \
  template void apply_affine(const T*, const T*, const ChannelAffine&, T*, bool, int64_t, int64_t);
PADA_INSTANTIATE(float)
PADA_INSTANTIATE(BFloat16)
#undef PADA_INSTANTIATE

}  // namespace pada
