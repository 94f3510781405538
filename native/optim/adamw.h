// Adam with decoupled weight decay.
#pragma once

#include "optim/optimizer.h"

namespace pada {

// torch.optim.AdamW (Loshchilov and Hutter, 2019). The bias correction of a parameter counts its own updates.
OptimizerKind adamw();

}  // namespace pada
