#include "data/dataset.h"

#include <algorithm>
#include <numeric>

#include "ops/cpu/grain.h"
#include "runtime/errors.h"
#include "runtime/random.h"

namespace pada {
namespace {

template <class T>
std::vector<T> channels_innermost(const T* images, int64_t count, const ImageExtent& e) {
  std::vector<T> out(count * e.pixels());
  const int64_t plane = e.height * e.width;
  for (int64_t n = 0; n < count; n++) {
    for (int64_t c = 0; c < e.channels; c++) {
      const T* from = images + n * e.pixels() + c * plane;
      T* to = out.data() + n * e.pixels() + c;
      for (int64_t i = 0; i < plane; i++) to[i * e.channels] = from[i];
    }
  }
  return out;
}

// Copies one image through `value(element, channel)`, shifted by (down, right) and mirrored; `outside(channel)`
// elsewhere.
template <class Value, class Outside>
void place(const ImageExtent& e, int64_t down, int64_t right, bool mirror, float* out, const Value& value,
           const Outside& outside) {
  for (int64_t h = 0; h < e.height; h++) {
    const int64_t y = h + down;
    for (int64_t w = 0; w < e.width; w++) {
      const int64_t x = (mirror ? e.width - 1 - w : w) + right;
      const bool inside = y >= 0 && y < e.height && x >= 0 && x < e.width;
      for (int64_t c = 0; c < e.channels; c++) {
        *out++ = inside ? value((y * e.width + x) * e.channels + c, c) : outside(c);
      }
    }
  }
}

}  // namespace

Dataset::Dataset(std::vector<int32_t> labels, ImageExtent extent, at::Device device)
    : labels_(std::move(labels)), extent_(extent), device_(device) {
  for (int32_t label : labels_) {
    if (label < 0) expected("class indices of at least 0", "labels", std::to_string(label));
    largest_label_ = std::max(largest_label_, label);
  }
}

Dataset::Dataset(const uint8_t* images, std::vector<int32_t> labels, ImageExtent extent,
                 const std::vector<double>& mean, const std::vector<double>& std, at::Device device)
    : Dataset(std::move(labels), extent, device) {
  bytes_ = channels_innermost(images, count(), extent);
  for (int64_t c = 0; c < extent.channels; c++) {
    for (int byte = 0; byte < 256; byte++) {
      normalised_.push_back(static_cast<float>((byte / 255.0 - mean[c]) / std[c]));
    }
  }
}

Dataset::Dataset(const float* images, std::vector<int32_t> labels, ImageExtent extent, at::Device device)
    : Dataset(std::move(labels), extent, device) {
  floats_ = channels_innermost(images, count(), extent);
}

void Dataset::gather_one(int64_t index, const std::optional<Augmentation>& augmentation, int64_t position,
                         float* out) const {
  int64_t down = 0, right = 0;
  bool mirror = false;
  if (augmentation) {
    // As torchvision's RandomCrop(size, padding) and RandomHorizontalFlip: the crop is flipped, not the padded image.
    const uint64_t draw = hash(augmentation->seed * kGolden + hash(static_cast<uint64_t>(position)));
    const uint64_t offsets = 2 * augmentation->pad + 1;
    down = static_cast<int64_t>((draw & 0xffffff) % offsets) - augmentation->pad;
    right = static_cast<int64_t>(((draw >> 24) & 0xffffff) % offsets) - augmentation->pad;
    mirror = augmentation->flip && (draw >> 63) != 0;
  }
  const int64_t start = index * extent_.pixels();
  if (!bytes_.empty()) {
    const uint8_t* image = bytes_.data() + start;
    const float* table = normalised_.data();
    place(
        extent_, down, right, mirror, out, [&](int64_t i, int64_t c) { return table[c * 256 + image[i]]; },
        [&](int64_t c) { return table[c * 256]; });
  } else {
    const float* image = floats_.data() + start;
    place(extent_, down, right, mirror, out, [&](int64_t i, int64_t) { return image[i]; }, [](int64_t) { return 0.f; });
  }
}

at::Tensor Dataset::gather(const std::vector<int32_t>& indices, const std::optional<Augmentation>& augmentation) const {
  const int64_t batch = static_cast<int64_t>(indices.size());
  if (batch == 0) expected("at least one index", "indices", "none");
  for (int32_t index : indices) {
    if (index < 0 || index >= count()) {
      expected("indices from 0 to " + std::to_string(count() - 1), "indices", std::to_string(index));
    }
  }
  at::Tensor images = empty_activation({batch, extent_.channels, extent_.height, extent_.width}, at::kFloat, at::kCPU);
  float* out = images.mutable_data_ptr<float>();
  at::parallel_for(0, batch, grain(extent_.pixels(), kElementsPerShare), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) gather_one(indices[i], augmentation, i, out + i * extent_.pixels());
  });
  return device_.is_cpu() ? images : images.to(device_);
}

at::Tensor Dataset::first(int64_t number) {
  if (!first_.defined() || first_.size(0) < number) {
    std::vector<int32_t> indices(number);
    std::iota(indices.begin(), indices.end(), 0);
    first_ = gather(indices, std::nullopt);
  }
  return first_.narrow(0, 0, number);
}

at::Tensor Dataset::labels(const std::vector<int32_t>& indices) const {
  at::Tensor labels = at::empty({static_cast<int64_t>(indices.size())}, at::TensorOptions().dtype(at::kLong));
  int64_t* out = labels.mutable_data_ptr<int64_t>();
  for (size_t i = 0; i < indices.size(); i++) out[i] = labels_[indices[i]];
  return device_.is_cpu() ? labels : labels.to(device_);
}

at::Tensor Dataset::labels(int64_t begin, int64_t number) const {
  std::vector<int32_t> indices(number);
  std::iota(indices.begin(), indices.end(), static_cast<int32_t>(begin));
  return labels(indices);
}

}  // namespace pada
