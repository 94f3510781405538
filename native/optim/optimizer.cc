#include "optim/optimizer.h"

#include <array>

#include "optim/adamw.h"
#include "optim/kernel_sweeps.h"
#include "optim/rmsprop_tf.h"
#include "optim/sgd.h"
#include "state/chunks.h"

namespace pada {
namespace {

void sweep_all(Parameters& parameters, const std::vector<int>& indices, Averages& averages,
               const UpdateOptions& options) {
  const Sweep move = options.optimizer->sweep(parameters, options.learning_rate);
  if (!options.average_decay) {
    for_chunks(chunks_of(parameters, indices),
               [&](const Chunk& c, int64_t) { move(indices[c.position], c.offset, c.size); });
    return;
  }
  // The averages follow every parameter, also those that this update leaves unchanged.
  std::vector<int> all = indices;
  std::vector<uint8_t> moves(parameters.count(), 0);
  for (int index : indices) moves[index] = 1;
  for (int index = 0; index < parameters.count(); index++) {
    if (!moves[index]) all.push_back(index);
  }
  const AverageSweep follow = averages.parameter_sweep(*options.average_decay);
  for_chunks(chunks_of(parameters, all), [&](const Chunk& c, int64_t) {
    if (moves[all[c.position]]) move(all[c.position], c.offset, c.size);
    follow(c.offset, c.size);
  });
}

}  // namespace

std::span<const OptimizerKind> optimizer_kinds() {
  static const std::array kinds = {sgd(), rmsprop_tf(), adamw()};
  return kinds;
}

const OptimizerKind& optimizer_kind(const std::string& name) {
  std::string names;
  for (const OptimizerKind& kind : optimizer_kinds()) {
    if (name == kind.name) return kind;
    names += (names.empty() ? "\"" : " or \"") + std::string(kind.name) + "\"";
  }
  expected(names, "optimizer.kind", "\"" + name + "\"");
}

void update(Parameters& parameters, Averages& averages, const UpdateOptions& options, const at::Tensor& scale) {
  std::vector<int> indices = parameters.pending();
  for (int index : indices) parameters.ever_sampled[index] = 1;
  if (options.decay_unsampled) {
    // Parameters outside the step have gradient zero, as after zero_grad in the PyTorch version of the reference.
    indices.clear();
    for (int index = 0; index < parameters.count(); index++) {
      if (parameters.ever_sampled[index]) indices.push_back(index);
    }
  }
  for (int index : indices) parameters.times_updated[index] += 1;
  const cuda::Kernels* kernels = parameters.sweeps();
  if (kernels != nullptr) {
    update_by_kernel(*kernels, parameters, indices, options.optimizer->kernel_update(parameters, options.learning_rate),
                     scale);
  } else if (parameters.by_aten()) {
    for (int index : indices) options.optimizer->update_by_aten(parameters, index, options.learning_rate);
  } else {
    sweep_all(parameters, indices, averages, options);
  }
  if (options.average_decay) {
    if (parameters.by_aten()) averages.follow_parameters(*options.average_decay);
    averages.follow_buffers(*options.average_decay);
  }
  if (kernels != nullptr)
    parameters.forget_pending();
  else
    parameters.discard_gradients();
}

}  // namespace pada
