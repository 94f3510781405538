#include "state/trial.h"

#include <cstring>

#include "ops/cpu/simd.h"
#include "runtime/errors.h"
#include "state/chunks.h"

namespace pada {
namespace {

PADA_SIMD void return_loop(float* __restrict w, const float* __restrict start, float* __restrict displacement,
                           float share, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    displacement[i] += share * (start[i] - w[i]);
    w[i] = start[i];
  }
}

PADA_SIMD void move_loop(float* __restrict to, float* __restrict from, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    to[i] += from[i];
    from[i] = 0;
  }
}

}  // namespace

void begin_trial(Parameters& parameters, const std::vector<int>& indices) {
  Parameters::Trial& trial = parameters.trial;
  if (!trial.start.defined()) {
    trial.start = at::zeros_like(parameters.values);
    trial.displacement = at::zeros_like(parameters.values);
    trial.is_displaced.assign(parameters.count(), 0);
    trial.has_start.assign(parameters.count(), 0);
  }
  for (int index : indices) trial.has_start[index] = 1;
  if (!parameters.device().is_cpu()) {
    for (int index : indices) {
      parameters.segment(trial.start, index).copy_(parameters.segment(parameters.values, index));
    }
    return;
  }
  float *to = data(trial.start), *from = data(parameters.values);
  for_chunks(chunks_of(parameters, indices), [&](const Chunk& c, int64_t) {
    std::memcpy(to + c.offset, from + c.offset, sizeof(float) * static_cast<size_t>(c.size));
  });
}

void end_trial(Parameters& parameters, const std::vector<int>& indices, double share, bool reset_optimizer) {
  Parameters::Trial& trial = parameters.trial;
  for (int index : indices) {
    if (!trial.start.defined() || !trial.has_start[index]) expected("a snapshot of this plan", "restore", "none");
  }
  for (int index : indices) {
    trial.has_start[index] = 0;
    if (share != 0 && !trial.is_displaced[index]) {
      trial.is_displaced[index] = 1;
      trial.displaced.push_back(index);
    }
    if (reset_optimizer) parameters.reset_slots(index);
  }
  if (!parameters.device().is_cpu()) {
    for (int index : indices) {
      at::Tensor w = parameters.segment(parameters.values, index);
      const at::Tensor start = parameters.segment(trial.start, index);
      parameters.segment(trial.displacement, index).add_(start.sub(w), share);
      w.copy_(start);
    }
    return;
  }
  float *w = data(parameters.values), *displacement = data(trial.displacement);
  const float* start = data(trial.start);
  for_chunks(chunks_of(parameters, indices), [&](const Chunk& c, int64_t) {
    return_loop(w + c.offset, start + c.offset, displacement + c.offset, static_cast<float>(share), c.size);
  });
}

void displacement_to_gradients(Parameters& parameters) {
  Parameters::Trial& trial = parameters.trial;
  if (!parameters.device().is_cpu()) {
    for (int index : trial.displaced) {
      at::Tensor displacement = parameters.segment(trial.displacement, index);
      parameters.segment(parameters.gradients, index).add_(displacement);
      displacement.zero_();
    }
  } else if (!trial.displaced.empty()) {
    float *to = data(parameters.gradients), *from = data(trial.displacement);
    for_chunks(chunks_of(parameters, trial.displaced),
               [&](const Chunk& c, int64_t) { move_loop(to + c.offset, from + c.offset, c.size); });
  }
  parameters.mark_pending(trial.displaced);
  for (int index : trial.displaced) trial.is_displaced[index] = 0;
  trial.displaced.clear();
}

}  // namespace pada
