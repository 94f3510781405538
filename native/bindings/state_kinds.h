// The flat state of a supernet, by the names that JavaScript has for it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "supernet.h"

namespace pada {

struct StateKind {
  std::string name;
  bool of_buffers;               // one number per scalar of the buffers, not of the parameters
  std::optional<SlotKind> slot;  // of an optimizer
  // On the executor thread only: slots are made when first asked for.
  std::function<at::Tensor&(Supernet&)> flat;
};

// Every kind: those of all supernets, then the slots of the optimizers.
const std::vector<StateKind>& state_kinds();

// Throws for a name that no kind has.
const StateKind& state_kind(const std::string& name);

}  // namespace pada
