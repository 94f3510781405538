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
  int64_t part_size = 0;      // most samples that are computed at a time; 0: all
};

class Minibatch {
 public:
  Minibatch(std::shared_ptr<const ImageSource> source, Batch batch)
      : source_(std::move(source)), batch_(std::move(batch)) {}

  const ImageSource& source() const { return *source_; }
  int64_t size() const { return static_cast<int64_t>(batch_.indices.size()); }
  const std::optional<Drop>& drop() const { return batch_.drop; }
  const std::vector<float>& mixing() const { return batch_.mixing; }

  bool is_divided() const { return batch_.part_size > 0 && batch_.part_size < size(); }
  // As few parts as possible, whose sizes differ by one at most. The mean losses of the parts add up to the mean loss
  // of the batch, because the weights of their samples are scaled. Images and dropouts are those of the batch.
  std::vector<Minibatch> parts() {
    const int64_t count = (size() + batch_.part_size - 1) / batch_.part_size;
    std::vector<Minibatch> result;
    for (int64_t i = 0, first = 0; i < count; i++) {
      const int64_t last = first + size() / count + (i < size() % count);
      result.push_back(part(first, last));
      first = last;
    }
    return result;
  }

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
  Minibatch part(int64_t first, int64_t last) {
    const auto begin = batch_.indices.begin();
    Batch part{{begin + first, begin + last}, {}, std::vector<float>(last - first), batch_.drop, batch_.mixing, 0};
    const double share = static_cast<double>(last - first) / static_cast<double>(size());
    for (int64_t i = first; i < last; i++) {
      part.weights[i - first] = static_cast<float>(share * (batch_.weights.empty() ? 1 : batch_.weights[i]));
    }
    if (part.drop) part.drop->first_sample += first;
    Minibatch result(source_, std::move(part));
    result.images_ = images().narrow(0, first, last - first);
    return result;
  }

  const std::shared_ptr<const ImageSource> source_;
  const Batch batch_;
  at::Tensor images_, labels_, weights_;
};

}  // namespace pada
