#include "data/stream/image_stream.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <stdexcept>

#include "data/crop.h"
#include "runtime/torch_cuda.h"

namespace pada {
namespace {

// Memory that a thread keeps from image to image. A larger image frees its memory.
constexpr size_t kMostRoom = size_t{1} << 26;

struct Scratch {
  std::vector<uint8_t> encoded, cropped;
  Room decoded;
  std::vector<float> spare;

  static Scratch& of_thread() {
    thread_local Scratch scratch;
    return scratch;
  }
};

// Both write scratch.cropped.
void crop_at_random(EncodedImage& image, const Crop& part, int64_t size, Scratch& scratch) {
  const PixelRows rows = image.fetch(part.top, part.left, part.height, part.width, scratch.decoded);
  resample(rows.first, rows.stride, 3, {part.height, size, 0, size}, {part.width, size, 0, size}, part.filter,
           scratch.cropped.data());
}

void crop_for_evaluation(EncodedImage& image, int64_t size, Filter filter, Scratch& scratch) {
  const PixelRows rows = image.fetch(0, 0, image.height(), image.width(), scratch.decoded);
  if (image.height() == size && image.width() == size) {
    // As resident images: one that has this size already is not changed.
    for (int64_t y = 0; y < size; y++) {
      std::memcpy(scratch.cropped.data() + 3 * size * y, rows.first + rows.stride * y, 3 * size);
    }
    return;
  }
  const EvaluationCrop part(image.height(), image.width(), size);
  resample(rows.first, rows.stride, 3, part.rows, part.columns, filter, scratch.cropped.data());
}

const RandomResizedCrop* leading_crop(const AugmentationList& list) {
  return list.empty() ? nullptr : dynamic_cast<const RandomResizedCrop*>(list.augmentations.front().get());
}

bool begins_with(const std::vector<int32_t>& all, const std::vector<int32_t>& first) {
  return first.size() <= all.size() && std::equal(first.begin(), first.end(), all.begin());
}

}  // namespace

ImageStream::ImageStream(std::unique_ptr<const ImageFiles> files, std::vector<int32_t> labels, Decoders decoders,
                         StreamOptions options, at::Device device)
    : ImageSource(std::move(labels), {3, options.size, options.size}, device),
      files_(std::move(files)),
      decoders_(decoders),
      options_(std::move(options)),
      kept_(count(), extent_.pixels(), options_.most_kept),
      pool_(options_.threads, [&vips = decoders.vips] { vips.end_thread(); }) {
  if (files_->count() != count()) {
    expected(std::to_string(files_->count()) + " labels", "labels", std::to_string(count()));
  }
}

at::Tensor ImageStream::gather(const std::vector<int32_t>& indices, const AugmentationList& augmentation) const {
  check_indices(indices);
  check_positions(indices, augmentation);
  augmentation.check(extent_, true);
  std::optional<Begun> batch = take(indices, augmentation);
  if (!batch) batch = begin(indices, augmentation, true);
  const auto start = std::chrono::steady_clock::now();
  try {
    pool_.finish(batch->work);
  } catch (const std::runtime_error& error) {
    throw Error("ERR_IMAGE", error.what());
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  {
    std::lock_guard lock(mutex_);
    waited_ += seconds.count();
  }
  const at::Tensor images = batch->images.narrow(0, 0, static_cast<int64_t>(indices.size()));
  if (device_.is_cpu()) return images;
  // Memory that the device reads by itself: from any other, a copy waits for all work that the device has.
  const at::Tensor host = staged(images.sizes(), at::kFloat, device_, at::MemoryFormat::ChannelsLast);
  host.copy_(images);
  return uploaded(host, device_);
}

at::Tensor ImageStream::in_order(int64_t begin, int64_t number, int64_t end) {
  const int64_t next = begin + number;
  const std::vector<int32_t> indices = consecutive(begin, number);
  // A first batch begins before the second, so that it is finished before.
  if (!has_begun(indices)) prefetch(indices, {});
  if (next < end) prefetch(consecutive(next, std::min(number, end - next)), {});
  return gather(indices, {});
}

void ImageStream::prefetch(const std::vector<int32_t>& indices, const AugmentationList& augmentation) const {
  check_indices(indices);
  check_positions(indices, augmentation);
  augmentation.check(extent_, true);
  Begun batch = begin(indices, augmentation, false);
  std::lock_guard lock(mutex_);
  begun_.push_back(std::move(batch));
}

double ImageStream::waited() const {
  std::lock_guard lock(mutex_);
  return waited_;
}

std::map<int32_t, std::string> ImageStream::damaged() const {
  std::lock_guard lock(mutex_);
  return damaged_;
}

ImageStream::Begun ImageStream::begin(const std::vector<int32_t>& indices, const AugmentationList& augmentation,
                                      bool urgent) const {
  const int64_t batch = static_cast<int64_t>(indices.size());
  at::Tensor images = empty_activation({batch, 3, extent_.height, extent_.width}, at::kFloat, at::kCPU);
  auto work = std::make_shared<Batchwork>();
  work->size = batch;
  // It holds the images, which outlive the batch if it is dropped.
  work->make = [this, indices, augmentation, images, crop = leading_crop(augmentation)](int64_t i) {
    float* out = static_cast<float*>(images.data_ptr()) + i * extent_.pixels();
    make(indices[i], augmentation, crop, i, out);
  };
  pool_.begin(work, urgent);
  return {indices, augmentation.seed, augmentation.text, augmentation.positions, std::move(images), std::move(work)};
}

bool ImageStream::Begun::is(const std::vector<int32_t>& first, const AugmentationList& augmentation) const {
  return seed == augmentation.seed && text == augmentation.text && begins_with(indices, first) &&
         positions.empty() == augmentation.positions.empty() && begins_with(positions, augmentation.positions);
}

bool ImageStream::has_begun(const std::vector<int32_t>& indices) const {
  std::lock_guard lock(mutex_);
  return std::ranges::any_of(begun_, [&](const Begun& batch) { return batch.is(indices, {}); });
}

std::optional<ImageStream::Begun> ImageStream::take(const std::vector<int32_t>& indices,
                                                    const AugmentationList& augmentation) const {
  std::list<Begun> stale;
  std::optional<Begun> found;
  {
    std::lock_guard lock(mutex_);
    const auto place =
        std::ranges::find_if(begun_, [&](const Begun& batch) { return batch.is(indices, augmentation); });
    // Nobody will ask for the batches before, nor for any if this one was not begun.
    stale.splice(stale.end(), begun_, begun_.begin(), place);
    if (!begun_.empty()) {
      found = std::move(begun_.front());
      begun_.pop_front();
    }
  }
  for (const Begun& batch : stale) pool_.drop(batch.work);
  return found;
}

void ImageStream::make(int32_t index, const AugmentationList& augmentation, const RandomResizedCrop* crop,
                       int64_t position, float* out) const {
  if (!options_.replace_damaged) {
    try {
      return make_undamaged(index, augmentation, crop, position, out);
    } catch (const std::exception& error) {
      throw std::runtime_error("Expected a whole image, or data.onError skip, for " + files_->name(index) +
                               " but received " + damage_of(error));
    }
  }
  const int32_t images = static_cast<int32_t>(count());
  for (int32_t step = 0; step < images; step++) {
    const int32_t other = static_cast<int32_t>((int64_t{index} + step) % images);
    // A crop reads its own rows only. Whether these are damaged depends on no crop before.
    if (labels_[other] != labels_[index] || (crop == nullptr && is_damaged(other))) continue;
    try {
      return make_undamaged(other, augmentation, crop, position, out);
    } catch (const std::exception& error) {
      std::lock_guard lock(mutex_);
      damaged_[other] = files_->name(other) + ": " + damage_of(error);
    }
  }
  throw std::runtime_error("Expected a whole image of class " + std::to_string(labels_[index]) +
                           " but received damaged ones only, such as " + files_->name(index));
}

void ImageStream::make_undamaged(int32_t index, const AugmentationList& augmentation, const RandomResizedCrop* crop,
                                 int64_t position, float* out) const {
  Scratch& scratch = Scratch::of_thread();
  scratch.cropped.resize(extent_.pixels());
  const uint8_t* pixels = crop == nullptr ? kept_.get(index) : nullptr;
  if (pixels == nullptr) {
    files_->read(index, scratch.encoded);
    EncodedImage image(decoders_, scratch.encoded.data(), scratch.encoded.size());
    if (crop != nullptr) {
      crop_at_random(image, crop->choose(image.height(), image.width(), augmentation.draw_of(position)), options_.size,
                     scratch);
    } else {
      crop_for_evaluation(image, options_.size, options_.filter, scratch);
      kept_.put(index, scratch.cropped.data());
    }
    scratch.decoded.limit(kMostRoom);
    pixels = scratch.cropped.data();
  }
  scratch.spare.resize(2 * extent_.pixels());
  Picture picture(extent_, pixels, options_.normalisation.table.data(), options_.normalisation.mean_bytes.data(), out,
                  scratch.spare.data());
  augmentation.apply(picture, position, crop == nullptr ? 0 : 1);
  picture.normalise();
}

bool ImageStream::is_damaged(int32_t index) const {
  std::lock_guard lock(mutex_);
  return damaged_.contains(index);
}

}  // namespace pada
