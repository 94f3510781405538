#include "data/auto_augment.h"

#include <cmath>
#include <sstream>

#include "data/draws.h"

namespace pada {
namespace {

constexpr uint64_t kAutoAugment = 3;
// Of a step: operation, probability, two arguments.
constexpr size_t kStepNumbers = 4;
constexpr size_t kMostChannels = 3;
constexpr uint8_t kBlack[kMostChannels] = {};
// In the order of Interpolation. The last one draws one of the two before for each operation.
const std::vector<std::string> kInterpolations{"nearest", "bilinear", "bicubic", "random"};
constexpr int kRandom = 3;

std::string text(double number) {
  std::ostringstream out;
  out << number;
  return out.str();
}

}  // namespace

AutoAugment::AutoAugment(Fields& fields)
    : fill_mean_(fields.choice("fill", {"black", "mean"}) == 1),
      interpolation_(fields.choice("interpolation", kInterpolations)),
      whole_pixels_(fields.flag("wholePixels", false)) {
  const std::vector<NamedOperation>& operations = pillow_operations();
  const std::vector<double>& numbers = fields.rows("policy", 2 * kStepNumbers);
  const std::string name = fields.name() + ".policy";
  policy_.resize(numbers.size() / (2 * kStepNumbers));
  for (size_t i = 0; i < numbers.size(); i += kStepNumbers) {
    const double index = numbers[i], probability = numbers[i + 1];
    if (!(index >= 0 && index < static_cast<double>(operations.size()) && index == std::floor(index))) {
      expected("indices of operations below " + std::to_string(operations.size()), name, text(index));
    }
    if (!(probability >= 0 && probability <= 1)) expected("probabilities from 0 to 1", name, text(probability));
    const NamedOperation& operation = operations[static_cast<size_t>(index)];
    const std::array<double, 2> arguments{numbers[i + 2], numbers[i + 3]};
    for (const double argument : arguments) {
      if (argument >= operation.least && argument <= operation.most) continue;
      const std::string range = text(operation.least) + " to " + text(operation.most);
      expected(operation.name + (" from " + range), name, text(argument));
    }
    policy_[i / (2 * kStepNumbers)][i / kStepNumbers % 2] = {operation.apply, probability, arguments};
  }
}

void AutoAugment::check(const ImageExtent& extent, bool bytes) const {
  if (!bytes) expected("images of bytes, not yet normalised,", "auto-augment", "normalised images");
  if (extent.channels != 1 && extent.channels != 3) {
    expected("images of 1 or 3 channels", "auto-augment", std::to_string(extent.channels) + " channels");
  }
}

void AutoAugment::apply(Picture& picture, uint64_t draw) const {
  Draws draws(draw, kAutoAugment);
  const uint8_t* fill = fill_mean_ ? picture.mean() : kBlack;
  for (const Step& step : policy_[draws.below(static_cast<int64_t>(policy_.size()))]) {
    const bool wanted = draws.uniform() < step.probability;
    const double argument = step.arguments[draws.below(2)];
    if (!wanted) continue;
    const int interpolation = interpolation_ == kRandom ? 1 + static_cast<int>(draws.below(2)) : interpolation_;
    const Moving moving{fill, static_cast<Interpolation>(interpolation), whole_pixels_};
    picture.redraw([&](const char* from, char* to) {
      step.operation(picture.extent(), reinterpret_cast<const uint8_t*>(from), reinterpret_cast<uint8_t*>(to), argument,
                     moving);
    });
  }
}

}  // namespace pada
