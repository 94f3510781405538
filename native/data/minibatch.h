// A batch of a source: its indices and, after the first use, its images. Steps of several paths on one batch share the
// images.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "data/image_source.h"
#include "execution/phase.h"
#include "ops/head.h"
#include "runtime/errors.h"
#include "runtime/torch_cuda.h"

namespace pada {

// Mixup (Zhang et al. 2018): sample i is share * sample i + (1 - share) * sample partners[i], and so is its target.
struct Mixup {
  double share;
  std::vector<int64_t> partners;  // positions in `indices`, one per sample
};

// The part of a batch that one of several processes computes.
struct Share {
  int64_t first;  // position in the batch of its first sample
  int64_t whole;  // samples of the batch
};

struct Batch {
  // Of the samples, and after them of the images that mixup takes from other processes' shares.
  std::vector<int32_t> indices;
  AugmentationList augmentation = {};
  std::vector<float> weights = {};  // one per sample, or empty
  std::optional<Drop> drop = {};
  std::vector<float> mixing = {};  // one per coefficient of the plan
  int64_t part_size = 0;           // most samples that are computed at a time; 0: all
  double smoothing = 0;            // of labels; see Targets
  std::optional<Mixup> mixup = {};
  std::optional<Share> share = {};  // none: all of it

  int64_t samples() const { return static_cast<int64_t>(mixup ? mixup->partners.size() : indices.size()); }
};

class Minibatch {
 public:
  Minibatch(std::shared_ptr<const ImageSource> source, Batch batch)
      : source_(std::move(source)), batch_(std::move(batch)) {
    if (!batch_.share) return;
    if (batch_.weights.empty()) batch_.weights.assign(size(), 1);
    for (float& weight : batch_.weights) weight = static_cast<float>(weight * share_of_loss());
    if (batch_.drop) batch_.drop->first_sample += batch_.share->first;
  }

  const ImageSource& source() const { return *source_; }
  // Samples that this process computes.
  int64_t size() const { return batch_.samples(); }
  Share share() const { return batch_.share.value_or(Share{0, size()}); }
  const std::optional<Drop>& drop() const { return batch_.drop; }
  const std::vector<float>& mixing() const { return batch_.mixing; }

  bool is_divided() const { return batch_.part_size > 0 && batch_.part_size < size(); }
  // Refuses a batch of several parts, which `what` cannot take.
  void check_whole(const char* what) const {
    if (is_divided()) expected("a batch without microBatchSize", what, "one with several parts");
  }
  // The factor on the mean losses of this process's samples whose sum over the processes is the batch's mean loss.
  double share_of_loss() const {
    return batch_.share ? static_cast<double>(size()) / static_cast<double>(batch_.share->whole) : 1;
  }

  // As few parts as possible, whose sizes differ by one at most. The mean losses of the parts add up to the mean loss
  // of the batch, because the weights of their samples are scaled. Images, targets and dropouts are those of the batch.
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

  // Gathered, augmented and normalised at the first call. Executor thread only, like targets().
  const at::Tensor& images() {
    if (images_.defined()) return images_;
    at::Tensor images = source_->gather(batch_.indices, batch_.augmentation);
    if (batch_.mixup) {
      const at::Tensor others = images.index_select(0, partners(images.device()));
      images = images.narrow(0, 0, size()).mul_(batch_.mixup->share).add_(others, 1 - batch_.mixup->share);
    }
    return images_ = images;
  }
  const Targets& targets() {
    if (targets_.labels.defined()) return targets_;
    Targets targets;
    targets.labels = source_->labels(batch_.indices);
    targets.smoothing = batch_.smoothing;
    const at::Device device = targets.labels.device();
    if (batch_.mixup) {
      targets.partners = targets.labels.index_select(0, partners(device));
      targets.labels = targets.labels.narrow(0, 0, size());
      targets.share = batch_.mixup->share;
    }
    if (!batch_.weights.empty()) {
      const at::Tensor weights = staged({size()}, at::kFloat, device);
      std::copy(batch_.weights.begin(), batch_.weights.end(), weights.mutable_data_ptr<float>());
      targets.weights = uploaded(weights, device);
    }
    return targets_ = targets;
  }

 private:
  Minibatch part(int64_t first, int64_t last) {
    const auto begin = batch_.indices.begin();
    const int64_t count = last - first;
    Batch part{.indices = {begin + first, begin + last},
               .weights = std::vector<float>(count),
               .drop = batch_.drop,
               .mixing = batch_.mixing,
               .smoothing = batch_.smoothing};
    const double share = static_cast<double>(count) / static_cast<double>(size());
    for (int64_t i = first; i < last; i++) {
      part.weights[i - first] = static_cast<float>(share * (batch_.weights.empty() ? 1 : batch_.weights[i]));
    }
    if (part.drop) part.drop->first_sample += first;
    Minibatch result(source_, std::move(part));
    result.images_ = images().narrow(0, first, count);
    // The partner of a sample may be in another part.
    if (batch_.mixup) {
      result.targets();
      result.targets_.partners = targets().partners.narrow(0, first, count);
      result.targets_.share = targets().share;
    }
    return result;
  }
  at::Tensor partners(at::Device device) const {
    const std::vector<int64_t>& positions = batch_.mixup->partners;
    const at::Tensor tensor = staged({size()}, at::kLong, device);
    std::copy(positions.begin(), positions.end(), tensor.mutable_data_ptr<int64_t>());
    return uploaded(tensor, device);
  }

  const std::shared_ptr<const ImageSource> source_;
  Batch batch_;
  at::Tensor images_;
  Targets targets_;
};

}  // namespace pada
