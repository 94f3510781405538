// Augmentations that remove a rectangle of the normalised image.
#pragma once

#include "data/augment.h"

namespace pada {

// Cutout (DeVries and Taylor 2017), as the code of DARTS does it: a square hole of zeros, which are the mean colour.
// Its centre is uniform over the pixels, so the border clips some holes.
class Cutout : public Augmentation {
 public:
  explicit Cutout(Fields& fields) : size_(fields.count("size", 1)) {}
  void apply(Picture& picture, uint64_t draw) const override;
  bool normalises() const override { return true; }

 private:
  const int64_t size_;
};

// Random erasing (Zhong et al. 2017) as in timm: a rectangle inside the image, of random area and aspect.
class RandomErasing : public Augmentation {
 public:
  explicit RandomErasing(Fields& fields);
  void apply(Picture& picture, uint64_t draw) const override;
  bool normalises() const override { return true; }

 private:
  const double probability_, min_area_, max_area_;  // areas as shares of the image
  const double log_aspect_;                         // the aspect is log-uniform from exp(-log_aspect_) to its inverse
  const int mode_;
};

}  // namespace pada
