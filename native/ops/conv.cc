#include "ops/conv.h"

#include "ops/cpu/conv_kernels.h"
#include "runtime/stopwatch.h"

namespace pada {
namespace {

ConvShape shape_of(const Step& step, const Activations& run) {
  const Shape &in = run.plan.shapes[step.input], &out = run.plan.shapes[step.output];
  const Window& w = step.window;
  return {run.batch, in.height, in.width,  in.channels, out.channels,
          w.kernel,  w.stride,  w.padding, w.dilation,  w.groups};
}

bool has_kernel(const Step& step, const Activations& run) {
  const ConvShape shape = shape_of(step, run);
  return run.kernels && step.bias < 0 && has_conv_kernel(shape) &&
         (!run.wants_gradient(step.input) || has_input_gradient_kernel(shape));
}

// True if only a batch norm reads the output and it needs the statistics of this batch.
bool wants_statistics(const Step& step, const Activations& run) {
  return step.feeds_norm && (!step.norm_has_running || run.phase.momentum);
}

at::Tensor aten_input(const Step& step, const Activations& run) {
  const at::Tensor& x = run.values[step.input];
  return step.relu_input ? at::relu(x) : x;
}

at::Tensor aten_weight(const Step& step, const Activations& run) {
  return run.parameters.view(run.parameters.values, step.weight).to(run.type());
}

void aten_forward(const Step& step, Activations& run) {
  const Parameters& parameters = run.parameters;
  std::optional<at::Tensor> bias;
  if (step.bias >= 0) bias = parameters.view(parameters.values, step.bias).to(run.type());
  const Window& w = step.window;
  run.values[step.output] = at::convolution(aten_input(step, run), aten_weight(step, run), bias, {w.stride, w.stride},
                                            {w.padding, w.padding}, {w.dilation, w.dilation}, false, {0, 0}, w.groups)
                                .contiguous(at::MemoryFormat::ChannelsLast);
}

// The layout of images for ATen's backward pass. With AVX2, oneDNN (3.13 at least) sometimes gives a wrong weight
// gradient for strided pointwise convolutions. This happens if images are channels-last and their channels do not fill
// its vectors.
at::MemoryFormat backward_layout(const Step& step, const Activations& run) {
  constexpr int64_t kLanes = 8;
  const Window& w = step.window;
  const bool risky = w.kernel == 1 && w.stride > 1 && run.plan.shapes[step.input].channels % kLanes != 0;
  return risky ? at::MemoryFormat::Contiguous : at::MemoryFormat::ChannelsLast;
}

void aten_backward(const Step& step, const at::Tensor& gradient, Activations& run) {
  const Parameters& parameters = run.parameters;
  const at::MemoryFormat layout = backward_layout(step, run);
  const Window& w = step.window;
  const int64_t channels = run.plan.shapes[step.output].channels;
  const bool with_input = run.wants_gradient(step.input), with_bias = step.bias >= 0;
  auto [input_gradient, weight_gradient, bias_gradient] = at::convolution_backward(
      gradient.contiguous(layout), aten_input(step, run).contiguous(layout), aten_weight(step, run),
      with_bias ? at::OptionalIntArrayRef({channels}) : at::OptionalIntArrayRef(std::nullopt), {w.stride, w.stride},
      {w.padding, w.padding}, {w.dilation, w.dilation}, false, {0, 0}, w.groups, {with_input, true, with_bias});
  parameters.view(parameters.gradients, step.weight).add_(weight_gradient);
  if (with_bias) parameters.view(parameters.gradients, step.bias).add_(bias_gradient);
  if (!with_input) return;
  if (step.relu_input) input_gradient = at::threshold_backward(input_gradient, run.values[step.input], 0);
  run.add_gradient(step.input, input_gradient.contiguous(at::MemoryFormat::ChannelsLast));
}

// `affine`: null if `gradient` is the gradient of the output. Otherwise `gradient` times `factors` belongs to the batch
// norm that reads the output, and `affine` maps it to the output's gradient.
void kernel_backward(const Step& step, const at::Tensor& gradient, const ChannelAffine* affine, const float* factors,
                     Activations& run) {
  const Parameters& parameters = run.parameters;
  at::Tensor* held = run.wants_gradient(step.input) ? &run.gradients[step.input] : nullptr;
  const bool accumulate = held != nullptr && held->defined();
  if (held != nullptr && !accumulate) *held = run.empty(step.input);
  run.with_type([&]<class T>(T) {
    OutputGradient<T> output{values_of<T>(gradient)};
    if (affine != nullptr) output = {output.gradient, values_of<T>(run.values[step.output]), affine, factors};
    conv_kernel_backward(shape_of(step, run), values_of<T>(run.values[step.input]), step.relu_input, output,
                         parameters.segment(parameters.values, step.weight).const_data_ptr<float>(),
                         held == nullptr ? nullptr : mutable_values_of<T>(*held), accumulate,
                         parameters.segment(parameters.gradients, step.weight).mutable_data_ptr<float>());
  });
}

}  // namespace

void conv_forward(const Step& step, Activations& run) {
  const Stopwatch::Scope scope(Family::ConvForward);
  if (!has_kernel(step, run)) return aten_forward(step, run);
  run.values[step.output] = run.empty(step.output);
  const Parameters& parameters = run.parameters;
  run.with_type([&]<class T>(T) {
    conv_kernel_forward(shape_of(step, run), values_of<T>(run.values[step.input]), step.relu_input,
                        parameters.segment(parameters.values, step.weight).const_data_ptr<float>(),
                        mutable_values_of<T>(run.values[step.output]),
                        wants_statistics(step, run) ? &run.statistics[step.output] : nullptr);
  });
}

void conv_backward(const Step& step, Activations& run) {
  if (!run.gradients[step.output].defined()) return;
  const Stopwatch::Scope scope(Family::ConvBackward);
  const at::Tensor gradient = std::move(run.gradients[step.output]);
  if (has_kernel(step, run))
    kernel_backward(step, gradient, nullptr, nullptr, run);
  else
    aten_backward(step, gradient, run);
}

bool conv_backward_through_norm(const Step& step, const at::Tensor& gradient, const ChannelAffine& affine,
                                const float* factors, Activations& run) {
  if (!has_kernel(step, run) || (factors != nullptr && !reads_sample_factors(shape_of(step, run)))) return false;
  const Stopwatch::Scope scope(Family::ConvBackward);
  kernel_backward(step, gradient, &affine, factors, run);
  return true;
}

}  // namespace pada
