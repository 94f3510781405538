#include "distributed/gradient_sum.h"

#include "runtime/torch.h"

namespace pada {
namespace {

// Scalars of a bucket, 1 MiB: large enough for the network's speed, small enough to begin early.
constexpr int64_t kBucket = 1 << 18;

}  // namespace

void GradientSum::add(int parameter) {
  waiting_.push_back(parameter);
  waiting_scalars_ += parameters_.segment(parameters_.gradients, parameter).numel();
  if (waiting_scalars_ >= kBucket) begin();
}

void GradientSum::begin() {
  if (waiting_.empty()) return;
  const at::Device place = communicator_.place_of_sums(parameters_.device());
  const at::Tensor gradients = at::empty({waiting_scalars_}, at::TensorOptions().dtype(at::kFloat).device(place));
  int64_t first = 0;
  for (int parameter : waiting_) {
    const at::Tensor segment = parameters_.segment(parameters_.gradients, parameter);
    gradients.narrow(0, first, segment.numel()).copy_(segment);
    first += segment.numel();
  }
  buckets_.push_back({std::move(waiting_), gradients, communicator_.begin_sum(gradients)});
  waiting_.clear();
  waiting_scalars_ = 0;
}

void GradientSum::finish() {
  begin();
  for (const Bucket& bucket : buckets_) {
    communicator_.finish(bucket.sum);
    int64_t first = 0;
    for (int parameter : bucket.parameters) {
      const at::Tensor segment = parameters_.segment(parameters_.gradients, parameter);
      segment.copy_(bucket.gradients.narrow(0, first, segment.numel()));
      first += segment.numel();
    }
  }
  buckets_.clear();
}

}  // namespace pada
