#include "state/averages.h"

#include <ATen/ops/lerp.h>

#include <utility>

#include "ops/cpu/simd.h"
#include "state/chunks.h"

namespace pada {
namespace {

PADA_SIMD void follow_loop(float* __restrict average, const float* __restrict w, float share, int64_t n) {
  for (int64_t i = 0; i < n; i++) average[i] += share * (w[i] - average[i]);
}

}  // namespace

at::Tensor& Averages::allocated(at::Tensor& average, at::Tensor& values) {
  if (in_use_) return values;
  if (!average.defined()) average = values.clone();
  return average;
}

at::Tensor& Averages::parameters() { return allocated(other_parameters_, parameters_.values); }

at::Tensor& Averages::buffers() { return allocated(other_buffers_, buffers_.values); }

void Averages::restart() {
  use(false);
  parameters().copy_(parameters_.values);
  buffers().copy_(buffers_.values);
}

AverageSweep Averages::parameter_sweep(double decay) {
  return [average = data(parameters()), w = data(parameters_.values), share = static_cast<float>(1 - decay)](
             int64_t at, int64_t n) { follow_loop(average + at, w + at, share, n); };
}

void Averages::follow_parameters(double decay) { parameters().lerp_(parameters_.values, 1 - decay); }

void Averages::follow_buffers(double decay) {
  if (buffers_.total() > 0) buffers().lerp_(buffers_.values, 1 - decay);
}

void Averages::use(bool averages) {
  if (averages == in_use_) return;
  parameters();
  buffers();
  std::swap(other_parameters_, parameters_.values);
  std::swap(other_buffers_, buffers_.values);
  in_use_ = averages;
}

}  // namespace pada
