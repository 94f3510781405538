#include "ops/select.h"

namespace pada {
namespace {

// A view.
at::Tensor select(const at::Tensor& whole, const Step& step, const Activations& run) {
  const Shape& out = run.plan.shapes[step.output];
  const int64_t stride = step.window.stride;
  const auto axis = [stride](const at::Tensor& x, int64_t dimension, int64_t first, int64_t count) {
    return x.slice(dimension, first, first + (count - 1) * stride + 1, stride);
  };
  return axis(axis(whole, 2, step.top, out.height), 3, step.left, out.width);
}

std::vector<int> inputs_of(const Step& step) { return step.parts.empty() ? std::vector<int>{step.input} : step.parts; }

}  // namespace

bool is_misread(const Window& window, int64_t channels, at::Device device) {
  // Seen with AVX2 and oneDNN 3.13, in PyTorch too, if the channels do not fill the vectors.
  constexpr int64_t kLanes = 8;
  return device.is_cpu() && window.kernel == 1 && window.stride > 1 && channels % kLanes != 0;
}

bool selects_pixels(const Step& step, const Activations& run) {
  const Window& w = step.window;
  if (w.kernel != 1 || w.stride == 1 || w.padding != 0 || w.groups != 1) return false;
  return run.kernels || is_misread(w, run.plan.shapes[step.input].channels, run.parameters.device());
}

at::Tensor selected_pixels(const Step& step, const Activations& run) {
  const Shape &in = run.plan.shapes[step.input], &out = run.plan.shapes[step.output];
  const at::Tensor pixels =
      empty_activation({run.batch, in.channels, out.height, out.width}, run.type(), run.parameters.device());
  int64_t first = 0;
  for (int value : inputs_of(step)) {
    const int64_t channels = run.plan.shapes[value].channels;
    pixels.narrow(1, first, channels).copy_(select(run.values[value], step, run));
    first += channels;
  }
  return pixels;
}

void add_selected_gradient(const at::Tensor& gradient, const Step& step, Activations& run) {
  int64_t first = 0;
  for (int value : inputs_of(step)) {
    const int64_t channels = run.plan.shapes[value].channels;
    if (run.wants_gradient(value)) {
      at::Tensor& held = run.gradients[value];
      if (!held.defined()) held = run.empty(value).zero_();
      select(held, step, run).add_(gradient.narrow(1, first, channels));
    }
    first += channels;
  }
}

}  // namespace pada
