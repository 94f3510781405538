// ReLUs by ATen, with or without a ceiling: separate steps, and ReLUs of sums that ATen computes.
#pragma once

#include "execution/activations.h"

namespace pada {

// min(max(x, 0), ceiling)
at::Tensor aten_relu(const at::Tensor& x, float ceiling);
// The gradient of x, given the gradient of its ReLU. `relu`: the ReLU of x.
at::Tensor aten_relu_backward(const at::Tensor& gradient, const at::Tensor& relu, float ceiling);

void relu_step_forward(const Step& step, Activations& run);
void relu_step_backward(const Step& step, Activations& run);

}  // namespace pada
