// Depthwise convolutions by the kernels of a GPU. On the CPU see ops/cpu.
#pragma once

#include "execution/activations.h"

namespace pada {

// Whether the kernels compute a convolution.
bool has_depthwise_kernel(const Step& step, const Activations& run);
void depthwise_forward(const Step& step, Activations& run);
// `gradient`: of the output. Adds the gradients of the weights and of the input.
void depthwise_backward(const Step& step, const at::Tensor& gradient, Activations& run);

}  // namespace pada
