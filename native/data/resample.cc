#include "data/resample.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "ops/cpu/simd.h"

namespace pada {
namespace {

// Weights are integers in units of 2^-22, so that a sum of bytes times weights fits in 32 bits.
constexpr int kPrecision = 22;
constexpr int32_t kHalf = 1 << (kPrecision - 1);

// A pixel has four lanes on its way along a row. The last ones are unused.
typedef int32_t Lanes4 __attribute__((vector_size(16)));
typedef uint8_t Bytes4 __attribute__((vector_size(4)));

// For each kept pixel, the first source pixel that it depends on, the number of source pixels, and their weights.
struct Taps {
  std::vector<int64_t> first, taken;
  std::vector<int32_t> weights;  // `stride` per kept pixel, of which the first `taken` are used
  int64_t stride;
};

double bilinear(double x) { return std::max(0.0, 1 - std::abs(x)); }

double bicubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

Taps taps_of(const Axis& axis, Filter filter) {
  const auto weigh = filter == Filter::Bilinear ? bilinear : bicubic;
  const double scale = static_cast<double>(axis.from) / static_cast<double>(axis.to);
  const double shrink = std::max(scale, 1.0);
  const double support = shrink * (filter == Filter::Bilinear ? 1 : 2);
  Taps taps;
  taps.stride = 2 * static_cast<int64_t>(std::ceil(support)) + 1;
  taps.weights.resize(axis.count * taps.stride);
  std::vector<double> weights(taps.stride);
  for (int64_t i = 0; i < axis.count; i++) {
    const double centre = (static_cast<double>(axis.start + i) + 0.5) * scale;
    const int64_t first = std::max<int64_t>(0, static_cast<int64_t>(centre - support + 0.5));
    const int64_t taken = std::min<int64_t>(axis.from, static_cast<int64_t>(centre + support + 0.5)) - first;
    double sum = 0;
    for (int64_t tap = 0; tap < taken; tap++) {
      weights[tap] = weigh((static_cast<double>(tap + first) - centre + 0.5) * (1 / shrink));
      sum += weights[tap];
    }
    for (int64_t tap = 0; tap < taken; tap++) {
      const double weight = (sum == 0 ? weights[tap] : weights[tap] / sum) * (1 << kPrecision);
      taps.weights[i * taps.stride + tap] = static_cast<int32_t>(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    taps.first.push_back(first);
    taps.taken.push_back(taken);
  }
  return taps;
}

inline __attribute__((always_inline)) uint8_t byte_of(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kPrecision, 0, 255));
}

// Resizes rows of pixels with four bytes each, to rows of `columns.first.size()` pixels of `channels` bytes.
PADA_SIMD void resize_row(const uint8_t* padded, int64_t channels, const Taps& columns, uint8_t* to) {
  const int64_t count = static_cast<int64_t>(columns.first.size());
  for (int64_t column = 0; column < count; column++, to += channels) {
    const uint8_t* pixel = padded + 4 * columns.first[column];
    const int32_t* weight = columns.weights.data() + column * columns.stride;
    Lanes4 sum = {kHalf, kHalf, kHalf, kHalf};
    for (int64_t tap = 0; tap < columns.taken[column]; tap++, pixel += 4) {
      Bytes4 bytes;
      std::memcpy(&bytes, pixel, 4);
      sum += __builtin_convertvector(bytes, Lanes4) * weight[tap];
    }
    for (int64_t c = 0; c < channels; c++) to[c] = byte_of(sum[c]);
  }
}

void pad_pixels(const uint8_t* from, int64_t channels, int64_t count, uint8_t* to) {
  for (int64_t i = 0; i < count; i++, from += channels, to += 4) {
    for (int64_t c = 0; c < channels; c++) to[c] = from[c];
  }
}

// A row of `length` bytes as the weighted sum of the rows from `from` on, which begin `stride` bytes apart.
PADA_SIMD void sum_rows(const uint8_t* from, int64_t stride, int64_t length, const int32_t* weights, int64_t taken,
                        int32_t* sums, uint8_t* to) {
  std::fill_n(sums, length, kHalf);
  for (int64_t tap = 0; tap < taken; tap++, from += stride) {
    const int32_t weight = weights[tap];
    for (int64_t i = 0; i < length; i++) sums[i] += weight * from[i];
  }
  for (int64_t i = 0; i < length; i++) to[i] = byte_of(sums[i]);
}

// Resizes the rows first … first + count - 1 of `pixels`.
void along_rows(const uint8_t* pixels, int64_t stride, int64_t channels, int64_t first, int64_t count,
                const Axis& columns, const Taps& across, uint8_t* to) {
  const auto padded = std::make_unique<uint8_t[]>(4 * columns.from);
  for (int64_t row = 0; row < count; row++, to += columns.count * channels) {
    pad_pixels(pixels + (first + row) * stride, channels, columns.from, padded.get());
    resize_row(padded.get(), channels, across, to);
  }
}

// Resizes columns of rows of `length` bytes. `first`: the row of the image with which `pixels` begins.
void along_columns(const uint8_t* pixels, int64_t stride, int64_t length, int64_t first, const Taps& down,
                   uint8_t* to) {
  const auto sums = std::make_unique_for_overwrite<int32_t[]>(length);
  for (size_t row = 0; row < down.first.size(); row++, to += length) {
    sum_rows(pixels + (down.first[row] - first) * stride, stride, length, down.weights.data() + row * down.stride,
             down.taken[row], sums.get(), to);
  }
}

// Found by trying 1,500 sizes: Pillow 13 works along columns first if that makes the image much lower, and the rows not
// much narrower afterwards. Earlier versions always begin with rows. Single bytes differ by one.
bool columns_first(const Axis& rows, const Axis& columns) {
  return rows.from > rows.to && 2 * (columns.from - columns.to) < rows.from - rows.to;
}

}  // namespace

void resample(const uint8_t* pixels, int64_t stride, int64_t channels, const Axis& rows, const Axis& columns,
              Filter filter, uint8_t* to) {
  const Taps across = taps_of(columns, filter), down = taps_of(rows, filter);
  if (columns_first(rows, columns)) {
    const int64_t length = columns.from * channels;
    const auto lowered = std::make_unique_for_overwrite<uint8_t[]>(rows.count * length);
    along_columns(pixels, stride, length, 0, down, lowered.get());
    along_rows(lowered.get(), length, channels, 0, rows.count, columns, across, to);
    return;
  }
  const int64_t first = down.first.front(), count = down.first.back() + down.taken.back() - first;
  const int64_t length = columns.count * channels;
  const auto narrowed = std::make_unique_for_overwrite<uint8_t[]>(count * length);
  along_rows(pixels, stride, channels, first, count, columns, across, narrowed.get());
  along_columns(narrowed.get(), length, length, first, down, to);
}

}  // namespace pada
