#include "optim/sweep.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "runtime/chunks.h"
#include "ops/cpu/simd.h"
#include "runtime/random.h"

namespace pada {
namespace {

PADA_SIMD double sum_of_squares(const float* __restrict x, int64_t n) {
  constexpr int kLanes = 16;
  double lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int j = 0; j < kLanes; j++) lanes[j] += double(x[i + j]) * x[i + j];
  }
  double total = 0;
  for (; i < n; i++) total += double(x[i]) * x[i];
  for (double lane : lanes) total += lane;
  return total;
}

PADA_SIMD void scale_loop(float* __restrict x, float scale, int64_t n) {
  for (int64_t i = 0; i < n; i++) x[i] *= scale;
}

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

PADA_SIMD void sgd_loop(float* __restrict w, const float* __restrict g, float* __restrict m, float rate, float momentum,
                        float decay, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    m[i] = momentum * m[i] + (g[i] + decay * w[i]);
    w[i] -= rate * m[i];
  }
}

PADA_SIMD void plain_sgd_loop(float* __restrict w, const float* __restrict g, float rate, float decay, int64_t n) {
  for (int64_t i = 0; i < n; i++) w[i] -= rate * (g[i] + decay * w[i]);
}

// Two numbers of a standard normal distribution (Box and Muller) from one draw.
std::array<float, 2> normal_pair(uint64_t draw) {
  // Half a step up: the logarithm of zero is never taken.
  const float u = (static_cast<float>(draw >> 40) + 0.5f) * 0x1p-24f;
  const float angle = static_cast<float>(draw & 0xffffff) * (0x1p-24f * 6.28318530718f);
  const float radius = std::sqrt(-2.f * std::log(u));
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

// Adds the numbers that belong to the places `first` … `first + n − 1`, whichever thread comes to them.
void add_normal_loop(float* x, uint64_t seed, int64_t first, float deviation, int64_t n) {
  for (int64_t i = 0; i < n;) {
    const int64_t place = first + i;
    const std::array<float, 2> pair = normal_pair(hash(seed + kGolden * static_cast<uint64_t>(place >> 1)));
    x[i++] += deviation * pair[place & 1];
    if ((place & 1) == 0 && i < n) x[i++] += deviation * pair[1];
  }
}

}  // namespace

GradientNorms gradient_norms(const Parameters& parameters, const std::vector<int>& indices) {
  GradientNorms norms{std::vector<double>(indices.size(), 0), 0};
  if (indices.empty()) return norms;
  if (parameters.by_aten()) {
    // As clip_grad_norm_: the norm of the norms, which it takes in the order of the parameters.
    std::vector<std::pair<int, size_t>> ordered;
    for (size_t i = 0; i < indices.size(); i++) ordered.emplace_back(indices[i], i);
    std::sort(ordered.begin(), ordered.end());
    std::vector<at::Tensor> each;
    for (const auto& [index, slot] : ordered) {
      each.push_back(at::linalg_vector_norm(parameters.segment(parameters.gradients, index)));
    }
    const at::Tensor stacked = at::stack(each);
    const at::Tensor host = at::cat({stacked, at::linalg_vector_norm(stacked).view({1})}).to(at::kCPU, at::kDouble);
    const double* values = host.const_data_ptr<double>();
    for (size_t i = 0; i < ordered.size(); i++) norms.each[ordered[i].second] = values[i];
    norms.total = values[ordered.size()];
    return norms;
  }
  const std::vector<Chunk> chunks = chunks_of(parameters, indices);
  std::vector<double> partial(chunks.size());
  const float* g = data(parameters.gradients);
  for_chunks(chunks, [&](const Chunk& chunk, int64_t i) { partial[i] = sum_of_squares(g + chunk.offset, chunk.size); });
  for (size_t i = 0; i < chunks.size(); i++) norms.each[chunks[i].slot] += partial[i];
  for (double& norm : norms.each) {
    norms.total += norm;
    norm = std::sqrt(norm);
  }
  norms.total = std::sqrt(norms.total);
  return norms;
}

void scale_gradients(Parameters& parameters, const std::vector<int>& indices, double scale) {
  if (scale == 1) return;
  if (parameters.by_aten()) {
    for (int index : indices) parameters.segment(parameters.gradients, index).mul_(scale);
    return;
  }
  float* g = data(parameters.gradients);
  for_chunks(chunks_of(parameters, indices),
             [&](const Chunk& chunk, int64_t) { scale_loop(g + chunk.offset, static_cast<float>(scale), chunk.size); });
}

void add_noise(Parameters& parameters, const GradientNoise& noise) {
  std::vector<uint8_t> wanted(parameters.count(), 0);
  for (int index : noise.parameters) wanted[index] = 1;
  std::vector<int> indices;
  std::ranges::copy_if(parameters.pending(), std::back_inserter(indices), [&](int index) { return wanted[index]; });
  const float deviation = static_cast<float>(noise.deviation);
  const uint64_t seed = hash(noise.seed);
  if (!parameters.device().is_cpu()) {
    for (int index : indices) {
      const at::Tensor drawn = at::zeros({parameters.size(index)}, at::TensorOptions().dtype(at::kFloat));
      add_normal_loop(data(drawn), seed, parameters.offset(index), deviation, parameters.size(index));
      parameters.segment(parameters.gradients, index).add_(drawn.to(parameters.device()));
    }
    return;
  }
  float* g = data(parameters.gradients);
  for_chunks(chunks_of(parameters, indices), [&](const Chunk& chunk, int64_t) {
    add_normal_loop(g + chunk.offset, seed, chunk.offset, deviation, chunk.size);
  });
}

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
    const float inverse = static_cast<float>(1.0 / parameters.times_sampled[indices[c.slot]]);
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

void sgd_update(Parameters& parameters, const SgdOptions& options) {
  std::vector<int> indices = parameters.pending();
  for (int index : indices) parameters.ever_sampled[index] = 1;
  if (options.decay_unsampled) {
    // Those outside the step have gradient zero, as after zero_grad in the PyTorch of the reference.
    indices.clear();
    for (int index = 0; index < parameters.count(); index++) {
      if (parameters.ever_sampled[index]) indices.push_back(index);
    }
  }
  // Without momentum its memory is left alone, as PyTorch does: another optimiser may keep its own there.
  if (parameters.by_aten()) {
    for (int index : indices) {
      at::Tensor w = parameters.segment(parameters.values, index);
      at::Tensor step = parameters.segment(parameters.gradients, index).add(w, options.weight_decay);
      if (options.momentum != 0)
        step = parameters.segment(parameters.momentum, index).mul_(options.momentum).add_(step);
      w.sub_(step, options.learning_rate);
    }
  } else {
    const float rate = static_cast<float>(options.learning_rate), momentum = static_cast<float>(options.momentum);
    const float decay = static_cast<float>(options.weight_decay);
    float *w = data(parameters.values), *m = data(parameters.momentum);
    const float* g = data(parameters.gradients);
    for_chunks(chunks_of(parameters, indices), [&](const Chunk& c, int64_t) {
      if (momentum == 0)
        plain_sgd_loop(w + c.offset, g + c.offset, rate, decay, c.size);
      else
        sgd_loop(w + c.offset, g + c.offset, m + c.offset, rate, momentum, decay, c.size);
    });
  }
  discard_gradients(parameters);
}

void discard_gradients(Parameters& parameters) {
  for (int index : parameters.pending()) parameters.segment(parameters.gradients, index).zero_();
  parameters.clear_pending();
}

}  // namespace pada
