// Which part of an image becomes a picture of another size, and how it is resized.
#pragma once

#include "data/augment.h"
#include "data/resample.h"

namespace pada {

// A rectangle of an image, in pixels.
struct Crop {
  int64_t top, left, height, width;
  Filter filter;
};

// The crop on which ImageNet networks are evaluated, as rows and columns for resample(): torchvision's Resize(256) and
// CenterCrop(224) for size 224, and the same proportion for other sizes.
struct EvaluationCrop {
  EvaluationCrop(int64_t height, int64_t width, int64_t size);
  Axis rows, columns;
};

// torchvision's RandomResizedCrop, with timm's draws: a part of random area and aspect, resized to the picture's size.
// A source of whole images asks for the crop only. A picture that is in memory already is cropped and enlarged.
class RandomResizedCrop : public Augmentation {
 public:
  explicit RandomResizedCrop(Fields& fields);
  void apply(Picture& picture, uint64_t draw) const override;
  void check(const ImageExtent& extent, bool bytes) const override;
  Crop choose(int64_t height, int64_t width, uint64_t draw) const;

 private:
  const double min_area_, max_area_;  // shares of the image
  const double min_aspect_;           // width / height; the largest is its inverse
  const int interpolation_;
};

}  // namespace pada
