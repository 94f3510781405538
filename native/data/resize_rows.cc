#include "data/resize_rows.h"

#include <cstring>
#include <memory>

#include "ops/cpu/simd.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace pada {
namespace {

// A pixel has four lanes on its way along a row. The last ones are unused.
typedef int32_t Lanes4 __attribute__((vector_size(16)));
typedef uint8_t Bytes4 __attribute__((vector_size(4)));

// Resizes a row of pixels with four bytes each.
PADA_SIMD void resize_row(const uint8_t* padded, int64_t channels, const Taps& taps, uint8_t* to) {
  const int64_t count = static_cast<int64_t>(taps.first.size());
  for (int64_t column = 0; column < count; column++, to += channels) {
    const uint8_t* pixel = padded + 4 * taps.first[column];
    const int32_t* weight = taps.weights.data() + column * taps.stride;
    Lanes4 sum = {kTapHalf, kTapHalf, kTapHalf, kTapHalf};
    for (int64_t tap = 0; tap < taps.taken[column]; tap++, pixel += 4) {
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

#ifdef __x86_64__

// Four taps at a time. Processors multiply pairs of 16 bits faster than 32 bits, so that weights are split: a weight is
// upper * 2^12 + lower, and its sums of pixels are too.
constexpr int kSplit = 12;
struct FourTaps {
  int16_t upper[4], lower[4];
};

struct SplitTaps {
  std::vector<FourTaps> fours;  // `stride` per pixel
  int64_t stride;
};

SplitTaps split(const Taps& taps) {
  SplitTaps result;
  result.stride = (taps.stride + 3) / 4;
  result.fours.resize(taps.first.size() * result.stride);
  for (size_t column = 0; column < taps.first.size(); column++) {
    for (int64_t tap = 0; tap < taps.taken[column]; tap++) {
      const int32_t weight = taps.weights[column * taps.stride + tap];
      FourTaps& four = result.fours[column * result.stride + tap / 4];
      four.upper[tap % 4] = static_cast<int16_t>(weight >> kSplit);
      four.lower[tap % 4] = static_cast<int16_t>(weight & ((1 << kSplit) - 1));
    }
  }
  return result;
}

// Bytes that resize_row_avx2 reads after the last pixel that counts: three pixels without weight, and four bytes.
constexpr int64_t kReadBeyond = 3 * 3 + 4;

// A row of pixels with three bytes each. The three channels and an unused lane stand side by side, for two taps and for
// the next two.
__attribute__((target("avx2"))) void resize_row_avx2(const uint8_t* row, const Taps& taps, const SplitTaps& weights,
                                                     uint8_t* to) {
  const __m128i pairs = _mm_setr_epi8(0, 3, 1, 4, 2, 5, -1, -1, 6, 9, 7, 10, 8, 11, -1, -1);
  const __m256i of_upper = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
  const __m256i of_lower = _mm256_setr_epi32(2, 2, 2, 2, 3, 3, 3, 3);
  const int64_t count = static_cast<int64_t>(taps.first.size());
  for (int64_t column = 0; column < count; column++, to += 3) {
    const uint8_t* pixel = row + 3 * taps.first[column];
    const FourTaps* four = weights.fours.data() + column * weights.stride;
    __m256i upper = _mm256_setzero_si256(), lower = upper;
    for (int64_t tap = 0; tap < taps.taken[column]; tap += 4, pixel += 12, four++) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(pixel));
      const __m256i values = _mm256_cvtepu8_epi16(_mm_shuffle_epi8(bytes, pairs));
      const __m256i both = _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(four)));
      upper = _mm256_add_epi32(upper, _mm256_madd_epi16(values, _mm256_permutevar8x32_epi32(both, of_upper)));
      lower = _mm256_add_epi32(lower, _mm256_madd_epi16(values, _mm256_permutevar8x32_epi32(both, of_lower)));
    }
    const __m256i sums = _mm256_add_epi32(_mm256_slli_epi32(upper, kSplit), lower);
    const __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    const __m128i shifted = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(kTapHalf)), kTapPrecision);
    const __m128i packed = _mm_packus_epi16(_mm_packs_epi32(shifted, shifted), shifted);
    const int32_t result = _mm_cvtsi128_si32(packed);
    // The fourth byte is the next pixel's.
    if (column + 1 < count) {
      std::memcpy(to, &result, 4);
    } else {
      std::memcpy(to, &result, 3);
    }
  }
}

// Copies the last rows, because behind them memory may not be readable.
void resize_rows_avx2(const uint8_t* pixels, int64_t stride, int64_t count, int64_t width, const Taps& taps,
                      uint8_t* to) {
  const SplitTaps weights = split(taps);
  const uint8_t* const end = pixels + (count - 1) * stride + 3 * width;
  const auto copy = std::make_unique<uint8_t[]>(3 * width + kReadBeyond);
  for (int64_t row = 0; row < count; row++, pixels += stride, to += 3 * taps.first.size()) {
    const uint8_t* from = pixels;
    if (pixels + 3 * width + kReadBeyond > end) {
      std::memcpy(copy.get(), pixels, 3 * width);
      from = copy.get();
    }
    resize_row_avx2(from, taps, weights, to);
  }
}

#endif

}  // namespace

void resize_rows(const uint8_t* pixels, int64_t stride, int64_t channels, int64_t count, int64_t width,
                 const Taps& taps, uint8_t* to) {
#ifdef __x86_64__
  static const bool has_avx2 = __builtin_cpu_supports("avx2");
  if (has_avx2 && channels == 3) return resize_rows_avx2(pixels, stride, count, width, taps, to);
#endif
  const auto padded = std::make_unique<uint8_t[]>(4 * width);
  for (int64_t row = 0; row < count; row++, to += taps.first.size() * channels) {
    pad_pixels(pixels + row * stride, channels, width, padded.get());
    resize_row(padded.get(), channels, taps, to);
  }
}

}  // namespace pada
