#include "execution/repeated.h"

#include "runtime/stopwatch.h"

namespace pada {
namespace {

// Set by the first recording of the process, which is compared with the same work without one. Executor thread only.
bool was_compared = false;

}  // namespace

bool Repeated::is_recorded(const at::Tensor& images) const { return recording_ && images_.sizes() == images.sizes(); }

void Repeated::run(const at::Tensor& images, const at::Tensor& labels, int64_t left) {
  // A recording takes longer than a batch or two.
  constexpr int64_t kWorthIt = 2;
  // The first batch of a size lets libraries choose their algorithms, which must not be recorded.
  const bool is_new = last_ != images.sizes();
  last_ = images.sizes().vec();
  if (is_recorded(images)) {
    images_.copy_(images);
    labels_.copy_(labels);
    return recording_->replay();
  }
  // A stopwatch that runs waits for the device.
  if (is_new || left < kWorthIt || Stopwatch::is_running() || !Recording::is_possible(images.device())) {
    return work_(images, labels);
  }
  record(images, labels);
}

void Repeated::record(const at::Tensor& images, const at::Tensor& labels) {
  recording_.reset();
  images_ = images.clone();
  labels_ = labels.clone();
  try {
    recording_.emplace(images.device(), [this] { work_(images_, labels_); });
  } catch (const std::exception& error) {
    const std::string text = error.what();
    Recording::forbid(text.substr(0, text.find('\n')));
    return work_(images, labels);
  }
  const at::Tensor before = was_compared ? at::Tensor() : sums_.clone();
  recording_->replay();
  if (was_compared) return;
  was_compared = true;
  const at::Tensor replayed = sums_.clone();
  sums_.copy_(before);
  work_(images, labels);
  // By bits: NaN is equal to NaN.
  if (replayed.view(at::kLong).equal(sums_.view(at::kLong))) return;
  Recording::forbid("a recording computed something else");
  recording_.reset();
}

}  // namespace pada
