// What the NVIDIA driver says of its GPUs. It is asked through its own library, without torch and without CUDA headers.
#pragma once

#include <string>

namespace pada {

// The driver's name of a GPU.
std::string gpu_name(int index);

// The UUID of a GPU, or of the part of one that is seen, in 32 hexadecimal digits; empty if the driver does not tell.
std::string gpu_uuid(int index);

// Why a torch that is made for a version of CUDA, such as 13020 for 13.2, finds no GPU.
std::string why_no_gpu(long cuda_version);

}  // namespace pada
