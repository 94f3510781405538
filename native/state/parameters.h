// All scalar state of a supernet's parameters in flat float32 tensors: values, gradients, gradient moments, and what
// optimizers keep. One named parameter is one segment of each, so a sweep over the parameters of a step is a sweep
// over memory.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "state/named_tensors.h"

namespace pada {

// A kind of state that an optimizer keeps of every scalar.
struct SlotKind {
  const char* name;   // "momentum"
  float initial = 0;  // before the first update
};

class Parameters : public NamedTensors {
 public:
  // `reference`: sweeps use ATen's operators on the CPU too.
  Parameters(std::vector<std::string> names, std::vector<std::vector<int64_t>> shapes, at::Device device,
             bool reference);

  // Whether sweeps run by ATen's operators, in PyTorch's order, instead of loops over memory.
  bool by_aten() const { return reference_ || !device().is_cpu(); }

  // Flat memory, see NamedTensors::view.
  at::Tensor values, gradients, moment_mean, moment_m2;
  std::vector<double> times_sampled;  // since the moments' reset
  std::vector<uint8_t> ever_sampled;

  // Flat memory of an optimizer, made when it is first asked for.
  at::Tensor& slot(const SlotKind& kind);
  // Puts what optimizers keep of one parameter back to where it started.
  void reset_slots(int index);
  void reset_slots();

  // Of trial steps, see trial.h; without memory until the first.
  struct Trial {
    at::Tensor values, displacement;
    std::vector<int> displaced;
    std::vector<uint8_t> is_displaced;
  } trial;

  // Parameters sampled since the last update: their gradients, zero or not, are the ones held.
  const std::vector<int>& pending() const { return pending_; }
  void mark_pending(const std::vector<int>& sampled);
  // Clears the gradients held: nothing is pending any more.
  void discard_gradients();

 private:
  at::Tensor flat(float value) const;

  struct Slot {
    at::Tensor values;
    float initial;
  };
  bool reference_;
  std::map<std::string, Slot> slots_;
  std::vector<int> pending_;
  std::vector<uint8_t> is_pending_;
};

}  // namespace pada
