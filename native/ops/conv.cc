#include "ops/conv.h"

#include "ops/direct_conv.h"

namespace pada {
namespace {

ConvShape shape_of(const Step& step, const Activations& run) {
  const Shape &in = run.plan.shapes[step.input], &out = run.plan.shapes[step.output];
  return {run.batch, in.height, in.width, in.channels, out.channels, step.window.kernel, step.window.stride};
}

bool is_direct(const Step& step, const Activations& run) {
  const ConvShape shape = shape_of(step, run);
  return run.kernels && step.bias < 0 && step.window.padding == shape.padding() && has_direct_conv(shape);
}

void aten_forward(const Step& step, Activations& run) {
  const Parameters& parameters = run.parameters;
  std::optional<at::Tensor> bias;
  if (step.bias >= 0) bias = parameters.view(parameters.values, step.bias);
  const Window& w = step.window;
  run.values[step.output] =
      at::convolution(run.values[step.input], parameters.view(parameters.values, step.weight), bias,
                      {w.stride, w.stride}, {w.padding, w.padding}, {1, 1}, false, {0, 0}, 1)
          .contiguous(at::MemoryFormat::ChannelsLast);
}

// `with_weight`: also the gradients of weight and bias.
void aten_backward(const Step& step, const at::Tensor& gradient, bool with_weight, Activations& run) {
  const Parameters& parameters = run.parameters;
  const Window& w = step.window;
  const int64_t channels = run.plan.shapes[step.output].channels;
  const bool with_input = run.wants_gradient(step.input), with_bias = with_weight && step.bias >= 0;
  auto [input_gradient, weight_gradient, bias_gradient] = at::convolution_backward(
      gradient, run.values[step.input], parameters.view(parameters.values, step.weight),
      with_bias ? at::OptionalIntArrayRef({channels}) : at::OptionalIntArrayRef(std::nullopt), {w.stride, w.stride},
      {w.padding, w.padding}, {1, 1}, false, {0, 0}, 1, {with_input, with_weight, with_bias});
  if (with_weight) parameters.view(parameters.gradients, step.weight).add_(weight_gradient);
  if (with_bias) parameters.view(parameters.gradients, step.bias).add_(bias_gradient);
  if (with_input) run.add_gradient(step.input, input_gradient.contiguous(at::MemoryFormat::ChannelsLast));
}

}  // namespace

void conv_forward(const Step& step, Activations& run) {
  if (!is_direct(step, run)) return aten_forward(step, run);
  run.values[step.output] = run.empty(step.output);
  const Parameters& parameters = run.parameters;
  direct_conv_forward(shape_of(step, run), run.values[step.input].const_data_ptr<float>(),
                      parameters.segment(parameters.values, step.weight).const_data_ptr<float>(),
                      run.values[step.output].mutable_data_ptr<float>());
}

void conv_backward(const Step& step, Activations& run) {
  if (!run.gradients[step.output].defined()) return;
  const at::Tensor gradient = std::move(run.gradients[step.output]);
  if (!is_direct(step, run)) return aten_backward(step, gradient, true, run);

  const ConvShape shape = shape_of(step, run);
  const Parameters& parameters = run.parameters;
  const float* y_gradient = gradient.const_data_ptr<float>();
  direct_conv_weight_gradient(shape, run.values[step.input].const_data_ptr<float>(), y_gradient,
                              parameters.segment(parameters.gradients, step.weight).mutable_data_ptr<float>());
  if (!run.wants_gradient(step.input)) return;
  if (!has_direct_input_gradient(shape)) return aten_backward(step, gradient, false, run);
  at::Tensor& held = run.gradients[step.input];
  const bool accumulate = held.defined();
  if (!accumulate) held = run.empty(step.input);
  direct_conv_input_gradient(shape, y_gradient,
                             parameters.segment(parameters.values, step.weight).const_data_ptr<float>(),
                             held.mutable_data_ptr<float>(), accumulate);
}

}  // namespace pada
