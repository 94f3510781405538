// The sum of a node by the kernels of a GPU (cuda/): its batch norms, pools and copies and its ReLU, in few launches.
#pragma once

#include "execution/activations.h"

namespace pada {

// Both compute nothing and return false if the kernels do not cover the step: ATen computes it then.
bool fused_sum_forward(const Step& step, Activations& run);
bool fused_sum_backward(const Step& step, Activations& run);

}  // namespace pada
