// How the threads of a launch share the rows of an activation; see Rows of arguments.h.
#pragma once

#include <algorithm>
#include <string>

#include "cuda/kernels.h"

namespace pada::cuda {

// An activation, as rows of channels. Its memory is dense.
struct RowSpace {
  int64_t rows, channels;
  at::ScalarType type;
};

struct Layout {
  Rows rows;
  int64_t tiles;
  std::string suffix;  // of the kernel's name

  int64_t threads() const { return kThreads / rows.lanes; }
  int64_t blocks(int64_t rows_of_thread, int64_t most) const {
    const int64_t wanted = (rows.count + rows_of_thread * threads() - 1) / (rows_of_thread * threads());
    return std::clamp<int64_t>(wanted, 1, std::max<int64_t>(1, most / tiles));
  }
};

inline Layout layout_of(const RowSpace& space) {
  constexpr int64_t kMostLanes = 32;
  const int64_t vector = vector_of(space.channels), vectors = space.channels / vector;
  const int64_t tiles = (vectors + kMostLanes - 1) / kMostLanes, lanes = (vectors + tiles - 1) / tiles;
  const std::string type = space.type == at::kBFloat16 ? "_bfloat16_" : "_float32_";
  return {
      {space.rows, static_cast<int>(space.channels), static_cast<int>(lanes)}, tiles, type + std::to_string(vector)};
}

// Starts a kernel that passes over values once.
template <class Arguments>
void pass(const Kernels& kernels, const char* name, const RowSpace& space, Arguments& arguments) {
  // Rows of a thread, which most kernels read together, and blocks that keep any GPU busy.
  constexpr int64_t kRows = 4, kMostBlocks = 2048;
  const Layout layout = layout_of(space);
  arguments.rows = layout.rows;
  kernels.launch(name + layout.suffix, layout.blocks(kRows, kMostBlocks), layout.tiles, arguments);
}

}  // namespace pada::cuda
