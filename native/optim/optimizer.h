// Optimizers, which move parameters by their gradients: one kind per file, chosen by name.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/fields.h"
#include "state/parameters.h"

namespace pada {

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  // Moves the parameters `indices` by their gradients.
  virtual void update(Parameters& parameters, const std::vector<int>& indices, double learning_rate) const = 0;
};

struct OptimizerKind {
  const char* name;             // as in the settings
  std::vector<SlotKind> slots;  // state that it keeps of every scalar
  std::unique_ptr<const Optimizer> (*make)(Fields& settings);
};

// Every kind, in the order of src/native/state.ts.
std::span<const OptimizerKind> optimizer_kinds();

// Throws for a name that no kind has.
const OptimizerKind& optimizer_kind(const std::string& name);

struct UpdateOptions {
  std::shared_ptr<const Optimizer> optimizer;
  double learning_rate = 0;
  bool decay_unsampled = false;  // also moves parameters sampled earlier but not since the last update
};

// Moves the pending parameters and clears their gradients.
void update(Parameters& parameters, const UpdateOptions& options);

}  // namespace pada
