// Whether kernels compute what ATen computes on the same device, on a few small tensors: milliseconds.
#pragma once

#include <string>

#include "cuda/kernels.h"

namespace pada::cuda {

// The first result that differs beyond rounding, in words; empty if there is none.
std::string difference_to_aten(Group group, const Kernels& kernels);

}  // namespace pada::cuda
