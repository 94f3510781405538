#include "data/dataset.h"

#include <algorithm>
#include <memory>

#include "cuda/images.h"
#include "ops/cpu/grain.h"
#include "runtime/errors.h"
#include "runtime/torch_cuda.h"

namespace pada {
namespace {

// Most bytes of images that a device keeps.
constexpr int64_t kMostResident = int64_t{4} << 30;
// Most bytes of floats that are kept beside the bytes they are made from, for evaluations of many paths.
constexpr int64_t kMostInOrder = int64_t{1} << 30;
// More than the pixels of a batch that a kernel can gather.
constexpr int64_t kMostPixels = int64_t{1} << 31;

template <class T>
at::Tensor on_device(const std::vector<T>& values, at::ScalarType type, at::Device device) {
  // from_blob takes no constant memory, which the copy only reads.
  auto* memory = const_cast<T*>(values.data());
  return at::from_blob(memory, {static_cast<int64_t>(values.size())}, type).to(device);
}

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

}  // namespace

Dataset::Dataset(const uint8_t* images, std::vector<int32_t> labels, ImageExtent extent,
                 const std::vector<double>& mean, const std::vector<double>& std, at::Device device)
    : ImageSource(std::move(labels), extent, device) {
  bytes_ = channels_innermost(images, count(), extent);
  normalisation_ = {mean, std};
}

Dataset::Dataset(const float* images, std::vector<int32_t> labels, ImageExtent extent, at::Device device)
    : ImageSource(std::move(labels), extent, device) {
  floats_ = channels_innermost(images, count(), extent);
}

at::Tensor Dataset::gather(const std::vector<int32_t>& indices, const AugmentationList& augmentation) const {
  const int64_t batch = static_cast<int64_t>(indices.size());
  check_indices(indices);
  check_positions(indices, augmentation);
  augmentation.check(extent_, !bytes_.empty());
  if (const at::Tensor images = gather_by_kernel(indices, augmentation); images.defined()) return images;
  at::Tensor images = staged({batch, extent_.channels, extent_.height, extent_.width}, at::kFloat, device_,
                             at::MemoryFormat::ChannelsLast);
  float* out = images.mutable_data_ptr<float>();
  const int64_t pixels = extent_.pixels();
  at::parallel_for(0, batch, grain(pixels, kElementsPerShare), [&](int64_t begin, int64_t end) {
    const auto spare = std::make_unique_for_overwrite<float[]>(augmentation.empty() ? 0 : 2 * pixels);
    for (int64_t i = begin; i < end; i++) {
      const int64_t start = indices[i] * pixels;
      const void* image = bytes_.empty() ? static_cast<const void*>(floats_.data() + start) : bytes_.data() + start;
      const float* table = bytes_.empty() ? nullptr : normalisation_.table.data();
      Picture picture(extent_, image, table, normalisation_.mean_bytes.data(), out + i * pixels, spare.get());
      augmentation.apply(picture, i);
      picture.normalise();
    }
  });
  return uploaded(images, device_);
}

at::Tensor Dataset::gather_by_kernel(const std::vector<int32_t>& indices, const AugmentationList& augmentation) const {
  const cuda::Kernels* kernels = cuda::kernels_for(cuda::Group::Images, device_);
  const int64_t pixels = static_cast<int64_t>(indices.size()) * extent_.height * extent_.width;
  if (kernels == nullptr || bytes() > kMostResident || pixels >= kMostPixels || !augmentation.displacement(0))
    return {};
  if (!resident_.defined()) {
    resident_ = bytes_.empty() ? on_device(floats_, at::kFloat, device_) : on_device(bytes_, at::kByte, device_);
    if (!bytes_.empty()) resident_table_ = on_device(normalisation_.table, at::kFloat, device_);
  }
  const int64_t batch = static_cast<int64_t>(indices.size());
  const at::Tensor host = staged({batch, sizeof(cuda::Placement)}, at::kByte, device_);
  auto* placement = reinterpret_cast<cuda::Placement*>(host.mutable_data_ptr());
  for (int64_t i = 0; i < batch; i++) {
    const Displacement displacement = *augmentation.displacement(i);
    placement[i] = {indices[i], static_cast<int>(displacement.down), static_cast<int>(displacement.right),
                    displacement.mirrored};
  }
  const at::Tensor placements = uploaded(host, device_);
  at::Tensor images = empty_activation({batch, extent_.channels, extent_.height, extent_.width}, at::kFloat, device_);
  cuda::gather_images(*kernels, {.images = resident_.const_data_ptr(),
                                 .table = bytes_.empty() ? nullptr : resident_table_.const_data_ptr<float>(),
                                 .placements = static_cast<const cuda::Placement*>(placements.const_data_ptr()),
                                 .out = images.mutable_data_ptr<float>(),
                                 .pixels = static_cast<unsigned>(pixels),
                                 .channels = static_cast<int>(extent_.channels),
                                 .height = static_cast<int>(extent_.height),
                                 .width = static_cast<int>(extent_.width)});
  return images;
}

at::Tensor Dataset::in_order(int64_t begin, int64_t number, int64_t end) {
  // With the kernel, a launch makes a batch from the bytes. A copy of all as floats would take four times the memory.
  if (at::Tensor images = gather_by_kernel(consecutive(begin, number), {}); images.defined()) return images;
  if (end * extent_.pixels() * int64_t{sizeof(float)} > kMostInOrder) return gather(consecutive(begin, number), {});
  if (!first_.defined() || first_.size(0) < end) first_ = gather(consecutive(0, end), {});
  return first_.narrow(0, begin, number);
}

}  // namespace pada
