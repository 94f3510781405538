#include "cuda/sums.h"

#include <algorithm>

namespace pada::cuda {
namespace {

// Rows of a thread in a reduction: many enough to pay for adding blocks up, few enough to keep the GPU busy.
constexpr int64_t kReducedRows = 8, kMostReducing = 256;

template <class Arguments>
void reduce(const Kernels& kernels, const char* name, const RowSpace& space, Arguments& arguments) {
  const Layout layout = layout_of(space);
  const int64_t blocks = layout.blocks(kReducedRows, kMostReducing);
  // Freed when the launch is queued: what takes the memory over is queued after it.
  const at::Tensor partial = at::empty({std::max<int64_t>(1, blocks * arguments.count * 2 * space.channels)},
                                       at::TensorOptions().dtype(at::kFloat).device(kernels.device()));
  arguments.rows = layout.rows;
  arguments.reduction = {partial.mutable_data_ptr<float>(), kernels.tickets()};
  kernels.launch(name + layout.suffix, blocks, layout.tiles, arguments);
}

}  // namespace

void norm_statistics(const Kernels& kernels, const RowSpace& space, StatisticsArguments arguments) {
  reduce(kernels, "norm_statistics", space, arguments);
}

void sum_terms(const Kernels& kernels, const RowSpace& space, SumArguments arguments) {
  pass(kernels, "sum_terms", space, arguments);
}

void sum_gradients(const Kernels& kernels, const RowSpace& space, GradientArguments arguments) {
  reduce(kernels, "sum_gradients", space, arguments);
}

void term_gradients(const Kernels& kernels, const RowSpace& space, TermGradientArguments arguments) {
  pass(kernels, "term_gradients", space, arguments);
}

void pool_gradient(const Kernels& kernels, const RowSpace& space, PoolGradientArguments arguments) {
  pass(kernels, "pool_gradient", space, arguments);
}

}  // namespace pada::cuda
