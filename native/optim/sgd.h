// Stochastic gradient descent.
#pragma once

#include "optim/optimizer.h"

namespace pada {

// torch.optim.SGD without dampening: g = g + weightDecay w, v = momentum v + g, w = w - rate v. With `nesterov`,
// w = w - rate (g + momentum v).
OptimizerKind sgd();

}  // namespace pada
