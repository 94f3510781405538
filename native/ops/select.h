// Strided pointwise convolutions read every stride-th pixel of every stride-th row. On the CPU these pixels are
// gathered first: the rest is a convolution of stride 1.
#pragma once

#include "execution/activations.h"

namespace pada {

// True if oneDNN misreads the strided pointwise convolution on this device: it may write outside of its memory, and its
// weight gradient may be wrong.
bool is_misread(const Window& window, int64_t channels, at::Device device);

// True if the convolution gathers its pixels.
bool selects_pixels(const Step& step, const Activations& run);

// The pixels of the convolution's input, or of the concatenation of its parts, from (top, left) on. No ReLU is applied.
at::Tensor selected_pixels(const Step& step, const Activations& run);

// Adds the gradient of those pixels to the gradients of the input or of its parts.
void add_selected_gradient(const at::Tensor& gradient, const Step& step, Activations& run);

}  // namespace pada
