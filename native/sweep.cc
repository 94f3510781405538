#include "sweep.h"

#include <algorithm>

#include "ops/grain.h"
#include "ops/simd.h"

namespace pada {
namespace {

constexpr int64_t kChunk = 1 << 14;

// A piece of one parameter's segment, short enough to share the work between threads.
struct Chunk {
  int slot;  // position in the list of parameters
  int64_t offset, size;
};

std::vector<Chunk> chunks_of(const Parameters& parameters, const std::vector<int>& indices) {
  std::vector<Chunk> chunks;
  for (size_t slot = 0; slot < indices.size(); slot++) {
    const int64_t begin = parameters.offset(indices[slot]), size = parameters.size(indices[slot]);
    for (int64_t done = 0; done < size; done += kChunk) {
      chunks.push_back({static_cast<int>(slot), begin + done, std::min(kChunk, size - done)});
    }
  }
  return chunks;
}

template <class Body>
void for_chunks(const std::vector<Chunk>& chunks, const Body& body) {
  const int64_t count = static_cast<int64_t>(chunks.size());
  at::parallel_for(0, count, grain(kChunk, kElementsPerShare), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) body(chunks[i], i);
  });
}

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

float* data(const at::Tensor& flat) { return flat.mutable_data_ptr<float>(); }

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
  if (parameters.by_aten()) {
    for (int index : indices) {
      at::Tensor w = parameters.segment(parameters.values, index), m = parameters.segment(parameters.momentum, index);
      m.mul_(options.momentum).add_(parameters.segment(parameters.gradients, index).add(w, options.weight_decay));
      w.sub_(m, options.learning_rate);
    }
  } else {
    float *w = data(parameters.values), *m = data(parameters.momentum);
    const float* g = data(parameters.gradients);
    for_chunks(chunks_of(parameters, indices), [&](const Chunk& c, int64_t) {
      sgd_loop(w + c.offset, g + c.offset, m + c.offset, static_cast<float>(options.learning_rate),
               static_cast<float>(options.momentum), static_cast<float>(options.weight_decay), c.size);
    });
  }
  for (int index : parameters.pending()) parameters.segment(parameters.gradients, index).zero_();
  parameters.clear_pending();
}

}  // namespace pada
