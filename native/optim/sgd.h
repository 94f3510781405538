// Stochastic gradient descent.
#pragma once

#include "optim/optimizer.h"

namespace pada {

// torch.optim.SGD without dampening: v = momentum v + (g + weightDecay w), w = w - rate v.
OptimizerKind sgd();

}  // namespace pada
