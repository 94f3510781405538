// Images resident in memory, gathered by index, augmented and normalised into a batch.
#pragma once

#include <cstdint>
#include <vector>

#include "data/image_source.h"
#include "data/normalisation.h"

namespace pada {

class Dataset : public ImageSource {
 public:
  // Bytes, count x channels x height x width; mean and std per channel in units of byte / 255.
  Dataset(const uint8_t* images, std::vector<int32_t> labels, ImageExtent extent, const std::vector<double>& mean,
          const std::vector<double>& std, at::Device device);
  // Floats, already normalised; augmentations pad them with 0.
  Dataset(const float* images, std::vector<int32_t> labels, ImageExtent extent, at::Device device);

  int64_t bytes() const { return static_cast<int64_t>(bytes_.size() + floats_.size() * sizeof(float)); }

  at::Tensor gather(const std::vector<int32_t>& indices, const AugmentationList& augmentation) const override;
  // A part of the images before image `end`, which are normalised once and kept.
  at::Tensor in_order(int64_t begin, int64_t number, int64_t end) override;

 private:
  // The images by a kernel of the device; undefined if it has none, or if images are more than moved.
  at::Tensor gather_by_kernel(const std::vector<int32_t>& indices, const AugmentationList& augmentation) const;

  std::vector<uint8_t> bytes_;   // channels innermost
  std::vector<float> floats_;    // channels innermost; one of the two is empty
  Normalisation normalisation_;  // empty with floats
  at::Tensor first_;
  // All images and the table of normalisation, on a device whose kernels gather them.
  mutable at::Tensor resident_, resident_table_;
};

}  // namespace pada
