#include "data/crop.h"

#include <cmath>

#include "data/draws.h"

namespace pada {
namespace {

constexpr uint64_t kRandomResizedCrop = 4;
constexpr int kCropTries = 10;
enum { kBilinear, kBicubic, kEither };

// Half of an integer, rounded; ties go to the even neighbour, as in Python.
int64_t half_to_even(int64_t value) { return static_cast<int64_t>(std::nearbyint(static_cast<double>(value) / 2)); }

int64_t to_integer(double value) { return static_cast<int64_t>(std::nearbyint(value)); }

}  // namespace

EvaluationCrop::EvaluationCrop(int64_t height, int64_t width, int64_t size) {
  // Rounded half up.
  const int64_t shorter = (2 * size * 256 + 224) / (2 * 224);
  const int64_t longer = shorter * std::max(height, width) / std::min(height, width);
  const int64_t down = height <= width ? shorter : longer, across = height <= width ? longer : shorter;
  rows = {height, down, half_to_even(down - size), size};
  columns = {width, across, half_to_even(across - size), size};
}

RandomResizedCrop::RandomResizedCrop(Fields& fields)
    : min_area_(fields.positive_share("minArea")),
      max_area_(fields.share("maxArea")),
      min_aspect_(fields.positive_share("minAspect")),
      interpolation_(fields.choice("interpolation", {"bilinear", "bicubic", "random"})) {
  if (min_area_ > max_area_) expected("at most maxArea", fields.name() + ".minArea", std::to_string(min_area_));
}

Crop RandomResizedCrop::choose(int64_t height, int64_t width, uint64_t draw) const {
  Draws draws(draw, kRandomResizedCrop);
  const double max_aspect = 1 / min_aspect_;
  const auto filter = [&] {
    const bool bicubic = interpolation_ == kEither ? draws.below(2) == 1 : interpolation_ == kBicubic;
    return bicubic ? Filter::Bicubic : Filter::Bilinear;
  };
  const double area = static_cast<double>(height * width);
  for (int i = 0; i < kCropTries; i++) {
    const double target = draws.uniform(min_area_, max_area_) * area;
    const double aspect = std::exp(draws.uniform(std::log(min_aspect_), std::log(max_aspect)));
    const int64_t across = to_integer(std::sqrt(target * aspect)), down = to_integer(std::sqrt(target / aspect));
    // Crops without a pixel come of images of very few pixels.
    if (across > width || down > height || across == 0 || down == 0) continue;
    const int64_t top = draws.below(height - down + 1), left = draws.below(width - across + 1);
    return {top, left, down, across, filter()};
  }
  int64_t down = height, across = width;
  const double aspect = static_cast<double>(width) / static_cast<double>(height);
  if (aspect < min_aspect_) down = to_integer(static_cast<double>(width) / min_aspect_);
  if (aspect > max_aspect) across = to_integer(static_cast<double>(height) * max_aspect);
  return {(height - down) / 2, (width - across) / 2, down, across, filter()};
}

void RandomResizedCrop::apply(Picture& picture, uint64_t draw) const {
  const auto [channels, height, width] = picture.extent();
  const Crop crop = choose(height, width, draw);
  picture.redraw([&](const char* from, char* to) {
    const char* corner = from + (crop.top * width + crop.left) * channels;
    resample(reinterpret_cast<const uint8_t*>(corner), width * channels, channels, {crop.height, height, 0, height},
             {crop.width, width, 0, width}, crop.filter, reinterpret_cast<uint8_t*>(to));
  });
}

void RandomResizedCrop::check(const ImageExtent& extent, bool bytes) const {
  if (!bytes) expected("images of bytes, not yet normalised,", "random-resized-crop", "normalised images");
  if (extent.channels != 1 && extent.channels != 3) {
    expected("images of 1 or 3 channels", "random-resized-crop", std::to_string(extent.channels) + " channels");
  }
}

}  // namespace pada
