// Gaussian noise on gradients.
#pragma once

#include <cstdint>
#include <vector>

#include "state/parameters.h"

namespace pada {

struct GradientNoise {
  double deviation = 0;
  uint64_t seed = 0;
  std::vector<int> parameters;  // indices
};

// Adds noise to the gradients of those of `noise.parameters` that are pending: the same numbers for the same seed,
// whatever the device, the threads and the other parameters.
void add_noise(Parameters& parameters, const GradientNoise& noise);

}  // namespace pada
