// A depthwise convolution and the pointwise one that alone reads it. Both are computed for a few images at a time, so
// that what lies between them stays in the cache. It is kept nowhere: the backward pass computes it again.
#pragma once

#include "ops/cpu/conv_kernels.h"

namespace pada {

struct SeparableShape {
  ConvShape depthwise, pointwise;
};

struct SeparableWeights {
  const float *depthwise, *pointwise;
};

// y: the pointwise convolution's output. `statistics`: of y, or null. Otherwise as conv_kernel_forward.
template <class T>
void separable_forward(const SeparableShape& shape, const ConvInput<T>& input, const SeparableWeights& weights, T* y,
                       ChannelStatistics* statistics);

struct SeparableGradients {
  float *depthwise, *pointwise;
};

// As conv_kernel_backward, for both convolutions.
template <class T>
void separable_backward(const SeparableShape& shape, const ConvInput<T>& input, const OutputGradient<T>& gradient,
                        const SeparableWeights& weights, const SeparableGradients& weight_gradients);

}  // namespace pada
