#include "ops/depthwise.h"

#include "cuda/windows.h"
#include "ops/dense.h"

namespace pada {
namespace {

cuda::DepthwiseWindow depthwise_window(const Step& step, const Activations& run) {
  const Shape& out = run.plan.shapes[step.output];
  return {window_on(step.input, step.window, run), static_cast<int>(step.window.dilation), static_cast<int>(out.height),
          static_cast<int>(out.width)};
}

const float* depthwise_weights(const Step& step, const Activations& run) {
  return run.parameters.segment(run.parameters.values, step.weight).const_data_ptr<float>();
}

}  // namespace

bool has_depthwise_kernel(const Step& step, const Activations& run) {
  if (step.relu_input || step.bias >= 0 || !step.parts.empty()) return false;
  const int64_t channels = run.plan.shapes[step.input].channels, kernel = step.window.kernel;
  return step.window.groups == channels && run.plan.shapes[step.output].channels == channels && kernel > 1 &&
         kernel <= cuda::kWidest && rows_fit(step.input, run) && rows_fit(step.output, run) &&
         window_kernels(run) != nullptr;
}

void depthwise_forward(const Step& step, Activations& run) {
  run.values[step.input] = dense(run.values[step.input], run);
  run.values[step.output] = run.empty(step.output);
  cuda::DepthwiseArguments arguments{};
  arguments.x = memory_of(run.values[step.input]);
  arguments.weights = depthwise_weights(step, run);
  arguments.y = run.values[step.output].mutable_data_ptr();
  arguments.window = depthwise_window(step, run);
  cuda::depthwise(*window_kernels(run), row_space(step.output, run), arguments);
}

void depthwise_backward(const Step& step, const at::Tensor& gradient, Activations& run) {
  const at::Tensor of_output = dense(gradient, run);
  run.values[step.input] = dense(run.values[step.input], run);
  cuda::DepthwiseWeightArguments of_weights{};
  of_weights.x = memory_of(run.values[step.input]);
  of_weights.gradient = memory_of(of_output);
  of_weights.weight_gradient = run.parameters.segment(run.parameters.gradients, step.weight).mutable_data_ptr<float>();
  of_weights.window = depthwise_window(step, run);
  cuda::depthwise_weight_gradient(*window_kernels(run), row_space(step.output, run), of_weights);
  if (!run.wants_gradient(step.input)) return;
  cuda::DepthwiseGradientArguments of_input{};
  of_input.gradient = memory_of(of_output);
  of_input.weights = depthwise_weights(step, run);
  of_input.out = gradient_memory(step.input, of_input.accumulate, run);
  of_input.window = depthwise_window(step, run);
  cuda::depthwise_gradient(*window_kernels(run), row_space(step.input, run), of_input);
}

}  // namespace pada
