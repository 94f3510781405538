// Images that are read, decoded, cropped and augmented when a batch needs them, by threads of their own. Memory does
// not grow with the number of images, but for a label each.
#pragma once

#include <list>
#include <map>
#include <optional>

#include "data/image_source.h"
#include "data/normalisation.h"
#include "data/resample.h"
#include "data/stream/encoded_image.h"
#include "data/stream/image_files.h"
#include "data/stream/kept_crops.h"
#include "data/stream/worker_pool.h"

namespace pada {

class RandomResizedCrop;

struct StreamOptions {
  int64_t size;   // height and width of the images of a batch
  Filter filter;  // of the evaluation's crop
  // A damaged image is an error; or the next image of its class that can be read takes its place.
  bool replace_damaged;
  int threads;
  // Crops for evaluations are kept after they were made first, if those of all images take at most this many bytes.
  int64_t most_kept;
  Normalisation normalisation;
};

class ImageStream : public ImageSource {
 public:
  ImageStream(std::unique_ptr<const ImageFiles> files, std::vector<int32_t> labels, Decoders decoders,
              StreamOptions options, at::Device device);

  // Takes a batch that was begun before, or makes it now. A list that begins with RandomResizedCrop crops the whole
  // image; otherwise the list changes the evaluation's crop.
  at::Tensor gather(const std::vector<int32_t>& indices, const AugmentationList& augmentation) const override;
  // While the batch is used, the next one of the same number of images is made.
  at::Tensor in_order(int64_t begin, int64_t number, int64_t end) override;

  // Begins a batch that gather() will ask for. JavaScript thread.
  void prefetch(const std::vector<int32_t>& indices, const AugmentationList& augmentation) const;

  // Any thread. Seconds that gather() has waited for images.
  double waited() const;
  // Why images were replaced, by index.
  std::map<int32_t, std::string> damaged() const;

 private:
  struct Begun {
    std::vector<int32_t> indices;
    uint64_t seed;
    std::string text;
    std::vector<int32_t> positions;
    at::Tensor images;
    std::shared_ptr<Batchwork> work;

    // True if its first images are these.
    bool is(const std::vector<int32_t>& first, const AugmentationList& augmentation) const;
  };

  Begun begin(const std::vector<int32_t>& indices, const AugmentationList& augmentation, bool urgent) const;
  // Whether the batch of these indices, without augmentation, was begun and not taken yet.
  bool has_begun(const std::vector<int32_t>& indices) const;
  // The batch whose first indices are these. Drops the batches that were begun before it.
  std::optional<Begun> take(const std::vector<int32_t>& indices, const AugmentationList& augmentation) const;
  // Writes the picture of an image.
  void make(int32_t index, const AugmentationList& augmentation, const RandomResizedCrop* crop, int64_t position,
            float* out) const;
  // Throws std::runtime_error with the reason.
  void make_undamaged(int32_t index, const AugmentationList& augmentation, const RandomResizedCrop* crop,
                      int64_t position, float* out) const;
  bool is_damaged(int32_t index) const;

  const std::unique_ptr<const ImageFiles> files_;
  const Decoders decoders_;
  const StreamOptions options_;

  mutable KeptCrops kept_;
  mutable std::mutex mutex_;
  mutable std::list<Begun> begun_;
  mutable double waited_ = 0;
  mutable std::map<int32_t, std::string> damaged_;
  // The last member: its threads end before what they use.
  mutable WorkerPool pool_;
};

}  // namespace pada
