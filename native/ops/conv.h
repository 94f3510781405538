// Convolution, forward and backward.
#pragma once

#include "execution/activations.h"

namespace pada {

void conv_forward(const Step& step, Activations& run);
void conv_backward(const Step& step, Activations& run);

// True if the convolution computes the batch norm that it reads. Then the Sum of that norm computes only its map.
bool conv_reads_through_norm(const Step& step, const Activations& run);

// The backward pass, given the gradient of the sum of the batch norm that reads the output. `affine` turns it into the
// gradient of the output as it is read. `factors`: those of the drop path after the norm, one per sample, or null. If
// there is no kernel for this, does nothing and returns false.
bool conv_backward_through_norm(const Step& step, const at::Tensor& gradient, const ChannelAffine& affine,
                                const float* factors, Activations& run);

}  // namespace pada
