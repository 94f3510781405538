// The sum that ends in a node, with the batch norms and pools of its summands and the ReLU that reads it.
#pragma once

#include "execution/activations.h"

namespace pada {

void sum_forward(const Step& step, Activations& run);
void sum_backward(const Step& step, Activations& run);

}  // namespace pada
