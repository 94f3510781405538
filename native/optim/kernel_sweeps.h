// The sweeps of a step by the kernels of a GPU, each in one launch over all parameters.
#pragma once

#include <vector>

#include "cuda/kernels.h"
#include "optim/optimizer.h"

namespace pada {

// Counts the gradients as one more observation (see moments.h) and measures them. Returns float64 on the device: the
// norm of each parameter's gradient in the order of the indices, the norm of all, and the factor that clips it to
// `max_norm`.
at::Tensor record_and_measure(const cuda::Kernels& kernels, Parameters& parameters, const std::vector<int>& indices,
                              double max_norm);

// Moves the parameters by their gradients, which are zero afterwards. `scale`: a float64 factor of the gradients on the
// device, or undefined.
void update_by_kernel(const cuda::Kernels& kernels, Parameters& parameters, const std::vector<int>& indices,
                      const KernelUpdate& update, const at::Tensor& scale);

}  // namespace pada
