// Dropout of numbers and of whole samples, forward and backward.
#pragma once

#include "execution/activations.h"

namespace pada {

// The factors of a drop path, one per sample: 0 for dropped samples, 1 / (1 - p) for the others. Undefined if nothing
// is dropped. `value`: the drop path's value id; `p`: its probability in the program.
at::Tensor sample_factors(int value, double p, const Activations& run);

void drop_forward(const Step& step, Activations& run);
void drop_backward(const Step& step, Activations& run);

}  // namespace pada
