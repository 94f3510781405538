// Sweeps over the flat parameter memory: norms, clipping, gradient moments, SGD. On the CPU one loop each over the
// segments concerned; on other devices the same by ATen.
#pragma once

#include <cstdint>
#include <vector>

#include "state/parameters.h"

namespace pada {

struct GradientNorms {
  std::vector<double> each;  // of the parameters listed, in their order
  double total;
};

GradientNorms gradient_norms(const Parameters& parameters, const std::vector<int>& indices);

void scale_gradients(Parameters& parameters, const std::vector<int>& indices, double scale);

// Gaussian noise on the gradients held of those of `parameters` that are pending: the same numbers for the same seed,
// whatever the device, the threads and the other parameters.
struct GradientNoise {
  double deviation = 0;
  uint64_t seed = 0;
  std::vector<int> parameters;
};

void add_noise(Parameters& parameters, const GradientNoise& noise);

// Counts the gradients held of `indices` as one more observation each: Welford's update of mean and M2.
void record_moments(Parameters& parameters, const std::vector<int>& indices);

// M2 / S of each parameter, averaged over its scalars; 0 where S is 0.
std::vector<double> mean_variances(const Parameters& parameters);

struct SgdOptions {
  double learning_rate, momentum, weight_decay;
  bool decay_unsampled;  // momentum and weight decay also for parameters sampled earlier, but not in this step
};

// torch.optim.SGD's update of the pending parameters; clears their gradients.
void sgd_update(Parameters& parameters, const SgdOptions& options);

// Clears the gradients held: nothing is pending any more.
void discard_gradients(Parameters& parameters);

}  // namespace pada
