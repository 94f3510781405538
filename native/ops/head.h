// The head of a network: global pooling, the linear layer, the loss.
#pragma once

#include <vector>

#include "execution/activations.h"

namespace pada {

void global_pool_forward(const Step& step, Activations& run);
void global_pool_backward(const Step& step, Activations& run);

void linear_forward(const Step& step, Activations& run);
void linear_backward(const Step& step, Activations& run);

// Cross-entropy of a batch. All tensors are on the logits' device.
struct Loss {
  at::Tensor total;            // scalar: sum over the batch of weight * cross-entropy of target and softmax(logits)
  at::Tensor correct;          // scalar: samples whose largest logit is their label
  at::Tensor correct5;         // scalar: samples whose label has fewer than five larger logits
  at::Tensor importance = {};  // [batch]: |softmax(logits) - target|_2
  at::Tensor gradient = {};    // [batch, classes, 1, 1]: gradient of total / batch in the logits
};

// What the logits of a batch should be. The target of sample i is the distribution
// (1 - smoothing) * (share * onehot(labels[i]) + (1 - share) * onehot(partners[i])) + smoothing / classes.
struct Targets {
  at::Tensor labels;         // int64 [batch]
  at::Tensor weights = {};   // float [batch], or undefined for ones
  double smoothing = 0;      // in [0, 1)
  at::Tensor partners = {};  // int64 [batch], or undefined for none
  double share = 1;          // in [0, 1]
};

// Without `gradient` importance and gradient are not set. `kernels`: of a GPU, for the loss; null: ATen computes.
Loss cross_entropy(const at::Tensor& logits, const Targets& targets, bool gradient, const cuda::Kernels* kernels);

}  // namespace pada
