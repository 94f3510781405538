// One convolution of one kind of pass, share by share: the weights that it packs, the loops that it runs, and the sums
// that it brings together in the end.
#pragma once

#include <vector>

#include "ops/cpu/conv_table.h"
#include "ops/cpu/conv_weights.h"
#include "runtime/torch.h"

namespace pada {

// One share of the batch per thread. Results of shares are combined in order, so that they repeat.
int64_t share_count(const ConvShape& shape);

// Calls body(share, first image, end) for every share, in parallel.
template <class Body>
void for_shares(int64_t batch, int64_t shares, const Body& body) {
  at::parallel_for(0, shares, 1, [&](int64_t first, int64_t last) {
    for (int64_t share = first; share < last; share++) {
      body(share, batch * share / shares, batch * (share + 1) / shares);
    }
  });
}

template <class T>
class ForwardPass {
 public:
  ForwardPass(const ConvShape& shape, const ConvInput<T>& input, const float* weight, int64_t shares);

  // Images [begin, end) of a share; `moments`: whether to sum those of y.
  void run(int64_t share, int64_t begin, int64_t end, const ConvInput<T>& input, T* y, bool moments);

  // Of all images that have run.
  ChannelStatistics statistics() const;

 private:
  const ConvShape shape_;
  const Memory weight_;
  void (*const loops_)(const ForwardShare<T>&);
  std::vector<MomentSums> moments_;  // by share
  std::vector<int64_t> counts_;
};

template <class T>
class BackwardPass {
 public:
  BackwardPass(const ConvShape& shape, const ConvInput<T>& input, const float* weight, int64_t shares);

  void run(int64_t share, int64_t begin, int64_t end, const ConvInput<T>& input, const OutputGradient<T>& gradient);

  // Adds to the gradient of the weight, and gives the sums of the batch norm that the input reads through.
  void finish(const ConvInput<T>& input, float* weight_gradient);

 private:
  const ConvShape shape_;
  const bool with_input_;  // some part of the input has a gradient
  const std::vector<int64_t> places_;
  const int64_t shares_, norm_size_;
  Memory weight_, sums_;
  std::vector<double> norm_sums_;
  void (*const loops_)(const BackwardShare<T>&);
};

}  // namespace pada
