// CUDA, where there is any: libtorch_cuda is opened at run time, so that one addon serves machines with and without.
#pragma once

#include <string>
#include <vector>

namespace pada {

// Names of the GPUs that torch can use; empty without libtorch_cuda or without a driver.
std::vector<std::string> cuda_devices();

// Throws, saying why, unless torch can use a GPU.
void require_cuda();

// Waits until the GPU has done all that it was told; a failure is left to whoever reads the results.
void finish_cuda();

}  // namespace pada
