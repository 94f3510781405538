#include "ops/relu.h"

namespace pada {

at::Tensor aten_relu(const at::Tensor& x, float ceiling) {
  return ceiling == Step::kNoCeiling ? at::relu(x) : at::hardtanh(x, 0, ceiling);
}

at::Tensor aten_relu_backward(const at::Tensor& gradient, const at::Tensor& relu, float ceiling) {
  if (ceiling == Step::kNoCeiling) return at::threshold_backward(gradient, relu, 0);
  return at::hardtanh_backward(gradient, relu, 0, ceiling);
}

void relu_step_forward(const Step& step, Activations& run) {
  run.values[step.output] = aten_relu(run.values[step.input], step.ceiling);
}

void relu_step_backward(const Step& step, Activations& run) {
  if (!run.gradients[step.output].defined() || !run.wants_gradient(step.input)) return;
  run.add_gradient(step.input, aten_relu_backward(run.gradients[step.output], run.values[step.output], step.ceiling));
}

}  // namespace pada
