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

// Adds noise to the gradients of the parameters in `noise.parameters` that are pending. A seed gives the same numbers
// on any device, with any number of threads and any other parameters.
void add_noise(Parameters& parameters, const GradientNoise& noise);

}  // namespace pada
