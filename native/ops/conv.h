// Convolution, forward beside backward.
#pragma once

#include "execution/activations.h"

namespace pada {

void conv_forward(const Step& step, Activations& run);
void conv_backward(const Step& step, Activations& run);

// The same from the gradient of the batch norm of the step's output, which `affine` turns into that of the output as it
// is read. False, with nothing done, where that takes a kernel that there is not.
bool conv_backward_through_norm(const Step& step, const at::Tensor& gradient, const ChannelAffine& affine,
                                Activations& run);

}  // namespace pada
