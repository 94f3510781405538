// Instructions that only move values: concatenation along channels, and crops.
#pragma once

#include "execution/activations.h"

namespace pada {

void concat_forward(const Step& step, Activations& run);
void concat_backward(const Step& step, Activations& run);

// The same for values that a convolution reads as their concatenation, if it has no kernel.
at::Tensor concatenate(const std::vector<int>& parts, const Activations& run);
void add_split_gradient(const at::Tensor& gradient, const std::vector<int>& parts, Activations& run);

void crop_forward(const Step& step, Activations& run);
void crop_backward(const Step& step, Activations& run);

}  // namespace pada
