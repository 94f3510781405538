// Norms of gradients, and clipping by their global norm.
#pragma once

#include <vector>

#include "state/parameters.h"

namespace pada {

struct GradientNorms {
  std::vector<double> each;  // one per index, in the order of the indices
  double total;
};

GradientNorms gradient_norms(const Parameters& parameters, const std::vector<int>& indices);

// The factor of PyTorch's clip_grad_norm_, min(1, max_norm / (global_norm + 1e-6)), in its float32 arithmetic; NaN if
// the norm is.
double clip_scale(double global_norm, double max_norm);

void scale_gradients(Parameters& parameters, const std::vector<int>& indices, double scale);

}  // namespace pada
