// Instructions that only move values: concatenation along channels, and crops.
#pragma once

#include "execution/activations.h"

namespace pada {

void concat_forward(const Step& step, Activations& run);
void concat_backward(const Step& step, Activations& run);

void crop_forward(const Step& step, Activations& run);
void crop_backward(const Step& step, Activations& run);

}  // namespace pada
