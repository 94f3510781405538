// AutoAugment (Cubuk et al. 2019): an image goes through the operations of one sub-policy, drawn anew each time.
#pragma once

#include <array>

#include "data/augment.h"
#include "data/pillow.h"

namespace pada {

class AutoAugment : public Augmentation {
 public:
  explicit AutoAugment(Fields& fields);
  void apply(Picture& picture, uint64_t draw) const override;
  void check(const ImageExtent& extent, bool bytes) const override;

 private:
  struct Step {
    PillowOperation operation;
    double probability;
    std::array<double, 2> arguments;  // one is drawn; both have the same probability
  };
  std::vector<std::array<Step, 2>> policy_;
  const bool fill_mean_;     // black otherwise
  const int interpolation_;  // a place in kInterpolations of the .cc
  const bool whole_pixels_;  // translations are by whole pixels, as torchvision's; timm's are not
};

}  // namespace pada
