// CUDA, if there is any. libtorch_cuda is opened at run time, so one addon serves machines with and without it.
#pragma once

#include <string>
#include <vector>

namespace pada {

// Names of the GPUs that torch can use; empty without libtorch_cuda or without a driver.
std::vector<std::string> cuda_devices();

// Throws an error with the reason if torch cannot use a GPU.
void require_cuda();

// Waits until the GPU has finished its work. Ignores failures: reading the results will report them.
void finish_cuda();

}  // namespace pada
