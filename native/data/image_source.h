// Where steps and evaluations take their images from. Dataset has them in memory; a source that reads them while the
// supernet trains is another class of this interface, and a line where dataset_argument tells handles apart.
#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

#include "data/augment.h"
#include "runtime/torch.h"

namespace pada {

// On the executor thread, but for what is known of all images: count, largest label and pixels.
class ImageSource {
 public:
  virtual ~ImageSource() = default;

  virtual int64_t count() const = 0;
  virtual int32_t largest_label() const = 0;
  // Scalars of one image.
  virtual int64_t pixels() const = 0;

  // Batch x channels x height x width on the device, channels-last.
  virtual at::Tensor gather(const std::vector<int32_t>& indices, const AugmentationList& augmentation) const = 0;
  // Images begin … begin + number - 1 as they are, for an evaluation that takes the first `of` from beginning to end.
  virtual at::Tensor in_order(int64_t begin, int64_t number, int64_t of) = 0;
  // int64 [batch] on the device.
  virtual at::Tensor labels(const std::vector<int32_t>& indices) const = 0;
};

// begin … begin + number - 1
inline std::vector<int32_t> consecutive(int64_t begin, int64_t number) {
  std::vector<int32_t> indices(number);
  std::iota(indices.begin(), indices.end(), static_cast<int32_t>(begin));
  return indices;
}

}  // namespace pada
