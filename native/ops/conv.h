// Convolution, forward beside backward.
#pragma once

#include "ops/activations.h"

namespace pada {

void conv_forward(const Step& step, Activations& run);
void conv_backward(const Step& step, Activations& run);

}  // namespace pada
