#include <cmath>
#include <numbers>
#include <vector>

#include "data/pillow.h"

namespace pada {
namespace {

// `source(x, y)`: the place in `from` of the pixel that `to` shows there; -1 for outside.
template <class Source>
void draw_pixels(const ImageExtent& e, const uint8_t* from, uint8_t* to, const uint8_t* fill, const Source& source) {
  for (int64_t y = 0; y < e.height; y++) {
    for (int64_t x = 0; x < e.width; x++, to += e.channels) {
      const int64_t place = source(x, y);
      const uint8_t* pixel = place < 0 ? fill : from + place * e.channels;
      for (int64_t c = 0; c < e.channels; c++) to[c] = pixel[c];
    }
  }
}

int64_t place_of(const ImageExtent& e, int64_t x, int64_t y) {
  return x >= 0 && x < e.width && y >= 0 && y < e.height ? y * e.width + x : -1;
}

// The whole parts of first, first + step, first + 2 step …; -1 for negative numbers.
std::vector<int64_t> whole_parts(double first, double step, int64_t number) {
  std::vector<int64_t> parts;
  for (double value = first; static_cast<int64_t>(parts.size()) < number; value += step) {
    parts.push_back(value < 0 ? -1 : static_cast<int64_t>(value));
  }
  return parts;
}

// Without rotation or shear Pillow adds up coordinates as doubles.
void scale_affine(const ImageExtent& e, const uint8_t* from, uint8_t* to, const double (&m)[6], const uint8_t* fill) {
  const std::vector<int64_t> columns = whole_parts(m[2] + m[0] * 0.5, m[0], e.width);
  const std::vector<int64_t> rows = whole_parts(m[5] + m[4] * 0.5, m[4], e.height);
  draw_pixels(e, from, to, fill, [&](int64_t x, int64_t y) { return place_of(e, columns[x], rows[y]); });
}

double rounded(double value) { return std::round(value * 1e15) / 1e15; }

}  // namespace

void affine(const ImageExtent& e, const uint8_t* from, uint8_t* to, const double (&m)[6], const uint8_t* fill) {
  if (m[1] == 0 && m[3] == 0) return scale_affine(e, from, to, m, fill);
  // Otherwise it counts in 65536ths of a pixel.
  const auto fixed = [](double value) { return static_cast<int64_t>(std::floor(value * 65536.0 + 0.5)); };
  const int64_t a = fixed(m[0]), b = fixed(m[1]), d = fixed(m[3]), f = fixed(m[4]);
  const int64_t across = fixed(m[2] + m[0] * 0.5 + m[1] * 0.5), down = fixed(m[5] + m[3] * 0.5 + m[4] * 0.5);
  draw_pixels(e, from, to, fill, [&](int64_t x, int64_t y) {
    return place_of(e, (across + y * b + x * a) >> 16, (down + y * f + x * d) >> 16);
  });
}

void rotate(const ImageExtent& e, const uint8_t* from, uint8_t* to, double degrees, const uint8_t* fill) {
  double turn = std::fmod(degrees, 360.0);
  if (turn < 0) turn += 360.0;
  const double angle = -(turn * (std::numbers::pi / 180.0));
  const double cosine = rounded(std::cos(angle)), sine = rounded(std::sin(angle));
  const double x = static_cast<double>(e.width) / 2, y = static_cast<double>(e.height) / 2;
  affine(e, from, to,
         {cosine, sine, cosine * -x + sine * -y + 0.0 + x, rounded(-std::sin(angle)), cosine,
          rounded(-std::sin(angle)) * -x + cosine * -y + 0.0 + y},
         fill);
}

}  // namespace pada
