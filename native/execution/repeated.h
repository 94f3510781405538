// Work that is done batch after batch. A GPU does it with batches of one size by a recording.
#pragma once

#include <functional>
#include <optional>

#include "runtime/recording.h"
#include "runtime/torch.h"

namespace pada {

class Repeated {
 public:
  // `work(images, labels)` adds what it computes to `sums`, and does nothing else that lasts.
  using Work = std::function<void(const at::Tensor& images, const at::Tensor& labels)>;
  Repeated(at::Tensor sums, Work work) : sums_(std::move(sums)), work_(std::move(work)) {}

  // `left`: batches of this size that are still to come.
  void run(const at::Tensor& images, const at::Tensor& labels, int64_t left);

 private:
  bool is_recorded(const at::Tensor& images) const;
  void record(const at::Tensor& images, const at::Tensor& labels);

  at::Tensor sums_;
  Work work_;
  at::Tensor images_, labels_;  // what the recording reads
  std::optional<Recording> recording_;
  std::vector<int64_t> last_;  // the sizes of the batch before
};

}  // namespace pada
