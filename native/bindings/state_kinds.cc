#include "bindings/state_kinds.h"

#include <algorithm>

#include "runtime/errors.h"

namespace pada {
namespace {

std::vector<StateKind> all_kinds() {
  const auto of_parameters = [](const char* name, at::Tensor Parameters::* member) -> StateKind {
    return {name, false, false, [member](Supernet& net) -> at::Tensor& { return net.parameters().*member; }};
  };
  std::vector<StateKind> kinds = {
      of_parameters("parameters", &Parameters::values),
      of_parameters("gradients", &Parameters::gradients),
      of_parameters("momentMean", &Parameters::moment_mean),
      of_parameters("momentM2", &Parameters::moment_m2),
      {"buffers", true, false, [](Supernet& net) -> at::Tensor& { return net.buffers().values; }},
      {"averagedParameters", false, true, [](Supernet& net) -> at::Tensor& { return net.averages().parameters(); }},
      {"averagedBuffers", true, true, [](Supernet& net) -> at::Tensor& { return net.averages().buffers(); }},
  };
  for (const OptimizerKind& optimizer : optimizer_kinds()) {
    for (const SlotKind& slot : optimizer.slots) {
      if (std::ranges::any_of(kinds, [&](const StateKind& kind) { return kind.name == slot.name; })) continue;
      kinds.push_back(
          {slot.name, false, true, [slot](Supernet& net) -> at::Tensor& { return net.parameters().slot(slot); }});
    }
  }
  return kinds;
}

}  // namespace

const std::vector<StateKind>& state_kinds() {
  static const std::vector<StateKind> kinds = all_kinds();
  return kinds;
}

const StateKind& state_kind(const std::string& name) {
  const auto found = std::ranges::find(state_kinds(), name, &StateKind::name);
  if (found == state_kinds().end()) expected("a kind of state", "kind", "\"" + name + "\"");
  return *found;
}

}  // namespace pada
