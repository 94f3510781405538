// The source of the images that steps and evaluations use. Dataset holds all images in memory; ImageStream reads them
// from files during training.
#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

#include "data/augment.h"
#include "runtime/errors.h"
#include "runtime/torch.h"

namespace pada {

// Executor thread only, except count, largest_label and pixels, which never change.
class ImageSource {
 public:
  virtual ~ImageSource() = default;

  int64_t count() const { return static_cast<int64_t>(labels_.size()); }
  int32_t largest_label() const { return largest_label_; }
  // Scalars of one image.
  int64_t pixels() const { return extent_.pixels(); }

  // Batch x channels x height x width on the device, channels-last.
  virtual at::Tensor gather(const std::vector<int32_t>& indices, const AugmentationList& augmentation) const = 0;
  // Images begin … begin + number - 1 without augmentation, for an evaluation that takes images in order and ends
  // before image `end`.
  virtual at::Tensor in_order(int64_t begin, int64_t number, int64_t end) = 0;
  // int64 [batch] on the device.
  at::Tensor labels(const std::vector<int32_t>& indices) const;

  static void check_positions(const std::vector<int32_t>& indices, const AugmentationList& augmentation) {
    const size_t positions = augmentation.positions.size();
    if (positions == 0 || positions == indices.size()) return;
    expected("one position per index", "augmentation.positions", std::to_string(positions));
  }

 protected:
  // Throws for no labels, and for negative ones.
  ImageSource(std::vector<int32_t> labels, const ImageExtent& extent, at::Device device);

  void check_indices(const std::vector<int32_t>& indices) const {
    if (indices.empty()) expected("at least one index", "indices", "none");
    for (int32_t index : indices) {
      if (index >= 0 && index < count()) continue;
      expected("indices from 0 to " + std::to_string(count() - 1), "indices", std::to_string(index));
    }
  }

  const std::vector<int32_t> labels_;
  const ImageExtent extent_;  // of one image
  const at::Device device_;

 private:
  int32_t largest_label_ = 0;
};

// The indices begin … begin + number - 1.
inline std::vector<int32_t> consecutive(int64_t begin, int64_t number) {
  std::vector<int32_t> indices(number);
  std::iota(indices.begin(), indices.end(), static_cast<int32_t>(begin));
  return indices;
}

}  // namespace pada
