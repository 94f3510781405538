#include <algorithm>
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

// Pillow's arithmetic of a pixel between others. `x` and `y` are where it lies, with half a pixel taken off.
class Between {
 public:
  Between(const ImageExtent& e, const uint8_t* from, double x, double y)
      : e_(e), from_(from), x_(floor_of(x)), y_(floor_of(y)), dx_(x - x_), dy_(y - y_) {}

  uint8_t bilinear(int64_t c) const {
    const double above = linear(at(y_, 0, c), at(y_, 1, c), dx_);
    const double below = is_row(y_ + 1) ? linear(at(y_ + 1, 0, c), at(y_ + 1, 1, c), dx_) : above;
    return static_cast<uint8_t>(linear(above, below, dy_));
  }

  uint8_t bicubic(int64_t c) const {
    double rows[4];
    for (int i = 0; i < 4; i++) {
      const int64_t row = y_ - 1 + i;
      // The first row is the nearest one of the image; a later one that is missing repeats the one before.
      rows[i] =
          i == 0 || is_row(row) ? cubic(at(row, -1, c), at(row, 0, c), at(row, 1, c), at(row, 2, c), dx_) : rows[i - 1];
    }
    const double value = cubic(rows[0], rows[1], rows[2], rows[3], dy_);
    return static_cast<uint8_t>(std::clamp(value, 0.0, 255.0));
  }

 private:
  static int64_t floor_of(double value) { return static_cast<int64_t>(std::floor(value)); }
  static double linear(double a, double b, double d) { return a + (b - a) * d; }
  static double cubic(double a, double b, double c, double d, double at) {
    const double p2 = c - a, p3 = 2 * (a - b) + c - d, p4 = b - a - c + d;
    return b + at * (p2 + at * (p3 + at * p4));
  }
  bool is_row(int64_t row) const { return row >= 0 && row < e_.height; }
  // A byte of the pixel at `right` of x, or of the nearest one of the image.
  double at(int64_t row, int64_t right, int64_t c) const {
    const int64_t x = std::clamp<int64_t>(x_ + right, 0, e_.width - 1), y = std::clamp<int64_t>(row, 0, e_.height - 1);
    return from_[(y * e_.width + x) * e_.channels + c];
  }

  const ImageExtent& e_;
  const uint8_t* const from_;
  const int64_t x_, y_;
  const double dx_, dy_;
};

void interpolated_affine(const ImageExtent& e, const uint8_t* from, uint8_t* to, const double (&m)[6],
                         const Moving& moving) {
  const auto width = static_cast<double>(e.width), height = static_cast<double>(e.height);
  for (int64_t row = 0; row < e.height; row++) {
    for (int64_t column = 0; column < e.width; column++, to += e.channels) {
      const double across = static_cast<double>(column) + 0.5, down = static_cast<double>(row) + 0.5;
      const double x = m[0] * across + m[1] * down + m[2], y = m[3] * across + m[4] * down + m[5];
      const bool inside = x >= 0 && x < width && y >= 0 && y < height;
      const Between pixel(e, from, inside ? x - 0.5 : 0, inside ? y - 0.5 : 0);
      for (int64_t c = 0; c < e.channels; c++) {
        to[c] = !inside                                           ? moving.fill[c]
                : moving.interpolation == Interpolation::Bilinear ? pixel.bilinear(c)
                                                                  : pixel.bicubic(c);
      }
    }
  }
}

double to_15_places(double value) { return std::round(value * 1e15) / 1e15; }

}  // namespace

void affine(const ImageExtent& e, const uint8_t* from, uint8_t* to, const double (&m)[6], const Moving& moving) {
  if (moving.interpolation != Interpolation::Nearest) return interpolated_affine(e, from, to, m, moving);
  const uint8_t* fill = moving.fill;
  if (m[1] == 0 && m[3] == 0) return scale_affine(e, from, to, m, fill);
  // Otherwise it counts in 65536ths of a pixel.
  const auto fixed = [](double value) { return static_cast<int64_t>(std::floor(value * 65536.0 + 0.5)); };
  const int64_t a = fixed(m[0]), b = fixed(m[1]), d = fixed(m[3]), f = fixed(m[4]);
  const int64_t across = fixed(m[2] + m[0] * 0.5 + m[1] * 0.5), down = fixed(m[5] + m[3] * 0.5 + m[4] * 0.5);
  draw_pixels(e, from, to, fill, [&](int64_t x, int64_t y) {
    return place_of(e, (across + y * b + x * a) >> 16, (down + y * f + x * d) >> 16);
  });
}

void rotate(const ImageExtent& e, const uint8_t* from, uint8_t* to, double degrees, const Moving& moving) {
  double turn = std::fmod(degrees, 360.0);
  if (turn < 0) turn += 360.0;
  const double angle = -(turn * (std::numbers::pi / 180.0));
  const double cosine = to_15_places(std::cos(angle)), sine = to_15_places(std::sin(angle));
  const double x = static_cast<double>(e.width) / 2, y = static_cast<double>(e.height) / 2;
  affine(e, from, to,
         {cosine, sine, cosine * -x + sine * -y + 0.0 + x, to_15_places(-std::sin(angle)), cosine,
          to_15_places(-std::sin(angle)) * -x + cosine * -y + 0.0 + y},
         moving);
}

}  // namespace pada
