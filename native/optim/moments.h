// Mean and variance of every scalar's gradient over steps, by Welford's method.
#pragma once

#include <vector>

#include "state/parameters.h"

namespace pada {

// Counts the gradients of the parameters `indices` as one more observation each: Welford's update of mean and M2.
void record_moments(Parameters& parameters, const std::vector<int>& indices);

// M2 / S of each parameter, averaged over its scalars. S: number of observations; 0 if S is 0.
std::vector<double> mean_variances(const Parameters& parameters);

// Forgets all observations.
void reset_moments(Parameters& parameters);

}  // namespace pada
