// A batch of a source: its indices and, after the first use, its images. Steps of several paths on one batch share the
// images.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "data/image_source.h"
#include "execution/phase.h"

namespace pada {

struct Batch {
  std::vector<int32_t> indices;
  AugmentationList augmentation;
  std::vector<float> weights;  // one per sample, or empty
  std::optional<Drop> drop;
  std::vector<float> mixing;  // one per coefficient of the plan
};

class Minibatch {
 public:
  Minibatch(std::shared_ptr<const ImageSource> source, Batch batch)
      : source_(std::move(source)), batch_(std::move(batch)) {}

  const ImageSource& source() const { return *source_; }
  int64_t size() const { return static_cast<int64_t>(batch_.indices.size()); }
  const std::optional<Drop>& drop() const { return batch_.drop; }
  const std::vector<float>& mixing() const { return batch_.mixing; }

  // Gathered, augmented and normalised at the first call. Executor thread only, like labels() and weights().
  const at::Tensor& images() {
    if (!images_.defined()) images_ = source_->gather(batch_.indices, batch_.augmentation);
    return images_;
  }
  const at::Tensor& labels() {
    if (!labels_.defined()) labels_ = source_->labels(batch_.indices);
    return labels_;
  }
  // One factor per sample, or an undefined tensor.
  const at::Tensor& weights() {
    if (!weights_.defined() && !batch_.weights.empty()) {
      weights_ = at::empty({size()}, at::TensorOptions().dtype(at::kFloat));
      std::copy(batch_.weights.begin(), batch_.weights.end(), weights_.mutable_data_ptr<float>());
      weights_ = weights_.to(labels().device());
    }
    return weights_;
  }

 private:
  const std::shared_ptr<const ImageSource> source_;
  const Batch batch_;
  at::Tensor images_, labels_, weights_;
};

}  // namespace pada
