// The C interfaces of NVRTC, which compiles kernels, and of CUDA's driver, which runs them
// (docs.nvidia.com/cuda/nvrtc, docs.nvidia.com/cuda/cuda-driver-api). Both are opened at run time, so the addon is
// built where there is no CUDA.
#pragma once

#include <cstddef>
#include <string>

namespace pada::cuda {

struct Nvrtc {
  int (*version)(int*, int*);
  int (*architecture_count)(int*);
  int (*architectures)(int*);
  int (*create)(void**, const char*, const char*, int, const char* const*, const char* const*);
  int (*destroy)(void**);
  int (*compile)(void*, int, const char* const*);
  int (*log_size)(void*, size_t*);
  int (*log)(void*, char*);
  int (*cubin_size)(void*, size_t*);
  int (*cubin)(void*, char*);
  int (*ptx_size)(void*, size_t*);
  int (*ptx)(void*, char*);
  const char* (*error_string)(int);
};

struct Driver {
  int (*device)(int*, int);
  int (*attribute)(int*, int, int);
  int (*load_module)(void**, const void*);
  int (*function)(void**, void*, const char*);
  int (*launch)(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*, void**, void**);
  int (*error_string)(int, const char**);
};

// Of a library that has their functions, or whose dependencies have them. Libraries stay open until the process ends.
// Throws if it cannot be opened or lacks one.
const Nvrtc& open_nvrtc(const std::string& library);
const Driver& open_driver(const std::string& library);

}  // namespace pada::cuda
