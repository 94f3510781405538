// The launch of the kernel that gathers images.
#pragma once

#include <algorithm>

#include "cuda/kernels.h"

namespace pada::cuda {

inline void gather_images(const Kernels& kernels, const ImagesArguments& arguments) {
  constexpr int64_t kMostBlocks = 4096;
  const int64_t blocks = std::clamp<int64_t>((arguments.pixels + kThreads - 1) / kThreads, 1, kMostBlocks);
  kernels.launch("gather_images", blocks, 1, arguments);
}

}  // namespace pada::cuda
