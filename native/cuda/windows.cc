#include "cuda/windows.h"

namespace pada::cuda {

void max_pool(const Kernels& kernels, const RowSpace& space, MaxPoolArguments arguments) {
  pass(kernels, "max_pool", space, arguments);
}

void max_pool_gradient(const Kernels& kernels, const RowSpace& space, MaxPoolGradientArguments arguments) {
  pass(kernels, "max_pool_gradient", space, arguments);
}

void depthwise(const Kernels& kernels, const RowSpace& space, DepthwiseArguments arguments) {
  pass(kernels, "depthwise", space, arguments);
}

void depthwise_gradient(const Kernels& kernels, const RowSpace& space, DepthwiseGradientArguments arguments) {
  pass(kernels, "depthwise_gradient", space, arguments);
}

void depthwise_weight_gradient(const Kernels& kernels, const RowSpace& space, DepthwiseWeightArguments arguments) {
  // Rows of a thread, and blocks of each tile and row of the kernel, whose sums one block adds up.
  constexpr int64_t kRows = 8, kMostBlocks = 64;
  const Layout layout = layout_of(space);
  const int64_t kernel = arguments.window.on.kernel, blocks = layout.blocks(kRows, kMostBlocks * layout.tiles);
  // Freed when the launch is queued: what takes the memory over is queued after it.
  const at::Tensor partial = at::empty({blocks * kernel * kernel * space.channels},
                                       at::TensorOptions().dtype(at::kFloat).device(kernels.device()));
  arguments.rows = layout.rows;
  arguments.partial = partial.mutable_data_ptr<float>();
  arguments.tickets = kernels.tickets();
  kernels.launch("depthwise_weight_gradient" + layout.suffix, blocks, layout.tiles * kernel, arguments);
}

}  // namespace pada::cuda
