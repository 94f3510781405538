// Kernels compiled by NVRTC, and the folder that keeps them.
#pragma once

#include <string>

#include "cuda/library.h"
#include "cuda/source.h"

namespace pada::cuda {

struct Compiled {
  std::string binary;
  std::string log;  // of the compiler: warnings, and with `verbose` what each kernel takes
};

// `architecture`: such as "sm_90" for machine code, "compute_90" for PTX, which the driver compiles.
// Throws if there are errors.
Compiled compile(const Nvrtc& nvrtc, Group group, const std::string& architecture, bool verbose);

// The architecture to compile for, on a device of a compute capability such as 90. A device that is newer than NVRTC
// gets PTX.
std::string architecture_for(const Nvrtc& nvrtc, int capability);

// The binary that compile() makes, kept in `folder` if it is not empty. A folder that cannot be written to is no error.
std::string compiled_or_kept(const Nvrtc& nvrtc, Group group, const std::string& architecture,
                             const std::string& folder);

}  // namespace pada::cuda
