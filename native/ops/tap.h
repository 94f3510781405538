// Taps, which pass their input on and may keep it or compare it: forward and backward.
#pragma once

#include "execution/activations.h"

namespace pada {

// Throws if the tap is to be compared with an observation of another batch.
void check_tap(const Step& step, const Activations& run);

void tap_forward(const Step& step, Activations& run);
void tap_backward(const Step& step, Activations& run);

}  // namespace pada
