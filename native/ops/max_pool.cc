#include "ops/max_pool.h"

#include "runtime/stopwatch.h"

namespace pada {

void max_pool_forward(const Step& step, Activations& run) {
  const Stopwatch::Scope scope(Family::Pool);
  const Window& w = step.window;
  auto [y, indices] = at::max_pool2d_with_indices(run.values[step.input], {w.kernel, w.kernel}, {w.stride, w.stride},
                                                  {w.padding, w.padding}, {1, 1}, false);
  run.values[step.output] = y.contiguous(at::MemoryFormat::ChannelsLast);
  if (run.phase.backward) run.kept[step.output] = std::move(indices);
}

void max_pool_backward(const Step& step, Activations& run) {
  const at::Tensor indices = std::move(run.kept[step.output]);
  if (!run.gradients[step.output].defined() || !run.wants_gradient(step.input)) return;
  const Stopwatch::Scope scope(Family::Pool);
  const Window& w = step.window;
  // Only the extent and type of the input are read.
  const at::Tensor gradient =
      at::max_pool2d_with_indices_backward(run.gradients[step.output], run.empty(step.input), {w.kernel, w.kernel},
                                           {w.stride, w.stride}, {w.padding, w.padding}, {1, 1}, false, indices);
  run.add_gradient(step.input, gradient.contiguous(at::MemoryFormat::ChannelsLast));
}

}  // namespace pada
