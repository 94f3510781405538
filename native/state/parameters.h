// State of a supernet's parameters in flat float32 tensors: values, gradients, gradient moments, and slots of
// optimizers. A named parameter is one segment of each tensor, so a loop over the parameters of a step is a loop over
// memory.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cuda/source.h"
#include "state/named_tensors.h"

namespace pada {

namespace cuda {
class Kernels;
}

// State that an optimizer keeps of every scalar.
struct SlotKind {
  const char* name;   // such as "momentum"
  float initial = 0;  // before the first update
};

class Parameters : public NamedTensors {
 public:
  // `reference`: use ATen's operators on the CPU too.
  Parameters(std::vector<std::string> names, std::vector<std::vector<int64_t>> shapes, at::Device device,
             bool reference);

  // True: compute by ATen's operators, in PyTorch's order, or by kernels of a GPU. False: compute by loops over memory.
  bool by_aten() const { return by_aten_; }
  // The kernels of a group that compute in ATen's place; null if there are none. Executor thread only.
  const cuda::Kernels* kernels(cuda::Group group) const;
  const cuda::Kernels* sweeps() const { return kernels(cuda::Group::Sweeps); }

  // Flat memory, see NamedTensors::view.
  at::Tensor values, gradients, moment_mean, moment_m2;
  std::vector<double> times_sampled;  // since the last reset of the moments
  std::vector<uint8_t> ever_sampled;
  std::vector<double> times_updated;  // since the last reset of its slots

  // Flat memory of an optimizer's slot, allocated by the first call.
  at::Tensor& slot(const SlotKind& kind);
  // Resets the slots of one parameter, or of all, to their initial values, and their numbers of updates to 0.
  void reset_slots(int index);
  void reset_slots();

  // State of trials, see trial.h; allocated by the first trial.
  struct Trial {
    at::Tensor start, displacement;
    std::vector<int> displaced;
    std::vector<uint8_t> is_displaced, has_start;
  } trial;

  // Parameters sampled since the last update. The gradients held belong to them and may be zero.
  const std::vector<int>& pending() const { return pending_; }
  void mark_pending(const std::vector<int>& sampled);
  // Gradients were set from outside: those held may be of any parameter.
  void mark_gradients_written() { gradients_written_ = true; }
  // Clears the gradients held; afterwards nothing is pending.
  void discard_gradients();
  // The same, if the gradients are zero already.
  void forget_pending();

 private:
  at::Tensor flat(float value) const;

  struct Slot {
    at::Tensor values;
    float initial;
  };
  bool reference_, by_aten_;
  std::map<std::string, Slot> slots_;
  std::vector<int> pending_;
  std::vector<uint8_t> is_pending_;
  bool gradients_written_ = false;
};

}  // namespace pada
