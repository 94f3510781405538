#include "optim/optimizer.h"

#include <array>

#include "optim/sgd.h"

namespace pada {

std::span<const OptimizerKind> optimizer_kinds() {
  static const std::array kinds = {sgd()};
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

void update(Parameters& parameters, const UpdateOptions& options) {
  std::vector<int> indices = parameters.pending();
  for (int index : indices) parameters.ever_sampled[index] = 1;
  if (options.decay_unsampled) {
    // Parameters outside the step have gradient zero, as after zero_grad in the PyTorch version of the reference.
    indices.clear();
    for (int index = 0; index < parameters.count(); index++) {
      if (parameters.ever_sampled[index]) indices.push_back(index);
    }
  }
  options.optimizer->update(parameters, indices, options.learning_rate);
  parameters.discard_gradients();
}

}  // namespace pada
