// CUDA, if there is any. libtorch_cuda is opened at run time, so one addon serves machines with and without it.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <string>
#include <vector>

namespace pada {

// The folder of libtorch's libraries, with a slash at its end; empty if it is not known.
std::string torch_folder();

// Names of the GPUs that torch can use; empty without libtorch_cuda or without a driver.
std::vector<std::string> cuda_devices();

// What tells these devices from all others, on any machine; empty for one whose driver does not tell.
std::vector<std::string> cuda_uuids();

// "cuda", which is the GPU of this process (0 until set_cuda_device), or "cuda:N". Throws an error with the reason if
// torch cannot use it.
at::Device cuda_device(const std::string& name);
// Sets which GPU "cuda" is from now on.
void set_cuda_device(int64_t index);

// Memory of the CPU for values that a device will have, and the same values on the device. The copy does not wait for
// the device; `values` must stay as they are.
at::Tensor staged(at::IntArrayRef shape, at::ScalarType type, at::Device device,
                  at::MemoryFormat layout = at::MemoryFormat::Contiguous);
at::Tensor uploaded(const at::Tensor& values, at::Device device);

// Whether convolutions and products of float32 may read the upper 19 bits of numbers only. torch's default allows it to
// convolutions.
void allow_tensor_float32(bool allowed);

// Whether cuDNN times its algorithms at the first convolution of a shape, and keeps the fastest for the process;
// another process may take another, which rounds differently. Otherwise it takes what gives the same bits each time.
// Any thread, before anything is computed.
void search_convolutions(bool search);

// Waits until the GPUs have finished their work. Ignores failures: reading the results will report them.
void finish_cuda();

}  // namespace pada
