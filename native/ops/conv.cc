#include "ops/conv.h"

namespace pada {

void conv_forward(const Step& step, Activations& run) {
  const Parameters& parameters = run.parameters;
  std::optional<at::Tensor> bias;
  if (step.bias >= 0) bias = parameters.view(parameters.values, step.bias);
  const Window& w = step.window;
  run.values[step.output] =
      at::convolution(run.values[step.input], parameters.view(parameters.values, step.weight), bias,
                      {w.stride, w.stride}, {w.padding, w.padding}, {1, 1}, false, {0, 0}, 1)
          .contiguous(at::MemoryFormat::ChannelsLast);
}

void conv_backward(const Step& step, Activations& run) {
  if (!run.gradients[step.output].defined()) return;
  const at::Tensor gradient = std::move(run.gradients[step.output]);
  const Parameters& parameters = run.parameters;
  const Window& w = step.window;
  const int64_t channels = run.plan.shapes[step.output].channels;
  auto [input_gradient, weight_gradient, bias_gradient] = at::convolution_backward(
      gradient, run.values[step.input], parameters.view(parameters.values, step.weight),
      step.bias >= 0 ? at::OptionalIntArrayRef({channels}) : at::OptionalIntArrayRef(std::nullopt), {w.stride, w.stride},
      {w.padding, w.padding}, {1, 1}, false, {0, 0}, 1,
      {run.wants_gradient(step.input), true, step.bias >= 0});
  parameters.view(parameters.gradients, step.weight).add_(weight_gradient);
  if (step.bias >= 0) parameters.view(parameters.gradients, step.bias).add_(bias_gradient);
  if (run.wants_gradient(step.input)) {
    run.add_gradient(step.input, input_gradient.contiguous(at::MemoryFormat::ChannelsLast));
  }
}

}  // namespace pada
