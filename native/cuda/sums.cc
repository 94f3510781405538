#include "cuda/sums.h"

#include <algorithm>

namespace pada::cuda {
namespace {

constexpr int64_t kMostLanes = 32;
// Rows of a thread in a reduction: many enough to pay for adding blocks up, few enough to keep the GPU busy.
constexpr int64_t kReducedRows = 8, kMostReducing = 256;
// Rows of a thread in a pass over values, which it reads together; and blocks that keep any GPU busy.
constexpr int64_t kPassedRows = 4, kMostPassing = 2048;

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

Layout layout_of(const RowSpace& space) {
  const int64_t vector = vector_of(space.channels), vectors = space.channels / vector;
  const int64_t tiles = (vectors + kMostLanes - 1) / kMostLanes, lanes = (vectors + tiles - 1) / tiles;
  const std::string type = space.type == at::kBFloat16 ? "_bfloat16_" : "_float32_";
  return {
      {space.rows, static_cast<int>(space.channels), static_cast<int>(lanes)}, tiles, type + std::to_string(vector)};
}

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

template <class Arguments>
void pass(const Kernels& kernels, const char* name, const RowSpace& space, Arguments& arguments) {
  const Layout layout = layout_of(space);
  arguments.rows = layout.rows;
  kernels.launch(name + layout.suffix, layout.blocks(kPassedRows, kMostPassing), layout.tiles, arguments);
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
