#include "data/erase.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "data/draws.h"

namespace pada {
namespace {

constexpr uint64_t kCutout = 1, kRandomErasing = 2;
constexpr int kErasingTries = 10;
enum Mode { kConst, kRand, kPixel };

struct Rectangle {
  int64_t top, left, bottom, right;  // without the last two
};

// Calls `write` with the floats of each row of the rectangle: their beginning and their number.
template <class Write>
void for_rows(Picture& picture, const Rectangle& hole, const Write& write) {
  const int64_t channels = picture.extent().channels, width = picture.extent().width;
  float* pixels = picture.normalise();
  for (int64_t h = hole.top; h < hole.bottom; h++) {
    write(pixels + (h * width + hole.left) * channels, (hole.right - hole.left) * channels);
  }
}

}  // namespace

void Cutout::apply(Picture& picture, uint64_t draw) const {
  Draws draws(draw, kCutout);
  const int64_t height = picture.extent().height, width = picture.extent().width;
  const int64_t top = draws.below(height) - size_ / 2, left = draws.below(width) - size_ / 2;
  const Rectangle hole{std::max<int64_t>(top, 0), std::max<int64_t>(left, 0), std::min(top + size_, height),
                       std::min(left + size_, width)};
  for_rows(picture, hole, [](float* row, int64_t number) { std::fill_n(row, number, 0.f); });
}

RandomErasing::RandomErasing(Fields& fields)
    : probability_(fields.share("probability")),
      min_area_(fields.share("minArea")),
      max_area_(fields.share("maxArea")),
      log_aspect_(-std::log(fields.positive_share("minAspect"))),
      mode_(fields.choice("mode", {"const", "rand", "pixel"})) {
  if (min_area_ > max_area_) {
    expected("at most maxArea", fields.name() + ".minArea", std::to_string(min_area_));
  }
}

void RandomErasing::apply(Picture& picture, uint64_t draw) const {
  // What follows in the list sees a normalised image, whether a part of it is erased or not.
  picture.normalise();
  Draws draws(draw, kRandomErasing);
  if (draws.uniform() >= probability_) return;
  const ImageExtent& extent = picture.extent();
  const double area = static_cast<double>(extent.height * extent.width);
  for (int i = 0; i < kErasingTries; i++) {
    const double target = draws.uniform(min_area_, max_area_) * area;
    const double aspect = std::exp(draws.uniform(-log_aspect_, log_aspect_));
    const auto height = static_cast<int64_t>(std::nearbyint(std::sqrt(target * aspect)));
    const auto width = static_cast<int64_t>(std::nearbyint(std::sqrt(target / aspect)));
    if (height >= extent.height || width >= extent.width) continue;
    const int64_t top = draws.below(extent.height - height + 1), left = draws.below(extent.width - width + 1);
    const Rectangle hole{top, left, top + height, left + width};
    if (mode_ == kConst) {
      for_rows(picture, hole, [](float* row, int64_t number) { std::fill_n(row, number, 0.f); });
    } else if (mode_ == kRand) {
      std::vector<float> colour(extent.channels);
      for (float& value : colour) value = normal_pair(draws.next())[0];
      for_rows(picture, hole, [&](float* row, int64_t number) {
        for (int64_t j = 0; j < number; j++) row[j] = colour[j % extent.channels];
      });
    } else {
      for_rows(picture, hole, [&](float* row, int64_t number) {
        for (int64_t j = 0; j < number; j += 2) {
          const std::array<float, 2> pair = normal_pair(draws.next());
          row[j] = pair[0];
          if (j + 1 < number) row[j + 1] = pair[1];
        }
      });
    }
    return;
  }
}

}  // namespace pada
