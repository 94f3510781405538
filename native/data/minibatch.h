// A batch of a source: its indices and, after the first use, its images. Steps of several paths on one batch share the
// images.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "data/image_source.h"
#include "execution/phase.h"
#include "ops/head.h"

namespace pada {

// Mixup (Zhang et al. 2018): sample i is share * sample i + (1 - share) * sample partners[i], and so is its target.
struct Mixup {
  double share;
  std::vector<int64_t> partners;  // positions in the batch, one per sample
};

struct Batch {
  std::vector<int32_t> indices;
  AugmentationList augmentation;
  std::vector<float> weights;  // one per sample, or empty
  std::optional<Drop> drop;
  std::vector<float> mixing;  // one per coefficient of the plan
  double smoothing = 0;       // of labels; see Targets
  std::optional<Mixup> mixup;
};

class Minibatch {
 public:
  Minibatch(std::shared_ptr<const ImageSource> source, Batch batch)
      : source_(std::move(source)), batch_(std::move(batch)) {}

  const ImageSource& source() const { return *source_; }
  int64_t size() const { return static_cast<int64_t>(batch_.indices.size()); }
  const std::optional<Drop>& drop() const { return batch_.drop; }
  const std::vector<float>& mixing() const { return batch_.mixing; }

  // Gathered, augmented and normalised at the first call. Executor thread only, like targets().
  const at::Tensor& images() {
    if (images_.defined()) return images_;
    images_ = source_->gather(batch_.indices, batch_.augmentation);
    if (batch_.mixup) {
      const at::Tensor others = images_.index_select(0, partners(images_.device()));
      images_.mul_(batch_.mixup->share).add_(others, 1 - batch_.mixup->share);
    }
    return images_;
  }
  const Targets& targets() {
    if (targets_.labels.defined()) return targets_;
    targets_.labels = source_->labels(batch_.indices);
    targets_.smoothing = batch_.smoothing;
    if (batch_.mixup) {
      targets_.partners = targets_.labels.index_select(0, partners(targets_.labels.device()));
      targets_.share = batch_.mixup->share;
    }
    if (!batch_.weights.empty()) {
      const at::Tensor weights = at::empty({size()}, at::TensorOptions().dtype(at::kFloat));
      std::copy(batch_.weights.begin(), batch_.weights.end(), weights.mutable_data_ptr<float>());
      targets_.weights = weights.to(targets_.labels.device());
    }
    return targets_;
  }

 private:
  at::Tensor partners(at::Device device) const {
    const std::vector<int64_t>& positions = batch_.mixup->partners;
    const at::Tensor tensor = at::empty({size()}, at::TensorOptions().dtype(at::kLong));
    std::copy(positions.begin(), positions.end(), tensor.mutable_data_ptr<int64_t>());
    return tensor.to(device);
  }

  const std::shared_ptr<const ImageSource> source_;
  const Batch batch_;
  at::Tensor images_;
  Targets targets_;
};

}  // namespace pada
