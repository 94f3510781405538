#include "ops/max_pool.h"

#include "ops/cpu/max_pool_rows.h"
#include "runtime/stopwatch.h"

namespace pada {
namespace {

bool has_kernel(const Step& step, const Activations& run) {
  return run.kernels && step.window.kernel * step.window.kernel <= kMostPooledTaps;
}

void kernel_forward(const Step& step, Activations& run) {
  run.values[step.output] = run.empty(step.output);
  uint8_t* taps = nullptr;
  if (run.phase.backward) {
    run.kept[step.output] = at::empty({run.elements(step.output)}, at::kByte);
    taps = run.kept[step.output].mutable_data_ptr<uint8_t>();
  }
  run.with_type([&]<class T>(T) {
    max_pool_rows(values_of<T>(run.values[step.input]), mutable_values_of<T>(run.values[step.output]), taps, run.batch,
                  run.plan.shapes[step.input], run.plan.shapes[step.output], step.window);
  });
}

void kernel_backward(const Step& step, const at::Tensor& taps, Activations& run) {
  at::Tensor& held = run.gradients[step.input];
  const bool accumulate = held.defined();
  if (!accumulate) held = run.empty(step.input);
  run.with_type([&]<class T>(T) {
    max_pool_rows_backward(values_of<T>(run.gradients[step.output]), taps.const_data_ptr<uint8_t>(),
                           mutable_values_of<T>(held), accumulate, run.batch, run.plan.shapes[step.input],
                           run.plan.shapes[step.output], step.window);
  });
}

}  // namespace

void max_pool_forward(const Step& step, Activations& run) {
  const Stopwatch::Scope scope(Family::Pool);
  if (has_kernel(step, run)) return kernel_forward(step, run);
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
  if (has_kernel(step, run)) return kernel_backward(step, indices, run);
  const Window& w = step.window;
  // Only the extent and type of the input are read.
  const at::Tensor gradient =
      at::max_pool2d_with_indices_backward(run.gradients[step.output], run.empty(step.input), {w.kernel, w.kernel},
                                           {w.stride, w.stride}, {w.padding, w.padding}, {1, 1}, false, indices);
  run.add_gradient(step.input, gradient.contiguous(at::MemoryFormat::ChannelsLast));
}

}  // namespace pada
