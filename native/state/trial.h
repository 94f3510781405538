// Trials, the inner loops of Reptile and SUMNAS: parameters move, return to where they started, and their displacement
// is kept.
#pragma once

#include <vector>

#include "state/parameters.h"

namespace pada {

// Begins a trial: keeps the values of the parameters `indices` as its start. The first trial allocates the memory.
void begin_trial(Parameters& parameters, const std::vector<int>& indices);

// Ends a trial: adds `share` times (start - value) to the displacement of the parameters `indices`, then puts them back
// to the start. `reset_optimizer`: also resets their optimizer slots.
void end_trial(Parameters& parameters, const std::vector<int>& indices, double share, bool reset_optimizer);

// Adds the displacements to the gradients, as if a backward pass had computed them, and clears them.
void displacement_to_gradients(Parameters& parameters);

}  // namespace pada
