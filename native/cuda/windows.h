// Launches of the kernels of max pools and depthwise convolutions. The callers fill in everything but `rows`, `partial`
// and `tickets`. `space`: of what `rows` counts.
#pragma once

#include "cuda/layout.h"

namespace pada::cuda {

void max_pool(const Kernels& kernels, const RowSpace& space, MaxPoolArguments arguments);
void max_pool_gradient(const Kernels& kernels, const RowSpace& space, MaxPoolGradientArguments arguments);
void depthwise(const Kernels& kernels, const RowSpace& space, DepthwiseArguments arguments);
void depthwise_gradient(const Kernels& kernels, const RowSpace& space, DepthwiseGradientArguments arguments);
void depthwise_weight_gradient(const Kernels& kernels, const RowSpace& space, DepthwiseWeightArguments arguments);

}  // namespace pada::cuda
