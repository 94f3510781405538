#include "ops/arrange.h"

#include <cstring>

#include "ops/cpu/grain.h"

namespace pada {
namespace {

// Copies `bytes` of every pixel between an activation and its channels in a concatenation. Strides are bytes per pixel.
void copy_channels(const char* from, int64_t from_stride, char* to, int64_t to_stride, int64_t bytes, int64_t pixels) {
  at::parallel_for(0, pixels, grain(bytes, kElementsPerShare), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) std::memcpy(to + i * to_stride, from + i * from_stride, bytes);
  });
}

// The part of a larger activation that a crop takes.
at::Tensor part(const at::Tensor& whole, const Step& step, const Activations& run) {
  const Shape& s = run.plan.shapes[step.output];
  return whole.narrow(1, 0, s.channels).narrow(2, step.top, s.height).narrow(3, step.left, s.width);
}

std::vector<int> parts_of(const Step& step) {
  std::vector<int> parts;
  for (const Term& term : step.terms) parts.push_back(term.input);
  return parts;
}

void kernel_concat(const Step& step, Activations& run) {
  at::Tensor whole = run.empty(step.output);
  const int64_t size = whole.element_size(), stride = run.plan.shapes[step.output].channels * size;
  char* to = static_cast<char*>(whole.mutable_data_ptr());
  for (const Term& term : step.terms) {
    const int64_t bytes = run.plan.shapes[term.input].channels * size;
    const char* from = static_cast<const char*>(run.values[term.input].const_data_ptr());
    copy_channels(from, bytes, to, stride, bytes, run.rows(step.output));
    to += bytes;
  }
  run.values[step.output] = std::move(whole);
}

// The gradient of the part that begins at channel `first`. A copy, because the holder of a gradient may write to it.
at::Tensor split(const at::Tensor& gradient, int64_t first, int part, const Activations& run) {
  const int64_t channels = run.plan.shapes[part].channels;
  if (!run.kernels) return gradient.narrow(1, first, channels).clone(at::MemoryFormat::ChannelsLast);
  at::Tensor result = run.empty(part);
  const int64_t size = result.element_size(), bytes = channels * size;
  copy_channels(static_cast<const char*>(gradient.const_data_ptr()) + first * size, gradient.size(1) * size,
                static_cast<char*>(result.mutable_data_ptr()), bytes, bytes, run.rows(part));
  return result;
}

}  // namespace

void concat_forward(const Step& step, Activations& run) {
  if (run.kernels) return kernel_concat(step, run);
  run.values[step.output] = concatenate(parts_of(step), run);
}

at::Tensor concatenate(const std::vector<int>& parts, const Activations& run) {
  std::vector<at::Tensor> values;
  for (int part : parts) values.push_back(run.values[part]);
  return at::cat(values, 1).contiguous(at::MemoryFormat::ChannelsLast);
}

void concat_backward(const Step& step, Activations& run) {
  if (run.gradients[step.output].defined()) add_split_gradient(run.gradients[step.output], parts_of(step), run);
}

void add_split_gradient(const at::Tensor& gradient, const std::vector<int>& parts, Activations& run) {
  int64_t first = 0;
  for (int part : parts) {
    if (run.wants_gradient(part)) run.add_gradient(part, split(gradient, first, part, run));
    first += run.plan.shapes[part].channels;
  }
}

void crop_forward(const Step& step, Activations& run) {
  run.values[step.output] = part(run.values[step.input], step, run).clone(at::MemoryFormat::ChannelsLast);
}

void crop_backward(const Step& step, Activations& run) {
  const at::Tensor& gradient = run.gradients[step.output];
  if (!gradient.defined() || !run.wants_gradient(step.input)) return;
  at::Tensor& held = run.gradients[step.input];
  if (!held.defined()) held = run.empty(step.input).zero_();
  part(held, step, run).add_(gradient);
}

}  // namespace pada
