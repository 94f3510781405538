#include "data/image_source.h"

#include <algorithm>

#include "runtime/torch_cuda.h"

namespace pada {

ImageSource::ImageSource(std::vector<int32_t> labels, const ImageExtent& extent, at::Device device)
    : labels_(std::move(labels)), extent_(extent), device_(device) {
  if (labels_.empty()) expected("at least one image", "labels", "none");
  const auto [smallest, largest] = std::ranges::minmax(labels_);
  if (smallest < 0) expected("class indices of at least 0", "labels", std::to_string(smallest));
  largest_label_ = largest;
}

at::Tensor ImageSource::labels(const std::vector<int32_t>& indices) const {
  const at::Tensor labels = staged({static_cast<int64_t>(indices.size())}, at::kLong, device_);
  int64_t* out = labels.mutable_data_ptr<int64_t>();
  for (size_t i = 0; i < indices.size(); i++) out[i] = labels_[indices[i]];
  return uploaded(labels, device_);
}

}  // namespace pada
