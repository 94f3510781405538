// Dropout of numbers and of whole samples, forward and backward.
#pragma once

#include "execution/activations.h"

namespace pada {

void drop_forward(const Step& step, Activations& run);
void drop_backward(const Step& step, Activations& run);

}  // namespace pada
