#include "optim/clip.h"

#include <algorithm>
#include <cmath>

#include "ops/cpu/simd.h"
#include "state/chunks.h"

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

}  // namespace

GradientNorms gradient_norms(const Parameters& parameters, const std::vector<int>& indices) {
  GradientNorms norms{std::vector<double>(indices.size(), 0), 0};
  if (indices.empty()) return norms;
  if (parameters.by_aten()) {
    // Like clip_grad_norm_: the norm of the norms, taken in the order of the parameters.
    std::vector<std::pair<int, size_t>> ordered;
    for (size_t i = 0; i < indices.size(); i++) ordered.emplace_back(indices[i], i);
    std::sort(ordered.begin(), ordered.end());
    std::vector<at::Tensor> each;
    for (const auto& [index, position] : ordered) {
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
  for (size_t i = 0; i < chunks.size(); i++) norms.each[chunks[i].position] += partial[i];
  for (double& norm : norms.each) {
    norms.total += norm;
    norm = std::sqrt(norm);
  }
  norms.total = std::sqrt(norms.total);
  return norms;
}

double clip_scale(double global_norm, double max_norm) {
  if (std::isinf(max_norm)) return 1;
  const float scale = 1.f / (static_cast<float>(global_norm) + 1e-6f) * static_cast<float>(max_norm);
  // As in clip_grad_norm_, a norm that is no number makes all gradients none.
  return scale > 1.f ? 1.f : scale;
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

}  // namespace pada
