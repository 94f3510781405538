#include "data/pillow.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace pada {
namespace {

using Table = std::array<uint8_t, 256>;

// Image.point: replaces each byte of a channel by its entry in the channel's table.
template <class TableOf>
void point(const ImageExtent& e, const uint8_t* from, uint8_t* to, const TableOf& table_of) {
  for (int64_t c = 0; c < e.channels; c++) {
    const Table table = table_of(c);
    for (int64_t i = c; i < e.pixels(); i += e.channels) to[i] = table[from[i]];
  }
}

template <class Value>
Table table_by(const Value& value) {
  Table table;
  for (int i = 0; i < 256; i++) table[i] = static_cast<uint8_t>(value(i));
  return table;
}

std::array<int64_t, 256> histogram(const ImageExtent& e, const uint8_t* image, int64_t channel) {
  std::array<int64_t, 256> counts{};
  for (int64_t i = channel; i < e.pixels(); i += e.channels) counts[image[i]]++;
  return counts;
}

const Table& unchanged() {
  static const Table table = table_by([](int i) { return i; });
  return table;
}

void posterize(const ImageExtent& e, const uint8_t* from, uint8_t* to, double bits, const Moving&) {
  const int mask = ~((1 << (8 - static_cast<int>(bits))) - 1);
  point(e, from, to, [&](int64_t) { return table_by([&](int i) { return i & mask; }); });
}

void solarize(const ImageExtent& e, const uint8_t* from, uint8_t* to, double threshold, const Moving&) {
  point(e, from, to, [&](int64_t) { return table_by([&](int i) { return i < threshold ? i : 255 - i; }); });
}

// timm's solarize_add, whose threshold is 128.
void solarize_add(const ImageExtent& e, const uint8_t* from, uint8_t* to, double added, const Moving&) {
  const int more = static_cast<int>(added);
  point(e, from, to, [&](int64_t) { return table_by([&](int i) { return i < 128 ? std::min(255, i + more) : i; }); });
}

void invert(const ImageExtent& e, const uint8_t* from, uint8_t* to, double, const Moving&) {
  point(e, from, to, [](int64_t) { return table_by([](int i) { return 255 - i; }); });
}

void auto_contrast(const ImageExtent& e, const uint8_t* from, uint8_t* to, double, const Moving&) {
  point(e, from, to, [&](int64_t channel) {
    const auto counts = histogram(e, from, channel);
    int low = 0, high = 255;
    while (low < 255 && counts[low] == 0) low++;
    while (high > 0 && counts[high] == 0) high--;
    if (high <= low) return unchanged();
    const double scale = 255.0 / (high - low);
    // Volatile products are rounded before the sum: a fused multiply-add would round otherwise than Pillow.
    const volatile double offset = -low * scale;
    return table_by([&](int i) {
      const volatile double product = i * scale;
      return std::clamp(static_cast<int>(product + offset), 0, 255);
    });
  });
}

void equalize(const ImageExtent& e, const uint8_t* from, uint8_t* to, double, const Moving&) {
  point(e, from, to, [&](int64_t channel) {
    const auto counts = histogram(e, from, channel);
    int64_t last = 255;
    while (last > 0 && counts[last] == 0) last--;
    const int64_t step = (e.height * e.width - counts[last]) / 255;
    if (step == 0) return unchanged();
    int64_t sum = step / 2;
    return table_by([&](int i) {
      const int64_t value = std::min<int64_t>(sum / step, 255);
      sum += counts[i];
      return value;
    });
  });
}

// Image.blend of `to`, which holds the degenerate image, and `from`.
void blend(const ImageExtent& e, const uint8_t* from, uint8_t* to, double factor) {
  // The product of a float and a difference of bytes is exact as a double. So it is rounded once, to float, as
  // Pillow's.
  const double alpha = static_cast<float>(factor);
  for (int64_t i = 0; i < e.pixels(); i++) {
    const float value = static_cast<float>(to[i]) + static_cast<float>(alpha * (from[i] - to[i]));
    to[i] = static_cast<uint8_t>(std::clamp(value, 0.f, 255.f));
  }
}

// Image.convert to L.
uint8_t grey(const ImageExtent& e, const uint8_t* pixel) {
  if (e.channels == 1) return pixel[0];
  return static_cast<uint8_t>((pixel[0] * 19595 + pixel[1] * 38470 + pixel[2] * 7471 + 0x8000) >> 16);
}

void brightness(const ImageExtent& e, const uint8_t* from, uint8_t* to, double factor, const Moving&) {
  std::memset(to, 0, e.pixels());
  blend(e, from, to, factor);
}

void color(const ImageExtent& e, const uint8_t* from, uint8_t* to, double factor, const Moving&) {
  for (int64_t i = 0; i < e.pixels(); i += e.channels) std::memset(to + i, grey(e, from + i), e.channels);
  blend(e, from, to, factor);
}

void contrast(const ImageExtent& e, const uint8_t* from, uint8_t* to, double factor, const Moving&) {
  int64_t sum = 0;
  for (int64_t i = 0; i < e.pixels(); i += e.channels) sum += grey(e, from + i);
  const double mean = static_cast<double>(sum) / static_cast<double>(e.height * e.width);
  std::memset(to, static_cast<int>(mean + 0.5), e.pixels());
  blend(e, from, to, factor);
}

// ImageFilter.SMOOTH is [1 1 1, 1 5 1, 1 1 1] / 13, and leaves the border unchanged.
void sharpness(const ImageExtent& e, const uint8_t* from, uint8_t* to, double factor, const Moving&) {
  std::memcpy(to, from, e.pixels());
  const int64_t right = e.channels, down = e.width * e.channels;
  for (int64_t y = 1; y + 1 < e.height; y++) {
    for (int64_t i = y * down + right; i < (y + 1) * down - right; i++) {
      const uint8_t* p = from + i;
      const int sum = p[-down - right] + p[-down] + p[-down + right] + p[-right] + 5 * p[0] + p[right] +
                      p[down - right] + p[down] + p[down + right];
      // sum / 13, rounded; 13 is odd, so there are no halves.
      to[i] = static_cast<uint8_t>((2 * sum + 13) / 26);
    }
  }
  blend(e, from, to, factor);
}

void shear_x(const ImageExtent& e, const uint8_t* from, uint8_t* to, double slope, const Moving& moving) {
  affine(e, from, to, {1, slope, 0, 0, 1, 0}, moving);
}

void shear_y(const ImageExtent& e, const uint8_t* from, uint8_t* to, double slope, const Moving& moving) {
  affine(e, from, to, {1, 0, 0, slope, 1, 0}, moving);
}

double pixels_of(double share, int64_t side, const Moving& moving) {
  const double pixels = share * static_cast<double>(side);
  return moving.whole_pixels ? std::trunc(pixels) : pixels;
}

void translate_x(const ImageExtent& e, const uint8_t* from, uint8_t* to, double share, const Moving& moving) {
  affine(e, from, to, {1, 0, pixels_of(share, e.width, moving), 0, 1, 0}, moving);
}

void translate_y(const ImageExtent& e, const uint8_t* from, uint8_t* to, double share, const Moving& moving) {
  affine(e, from, to, {1, 0, 0, 0, 1, pixels_of(share, e.height, moving)}, moving);
}

}  // namespace

const std::vector<NamedOperation>& pillow_operations() {
  constexpr double kMostFactor = 100;
  static const std::vector<NamedOperation> operations{
      {"shear-x", shear_x, -1, 1},
      {"shear-y", shear_y, -1, 1},
      {"translate-x", translate_x, -1, 1},
      {"translate-y", translate_y, -1, 1},
      {"rotate", rotate, -360, 360},
      {"brightness", brightness, 0, kMostFactor},
      {"color", color, 0, kMostFactor},
      {"contrast", contrast, 0, kMostFactor},
      {"sharpness", sharpness, 0, kMostFactor},
      {"posterize", posterize, 0, 8},
      {"solarize", solarize, 0, 256},
      {"auto-contrast", auto_contrast, 0, 0},
      {"equalize", equalize, 0, 0},
      {"invert", invert, 0, 0},
      {"solarize-add", solarize_add, 0, 255},
  };
  return operations;
}

}  // namespace pada
