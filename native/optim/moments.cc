#include "optim/moments.h"

#include "ops/cpu/simd.h"
#include "state/chunks.h"

namespace pada {
namespace {

PADA_SIMD void welford_loop(const float* __restrict g, float* __restrict mean, float* __restrict m2, float inverse,
                            int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    const float before = g[i] - mean[i];
    mean[i] += before * inverse;
    m2[i] += before * (g[i] - mean[i]);
  }
}

PADA_SIMD double sum_loop(const float* __restrict x, int64_t n) {
  double total = 0;
  for (int64_t i = 0; i < n; i++) total += x[i];
  return total;
}

}  // namespace

void record_moments(Parameters& parameters, const std::vector<int>& indices) {
  for (int index : indices) parameters.times_sampled[index] += 1;
  if (parameters.by_aten()) {
    for (int index : indices) {
      at::Tensor g = parameters.segment(parameters.gradients, index);
      at::Tensor mean = parameters.segment(parameters.moment_mean, index);
      at::Tensor before = g.sub(mean);
      mean.add_(before, 1.0 / parameters.times_sampled[index]);
      parameters.segment(parameters.moment_m2, index).addcmul_(before, g.sub(mean));
    }
    return;
  }
  const float* g = data(parameters.gradients);
  float *mean = data(parameters.moment_mean), *m2 = data(parameters.moment_m2);
  for_chunks(chunks_of(parameters, indices), [&](const Chunk& c, int64_t) {
    const float inverse = static_cast<float>(1.0 / parameters.times_sampled[indices[c.position]]);
    welford_loop(g + c.offset, mean + c.offset, m2 + c.offset, inverse, c.size);
  });
}

std::vector<double> mean_variances(const Parameters& parameters) {
  std::vector<double> result(parameters.count(), 0);
  const at::Tensor host = parameters.moment_m2.cpu();
  for (int index = 0; index < parameters.count(); index++) {
    const double times = parameters.times_sampled[index];
    if (times == 0) continue;
    const double total = sum_loop(data(host) + parameters.offset(index), parameters.size(index));
    result[index] = total / times / static_cast<double>(parameters.size(index));
  }
  return result;
}

void reset_moments(Parameters& parameters) {
  parameters.moment_mean.zero_();
  parameters.moment_m2.zero_();
  std::fill(parameters.times_sampled.begin(), parameters.times_sampled.end(), 0);
}

}  // namespace pada
