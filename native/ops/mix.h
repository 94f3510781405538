// Sums of values, each times a coefficient of the step, forward and backward.
#pragma once

#include "execution/activations.h"

namespace pada {

void mix_forward(const Step& step, Activations& run);
// If a coefficient is zero, its value has no gradient, but the coefficient has one.
void mix_backward(const Step& step, Activations& run);

}  // namespace pada
