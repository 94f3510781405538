// Taps, which give their input and let it be kept or compared on the way: forward beside backward.
#pragma once

#include "execution/activations.h"

namespace pada {

void tap_forward(const Step& step, Activations& run);
void tap_backward(const Step& step, Activations& run);

}  // namespace pada
