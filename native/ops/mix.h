// Sums of values, each times a coefficient that the step gives, forward beside backward.
#pragma once

#include "execution/activations.h"

namespace pada {

void mix_forward(const Step& step, Activations& run);
// A value whose coefficient is zero has no gradient, but its coefficient has.
void mix_backward(const Step& step, Activations& run);

}  // namespace pada
