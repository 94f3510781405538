#include "ops/tap.h"

#include "errors.h"
#include "stopwatch.h"

namespace pada {
namespace {

std::string shape_of(const at::Tensor& x) {
  return std::to_string(x.size(0)) + " images of " + Shape{x.size(1), x.size(2), x.size(3)}.text();
}

// The difference is kept for the backward pass, so that the value itself need not stay.
void compare(const Step& step, const at::Tensor& x, Activations& run) {
  const auto found = run.taps.towards->find(step.slot);
  if (found == run.taps.towards->end()) return;
  const at::Tensor& observed = found->second;
  if (x.sizes() != observed.sizes()) {
    expected("the batch that was observed, " + shape_of(observed), "alignment", shape_of(x));
  }
  const at::Tensor difference = x.sub(observed);
  const at::Tensor square = difference.to(at::kFloat).square().mean().to(at::kDouble);
  Taps& taps = run.taps;
  taps.squares = taps.compared++ == 0 ? square : taps.squares.add(square);
  if (taps.weight != 0 && run.wants_gradient(step.input)) run.kept[step.output] = difference;
}

}  // namespace

void tap_forward(const Step& step, Activations& run) {
  // Nobody writes to a value going forward, so whoever keeps it may hold its memory.
  const at::Tensor& x = run.values[step.input];
  if (run.taps.keep != nullptr) run.taps.keep->insert_or_assign(step.slot, x);
  if (run.taps.towards != nullptr) {
    const Stopwatch::Scope scope(Family::Loss);
    compare(step, x, run);
  }
  run.values[step.output] = x;
}

// d/dx of weight / taps * mean((x - observed)^2) is 2 * weight / (taps * elements) * (x - observed).
void tap_backward(const Step& step, Activations& run) {
  at::Tensor gradient = std::move(run.gradients[step.output]);
  at::Tensor difference = std::move(run.kept[step.output]);
  if (!run.wants_gradient(step.input)) return;
  if (difference.defined()) {
    const Stopwatch::Scope scope(Family::Loss);
    const double factor =
        2 * run.taps.weight / (static_cast<double>(run.taps.compared) * static_cast<double>(difference.numel()));
    if (gradient.defined())
      gradient.add_(difference, factor);
    else
      gradient = difference.mul_(factor);
  }
  if (gradient.defined()) run.add_gradient(step.input, std::move(gradient));
}

}  // namespace pada
