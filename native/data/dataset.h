// Images resident in memory as bytes, gathered by index, augmented and normalised into a batch.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/torch.h"

namespace pada {

struct Augmentation {
  uint64_t seed = 0;
  int64_t pad = 0;
  bool flip = false;
};

struct ImageExtent {
  int64_t channels = 0, height = 0, width = 0;
  int64_t pixels() const { return channels * height * width; }
};

class Dataset {
 public:
  // Bytes, count x channels x height x width; mean and std per channel in units of byte / 255.
  Dataset(const uint8_t* images, std::vector<int32_t> labels, ImageExtent extent, const std::vector<double>& mean,
          const std::vector<double>& std, at::Device device);
  // Floats, normalised already; padding is zero.
  Dataset(const float* images, std::vector<int32_t> labels, ImageExtent extent, at::Device device);

  int64_t count() const { return static_cast<int64_t>(labels_.size()); }
  int32_t largest_label() const { return largest_label_; }
  int64_t pixels() const { return extent_.pixels(); }
  int64_t bytes() const { return static_cast<int64_t>(bytes_.size() + floats_.size() * sizeof(float)); }

  // Batch x channels x height x width on the device, channels-last.
  at::Tensor gather(const std::vector<int32_t>& indices, const std::optional<Augmentation>& augmentation) const;
  // The first `number` images, normalised once and kept.
  at::Tensor first(int64_t number);
  // int64 [batch] on the device.
  at::Tensor labels(const std::vector<int32_t>& indices) const;
  at::Tensor labels(int64_t begin, int64_t number) const;

 private:
  Dataset(std::vector<int32_t> labels, ImageExtent extent, at::Device device);
  void gather_one(int64_t index, const std::optional<Augmentation>& augmentation, int64_t position, float* out) const;

  std::vector<uint8_t> bytes_;  // channels innermost
  std::vector<float> floats_;   // channels innermost; one of the two is empty
  std::vector<int32_t> labels_;
  int32_t largest_label_ = 0;
  ImageExtent extent_;
  std::vector<float> normalised_;  // by channel * 256 + byte
  at::Device device_;
  at::Tensor first_;
};

}  // namespace pada
