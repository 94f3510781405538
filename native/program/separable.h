// Separable convolutions: a depthwise convolution, and the pointwise one that alone reads it.
#pragma once

#include "program/plan.h"

namespace pada {

// Pairs the steps of such convolutions, see Step::depthwise. What the depthwise one reads is then kept until the
// pointwise one has run.
void pair_separable(Plan& plan);

}  // namespace pada
