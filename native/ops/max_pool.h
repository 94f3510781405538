// Max pooling, forward and backward.
#pragma once

#include "execution/activations.h"

namespace pada {

void max_pool_forward(const Step& step, Activations& run);
void max_pool_backward(const Step& step, Activations& run);

}  // namespace pada
