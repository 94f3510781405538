#include "ops/conv.h"

#include "ops/arrange.h"
#include "ops/cpu/conv_separable.h"
#include "ops/depthwise.h"
#include "ops/packed_weights.h"
#include "ops/relu.h"
#include "ops/select.h"
#include "runtime/stopwatch.h"

namespace pada {
namespace {

ConvShape shape_of(const Step& step, const Activations& run) {
  const Shape &in = run.plan.shapes[step.input], &out = run.plan.shapes[step.output];
  const Window& w = step.window;
  if (selects_pixels(step, run)) return {run.batch, out.height, out.width, in.channels, out.channels, 1, 1, 0, 1, 1};
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

// The depthwise convolution that the step computes with its own, or null. Training in bfloat16 computes them one after
// the other: computing the first one again takes longer there than reading it, though it would save memory.
const Step* computed_depthwise(const Step& step, const Activations& run) {
  if (step.depthwise < 0 || (run.phase.backward && run.precision == Precision::BFloat16)) return nullptr;
  const Step& depthwise = run.plan.steps[step.depthwise];
  return has_kernel(depthwise, run) && has_kernel(step, run) ? &depthwise : nullptr;
}

bool is_computed_by_pointwise(const Step& step, const Activations& run) {
  return step.pointwise >= 0 && computed_depthwise(run.plan.steps[step.pointwise], run) != nullptr;
}

// Before the ReLU.
at::Tensor aten_input(const Step& step, const Activations& run) {
  if (selects_pixels(step, run)) return selected_pixels(step, run);
  return step.parts.empty() ? run.values[step.input] : concatenate(step.parts, run);
}

at::Tensor through_relu(const Step& step, const at::Tensor& x) {
  return step.relu_input ? aten_relu(x, step.ceiling) : x;
}

// Selected pixels lie next to each other.
int64_t aten_stride(const Step& step, const Activations& run) {
  return selects_pixels(step, run) ? 1 : step.window.stride;
}

void aten_conv_forward(const Step& step, Activations& run) {
  const Parameters& parameters = run.parameters;
  std::optional<at::Tensor> bias;
  if (step.bias >= 0) bias = parameters.view(parameters.values, step.bias).to(run.type());
  const Window& w = step.window;
  const int64_t stride = aten_stride(step, run);
  run.values[step.output] =
      at::convolution(through_relu(step, aten_input(step, run)), conv_weight(step.weight, run), bias, {stride, stride},
                      {w.padding, w.padding}, {w.dilation, w.dilation}, false, {0, 0}, w.groups)
          .contiguous(at::MemoryFormat::ChannelsLast);
}

// The layout of images for ATen's backward pass. What oneDNN misreads, it misreads less if images are not
// channels-last.
at::MemoryFormat backward_layout(const Step& step, const Activations& run) {
  const bool is_risky = !selects_pixels(step, run) &&
                        is_misread(step.window, run.plan.shapes[step.input].channels, run.parameters.device());
  return is_risky ? at::MemoryFormat::Contiguous : at::MemoryFormat::ChannelsLast;
}

void aten_backward(const Step& step, const at::Tensor& gradient, Activations& run) {
  const Parameters& parameters = run.parameters;
  const at::MemoryFormat layout = backward_layout(step, run);
  const Window& w = step.window;
  const int64_t channels = run.plan.shapes[step.output].channels;
  const bool with_input = run.wants_gradient(step.input), with_bias = step.bias >= 0;
  const int64_t stride = aten_stride(step, run);
  const at::Tensor x = aten_input(step, run);
  auto [input_gradient, weight_gradient, bias_gradient] = at::convolution_backward(
      gradient.contiguous(layout), through_relu(step, x).contiguous(layout), conv_weight(step.weight, run),
      with_bias ? at::OptionalIntArrayRef({channels}) : at::OptionalIntArrayRef(std::nullopt), {stride, stride},
      {w.padding, w.padding}, {w.dilation, w.dilation}, false, {0, 0}, w.groups, {with_input, true, with_bias});
  add_weight_gradient(step.weight, weight_gradient, run);
  if (with_bias) parameters.view(parameters.gradients, step.bias).add_(bias_gradient);
  if (!with_input) return;
  if (step.relu_input) input_gradient = aten_relu_backward(input_gradient, x, step.ceiling);
  input_gradient = input_gradient.contiguous(at::MemoryFormat::ChannelsLast);
  if (selects_pixels(step, run))
    add_selected_gradient(input_gradient, step, run);
  else if (step.parts.empty())
    run.add_gradient(step.input, std::move(input_gradient));
  else
    add_split_gradient(input_gradient, step.parts, run);
}

// `selected`: the selected pixels, or undefined if the convolution selects none.
template <class T>
ConvInput<T> kernel_input(const Step& step, const at::Tensor& selected, const Activations& run) {
  ConvInput<T> input;
  input.relu = step.relu_input;
  input.ceiling = step.ceiling;
  if (selected.defined()) {
    input.parts.push_back({values_of<T>(selected), selected.size(1)});
    return input;
  }
  const auto add = [&](int value) {
    input.parts.push_back({values_of<T>(run.values[value]), run.plan.shapes[value].channels});
  };
  if (conv_reads_through_norm(step, run)) {
    add(run.plan.steps[step.norm].terms[0].input);
    input.norm = &run.deferred[step.input].map;
  } else if (step.parts.empty()) {
    add(step.input);
  } else {
    for (int part : step.parts) add(part);
  }
  return input;
}

// The same for the backward pass, which writes the gradients of the parts or, if pixels are selected, that of those.
template <class T>
ConvInput<T> kernel_input_with_gradient(const Step& step, const at::Tensor& selected,
                                        const at::Tensor& selected_gradient, Activations& run) {
  ConvInput<T> input = kernel_input<T>(step, selected, run);
  if (selected_gradient.defined()) input.parts[0].gradient = mutable_values_of<T>(selected_gradient);
  for (size_t i = 0; !selected.defined() && i < input.parts.size(); i++) {
    const int value = step.parts.empty() ? step.input : step.parts[i];
    if (!run.wants_gradient(value)) continue;
    at::Tensor& held = run.gradients[value];
    input.parts[i].accumulate = held.defined();
    if (!held.defined()) held = run.empty(value);
    input.parts[i].gradient = mutable_values_of<T>(held);
  }
  if (input.norm != nullptr) {
    input.norm_mean = run.statistics[run.plan.steps[step.norm].terms[0].input].mean.data();
    input.norm_sums = &run.deferred[step.input].sums;
  }
  return input;
}

const float* weight_of(const Step& step, const Activations& run) {
  return run.parameters.segment(run.parameters.values, step.weight).const_data_ptr<float>();
}

float* weight_gradient_of(const Step& step, const Activations& run) {
  return run.parameters.segment(run.parameters.gradients, step.weight).mutable_data_ptr<float>();
}

// `affine`: null if `gradient` is the gradient of the output. Otherwise `gradient` times `factors` belongs to the batch
// norm that reads the output, and `affine` maps it to the output's gradient.
template <class T>
OutputGradient<T> output_gradient(const Step& step, const at::Tensor& gradient, const ChannelAffine* affine,
                                  const float* factors, const Activations& run) {
  if (affine == nullptr) return {values_of<T>(gradient)};
  return {values_of<T>(gradient), values_of<T>(run.values[step.output]), affine, factors};
}

void kernel_backward(const Step& step, const at::Tensor& gradient, const ChannelAffine* affine, const float* factors,
                     Activations& run) {
  at::Tensor selected, selected_gradient;
  if (selects_pixels(step, run)) {
    selected = selected_pixels(step, run);
    if (run.wants_gradient(step.input)) {
      const Shape& out = run.plan.shapes[step.output];
      selected_gradient =
          empty_activation({run.batch, selected.size(1), out.height, out.width}, run.type(), selected.device());
    }
  }
  run.with_type([&]<class T>(T) {
    const OutputGradient<T> output = output_gradient<T>(step, gradient, affine, factors, run);
    if (const Step* depthwise = computed_depthwise(step, run)) {
      separable_backward({shape_of(*depthwise, run), shape_of(step, run)},
                         kernel_input_with_gradient<T>(*depthwise, {}, {}, run), output,
                         {weight_of(*depthwise, run), weight_of(step, run)},
                         {weight_gradient_of(*depthwise, run), weight_gradient_of(step, run)});
    } else {
      conv_kernel_backward(shape_of(step, run), kernel_input_with_gradient<T>(step, selected, selected_gradient, run),
                           output, weight_of(step, run), weight_gradient_of(step, run));
    }
  });
  if (selected_gradient.defined()) add_selected_gradient(selected_gradient, step, run);
}

}  // namespace

void conv_forward(const Step& step, Activations& run) {
  const Stopwatch::Scope scope(Family::ConvForward);
  if (is_computed_by_pointwise(step, run)) return;
  if (has_depthwise_kernel(step, run)) return depthwise_forward(step, run);
  if (!has_kernel(step, run)) return aten_conv_forward(step, run);
  run.values[step.output] = run.empty(step.output);
  const at::Tensor selected = selects_pixels(step, run) ? selected_pixels(step, run) : at::Tensor();
  ChannelStatistics* statistics = wants_statistics(step, run) ? &run.statistics[step.output] : nullptr;
  run.with_type([&]<class T>(T) {
    T* y = mutable_values_of<T>(run.values[step.output]);
    if (const Step* depthwise = computed_depthwise(step, run)) {
      separable_forward({shape_of(*depthwise, run), shape_of(step, run)}, kernel_input<T>(*depthwise, {}, run),
                        {weight_of(*depthwise, run), weight_of(step, run)}, y, statistics);
    } else {
      conv_kernel_forward(shape_of(step, run), kernel_input<T>(step, selected, run), weight_of(step, run), y,
                          statistics);
    }
  });
}

bool conv_reads_through_norm(const Step& step, const Activations& run) {
  return step.norm >= 0 && has_kernel(step, run);
}

void conv_backward(const Step& step, Activations& run) {
  if (!run.gradients[step.output].defined()) return;
  const Stopwatch::Scope scope(Family::ConvBackward);
  const at::Tensor gradient = std::move(run.gradients[step.output]);
  if (has_depthwise_kernel(step, run)) return depthwise_backward(step, gradient, run);
  if (has_kernel(step, run)) return kernel_backward(step, gradient, nullptr, nullptr, run);
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
