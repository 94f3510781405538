// The flat state of a supernet, by its names in JavaScript.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "supernet.h"

namespace pada {

struct StateKind {
  std::string name;
  bool of_buffers;  // one number per scalar of the buffers, not of the parameters
  bool is_lazy;     // the first use allocates it
  // Executor thread only.
  std::function<at::Tensor&(Supernet&)> flat;
};

// Every kind: first the kinds that all supernets have, then the slots of optimizers.
const std::vector<StateKind>& state_kinds();

// Throws for a name that no kind has.
const StateKind& state_kind(const std::string& name);

}  // namespace pada
