#include "ops/tap.h"

#include "runtime/errors.h"
#include "runtime/stopwatch.h"

namespace pada {
namespace {

std::string text_of(int64_t images, const Shape& shape) {
  return std::to_string(images) + " images of " + shape.text();
}

// A value divided by the root of its mean square, and one over that root; zeros stay zeros.
struct Scaled {
  at::Tensor value, inverse;
};

Scaled scaled(const at::Tensor& x) {
  const at::Tensor exact = x.to(at::kFloat);
  const at::Tensor square = exact.square().mean(at::kDouble);
  const at::Tensor inverse = square.rsqrt().masked_fill_(square.eq(0), 0).to(at::kFloat);
  return {exact.mul(inverse), inverse};
}

// Let u = x / r and a be the scaled values, and r the root of x's mean square. In x, their mean squared difference has
// the derivative 2 / (elements r) (mean(u a) u - a). It is kept without 2 / elements for the backward pass, which then
// need not keep x.
void compare(const Step& step, const at::Tensor& x, Activations& run) {
  const auto found = run.taps.towards->find(step.slot);
  if (found == run.taps.towards->end()) return;
  const auto [value, inverse] = scaled(x);
  const at::Tensor towards = scaled(found->second).value;
  const at::Tensor square = value.sub(towards).square_().mean(at::kDouble);
  Taps& taps = run.taps;
  taps.squares = taps.compared++ == 0 ? square : taps.squares.add(square);
  if (taps.weight == 0 || !run.wants_gradient(step.input)) return;
  const at::Tensor likeness = value.mul(towards).mean();
  run.kept[step.output] = value.mul(likeness).sub_(towards).mul_(inverse).to(x.scalar_type());
}

}  // namespace

void check_tap(const Step& step, const Activations& run) {
  if (run.taps.towards == nullptr) return;
  const auto found = run.taps.towards->find(step.slot);
  if (found == run.taps.towards->end()) return;
  const at::Tensor& x = found->second;
  const Shape observed{x.size(1), x.size(2), x.size(3)}, &shape = run.plan.shapes[step.input];
  if (x.size(0) == run.batch && shape == observed) return;
  expected("the batch that was observed, " + text_of(x.size(0), observed), "alignment", text_of(run.batch, shape));
}

void tap_forward(const Step& step, Activations& run) {
  // The forward pass does not write to finished values, so the observation may share their memory.
  const at::Tensor& x = run.values[step.input];
  if (run.taps.keep != nullptr) run.taps.keep->insert_or_assign(step.slot, x);
  if (run.taps.towards != nullptr) {
    const Stopwatch::Scope scope(Family::Loss);
    compare(step, x, run);
  }
  run.values[step.output] = x;
}

void tap_backward(const Step& step, Activations& run) {
  at::Tensor gradient = std::move(run.gradients[step.output]);
  at::Tensor pull = std::move(run.kept[step.output]);
  if (!run.wants_gradient(step.input)) return;
  if (pull.defined()) {
    const Stopwatch::Scope scope(Family::Loss);
    const double factor =
        2 * run.taps.weight / (static_cast<double>(run.taps.compared) * static_cast<double>(pull.numel()));
    if (gradient.defined())
      gradient.add_(pull, factor);
    else
      gradient = pull.mul_(factor);
  }
  if (gradient.defined()) run.add_gradient(step.input, std::move(gradient));
}

}  // namespace pada
