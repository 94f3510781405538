// Trial steps: parameters go somewhere from where they are, come back, and remember where they went. What inner loops
// are made of (Reptile, SUMNAS).
#pragma once

#include <vector>

#include "state/parameters.h"

namespace pada {

// Keeps the values of the parameters listed. The memory is allocated once.
void take_snapshot(Parameters& parameters, const std::vector<int>& indices);

// Puts the values of the parameters listed back, adding `share` times (snapshot - value) to their displacement.
// `reset_optimizer`: what optimizers keep of these parameters starts again too.
void restore_snapshot(Parameters& parameters, const std::vector<int>& indices, double share, bool reset_optimizer);

// Adds the displacements held to the gradients, as if a backward pass had left them there, and clears them.
void displacement_to_gradients(Parameters& parameters);

}  // namespace pada
