// Norms of gradients, and clipping by their global norm.
#pragma once

#include <vector>

#include "state/parameters.h"

namespace pada {

struct GradientNorms {
  std::vector<double> each;  // of the parameters listed, in their order
  double total;
};

GradientNorms gradient_norms(const Parameters& parameters, const std::vector<int>& indices);

// The factor of PyTorch's clip_grad_norm_, max / (norm + 1e-6) and never above 1, in its float32 arithmetic.
double clip_scale(double global_norm, double max_norm);

void scale_gradients(Parameters& parameters, const std::vector<int>& indices, double scale);

}  // namespace pada
