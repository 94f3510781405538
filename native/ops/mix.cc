#include "ops/mix.h"

#include <algorithm>

#include "ops/cpu/grain.h"
#include "ops/cpu/simd.h"
#include "runtime/stopwatch.h"

namespace pada {
namespace {

float coefficient(const Step& step, size_t i, const Activations& run) {
  return run.phase.mixing[step.first_coefficient + i];
}

// Multiplies in float32 and rounds once.
at::Tensor scaled(const at::Tensor& x, float factor) {
  return x.to(at::kFloat).mul(factor).to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
}

template <class T>
PADA_SIMD double product_sum(const T* __restrict a, const T* __restrict b, int64_t n) {
  constexpr int kWide = 16;
  double lanes[kWide] = {};
  int64_t i = 0;
  for (; i + kWide <= n; i += kWide) {
    for (int j = 0; j < kWide; j++) lanes[j] += double(widen(a[i + j])) * widen(b[i + j]);
  }
  double total = 0;
  for (; i < n; i++) total += double(widen(a[i])) * widen(b[i]);
  for (double lane : lanes) total += lane;
  return total;
}

// Sums pieces of equal length in their order, so the result is the same for any number of threads.
template <class T>
double inner_product(const T* a, const T* b, int64_t n) {
  constexpr int64_t kPiece = int64_t{1} << 14;
  std::vector<double> partial((n + kPiece - 1) / kPiece);
  at::parallel_for(0, static_cast<int64_t>(partial.size()), grain(kPiece, kElementsPerShare),
                   [&](int64_t begin, int64_t end) {
                     for (int64_t p = begin; p < end; p++) {
                       const int64_t first = p * kPiece;
                       partial[p] = product_sum(a + first, b + first, std::min(kPiece, n - first));
                     }
                   });
  double total = 0;
  for (double part : partial) total += part;
  return total;
}

// Inner product of the mix's gradient and a value: a float32 scalar on the device.
at::Tensor coefficient_gradient(const at::Tensor& gradient, int value, const Activations& run) {
  const at::Tensor& x = run.values[value];
  if (!run.kernels) return gradient.to(at::kFloat).mul(x.to(at::kFloat)).sum();
  double total = 0;
  run.with_type(
      [&]<class T>(T) { total = inner_product(values_of<T>(gradient), values_of<T>(x), run.elements(value)); });
  return at::full({}, total, at::TensorOptions().dtype(at::kFloat));
}

}  // namespace

void mix_forward(const Step& step, Activations& run) {
  const Stopwatch::Scope scope(Family::Sum);
  at::Tensor sum;
  bool owned = false;  // an input with coefficient 1 still belongs to its producer
  for (size_t i = 0; i < step.terms.size(); i++) {
    const float factor = coefficient(step, i, run);
    if (factor == 0) continue;
    const at::Tensor& x = run.values[step.terms[i].input];
    if (!sum.defined()) {
      sum = factor == 1 ? x : scaled(x, factor);
      owned = factor != 1;
    } else if (owned) {
      sum.add_(x, factor);
    } else {
      sum = sum.add(x, factor);
      owned = true;
    }
  }
  run.values[step.output] = sum.defined() ? sum : run.empty(step.output).zero_();
}

void mix_backward(const Step& step, Activations& run) {
  const Stopwatch::Scope scope(Family::Sum);
  at::Tensor gradient = std::move(run.gradients[step.output]);
  if (!gradient.defined()) return;
  size_t last = 0;  // the last term with a gradient; it may take over the memory of the mix's gradient
  for (size_t i = 0; i < step.terms.size(); i++) {
    if (coefficient(step, i, run) != 0) last = i;
    at::Tensor& held = run.mixing_gradients[step.first_coefficient + i];
    const at::Tensor share = coefficient_gradient(gradient, step.terms[i].input, run);
    held = held.defined() ? held.add(share) : share;
  }
  for (size_t i = 0; i < step.terms.size(); i++) {
    const int input = step.terms[i].input;
    const float factor = coefficient(step, i, run);
    if (factor == 0 || !run.wants_gradient(input)) continue;
    if (factor != 1)
      run.add_gradient(input, scaled(gradient, factor));
    else
      run.add_gradient(input, i == last ? std::move(gradient) : gradient.clone());
  }
}

}  // namespace pada
