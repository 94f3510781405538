#include "ops/max_pool.h"

#include "cuda/windows.h"
#include "ops/dense.h"
#include "runtime/stopwatch.h"

namespace pada {
namespace {

bool has_max_pool_kernel(const Step& step, const Activations& run) {
  // Places in a window are bytes.
  constexpr int64_t kWidestWindow = 15;
  return window_kernels(run) != nullptr && step.window.kernel <= kWidestWindow && rows_fit(step.input, run) &&
         rows_fit(step.output, run);
}

void max_pool_by_kernel(const Step& step, Activations& run) {
  const Shape& out = run.plan.shapes[step.output];
  run.values[step.input] = dense(run.values[step.input], run);
  run.values[step.output] = run.empty(step.output);
  cuda::MaxPoolArguments arguments{};
  arguments.x = memory_of(run.values[step.input]);
  arguments.y = run.values[step.output].mutable_data_ptr();
  if (run.phase.backward) {
    at::Tensor& where = run.kept[step.output];
    where = empty_activation({run.batch, out.channels, out.height, out.width}, at::kByte, run.parameters.device());
    arguments.where = where.mutable_data_ptr<uint8_t>();
  }
  arguments.window = window_on(step.input, step.window, run);
  arguments.height = static_cast<int>(out.height);
  arguments.width = static_cast<int>(out.width);
  cuda::max_pool(*window_kernels(run), row_space(step.output, run), arguments);
}

void max_pool_gradient_by_kernel(const Step& step, const at::Tensor& where, const at::Tensor& gradient,
                                 Activations& run) {
  const Shape& out = run.plan.shapes[step.output];
  const at::Tensor of_output = dense(gradient, run);
  cuda::MaxPoolGradientArguments arguments{};
  arguments.gradient = memory_of(of_output);
  arguments.where = where.const_data_ptr<uint8_t>();
  arguments.out = gradient_memory(step.input, arguments.accumulate, run);
  arguments.window = window_on(step.input, step.window, run);
  arguments.height = static_cast<int>(out.height);
  arguments.width = static_cast<int>(out.width);
  cuda::max_pool_gradient(*window_kernels(run), row_space(step.input, run), arguments);
}

}  // namespace

void max_pool_forward(const Step& step, Activations& run) {
  const Stopwatch::Scope scope(Family::Pool);
  if (has_max_pool_kernel(step, run)) return max_pool_by_kernel(step, run);
  const Window& w = step.window;
  auto [y, indices] = at::max_pool2d_with_indices(run.values[step.input], {w.kernel, w.kernel}, {w.stride, w.stride},
                                                  {w.padding, w.padding}, {1, 1}, false);
  run.values[step.output] = y.contiguous(at::MemoryFormat::ChannelsLast);
  if (run.phase.backward) run.kept[step.output] = std::move(indices);
}

void max_pool_backward(const Step& step, Activations& run) {
  const at::Tensor kept = std::move(run.kept[step.output]);
  if (!run.gradients[step.output].defined() || !run.wants_gradient(step.input)) return;
  const Stopwatch::Scope scope(Family::Pool);
  if (has_max_pool_kernel(step, run)) return max_pool_gradient_by_kernel(step, kept, run.gradients[step.output], run);
  const Window& w = step.window;
  // Only the extent and type of the input are read.
  const at::Tensor gradient =
      at::max_pool2d_with_indices_backward(run.gradients[step.output], run.empty(step.input), {w.kernel, w.kernel},
                                           {w.stride, w.stride}, {w.padding, w.padding}, {1, 1}, false, kept);
  run.add_gradient(step.input, gradient.contiguous(at::MemoryFormat::ChannelsLast));
}

}  // namespace pada
