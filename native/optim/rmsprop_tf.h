// RMSprop as TensorFlow computes it.
#pragma once

#include "optim/optimizer.h"

namespace pada {

// timm's RMSpropTF with the learning rate in the momentum buffer: g = g + weightDecay w, s = s + (1 - alpha) (g^2 - s)
// with s = 1 at first, v = momentum v + rate g / sqrt(s + epsilon), w = w - v.
OptimizerKind rmsprop_tf();

}  // namespace pada
