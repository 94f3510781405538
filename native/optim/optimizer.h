// Optimizers, which move parameters by their gradients: one kind per file, chosen by name.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cuda/arguments.h"
#include "runtime/fields.h"
#include "state/averages.h"
#include "state/parameters.h"

namespace pada {

// Of SGD and of RMSprop.
inline constexpr SlotKind kMomentumSlot{.name = "momentum", .initial = 0};

// Moves the scalars offset ... offset + size - 1 of the flat memory, all of the parameter `index`.
using Sweep = std::function<void(int index, int64_t offset, int64_t size)>;

// One update by a kernel of cuda/kernels/sweeps.cu, and what the kernel asks for.
struct KernelUpdate {
  const char* kernel;
  std::array<at::Tensor, 2> slots;  // flat memory, or undefined
  std::array<float, 4> numbers;
  int flag;
  std::function<cuda::UpdateNumbers(int index)> of_parameter;
};

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  // Prepares one update. Threads then call the sweep, each scalar once.
  virtual Sweep sweep(Parameters& parameters, double learning_rate) const = 0;
  // Moves one parameter by ATen's operators, in PyTorch's order.
  virtual void update_by_aten(Parameters& parameters, int index, double learning_rate) const = 0;
  // How a kernel of a GPU moves parameters.
  virtual KernelUpdate kernel_update(Parameters& parameters, double learning_rate) const = 0;
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
  bool decay_unsampled = false;           // also moves parameters sampled earlier but not since the last update
  std::optional<double> average_decay{};  // of the averages, which then follow all weights; none: they stay
};

// Moves the pending parameters and clears their gradients. The averages follow in the same sweep. `scale`: a float64
// factor of the gradients on a device whose kernels sweep (Parameters::sweeps), or undefined.
void update(Parameters& parameters, Averages& averages, const UpdateOptions& options, const at::Tensor& scale = {});

}  // namespace pada
