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
  at::Tensor total;       // scalar: sum over the batch of weight * cross-entropy
  at::Tensor correct;     // scalar: samples whose largest logit is their label
  at::Tensor correct5;    // scalar: samples whose label has fewer than five larger logits
  at::Tensor importance;  // [batch]: |softmax(logits) - onehot(label)|_2
  at::Tensor gradient;    // [batch, classes, 1, 1]: gradient of total / batch in the logits
};

// labels: int64 [batch]; weights: float [batch], or undefined for ones. Without `gradient` importance and gradient
// are not set.
Loss cross_entropy(const at::Tensor& logits, const at::Tensor& labels, const at::Tensor& weights, bool gradient);

}  // namespace pada
