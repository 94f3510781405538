#include "state/parameters.h"

#include "cuda/kernels.h"

namespace pada {

Parameters::Parameters(std::vector<std::string> names, std::vector<std::vector<int64_t>> shapes, at::Device device,
                       bool reference)
    : NamedTensors("parameter", std::move(names), std::move(shapes), device),
      reference_(reference),
      by_aten_(reference || !device.is_cpu() || cuda::stands_in()) {
  for (at::Tensor* state : {&values, &gradients, &moment_mean, &moment_m2}) *state = flat(0);
  times_sampled.assign(count(), 0);
  ever_sampled.assign(count(), 0);
  times_updated.assign(count(), 0);
  is_pending_.assign(count(), 0);
}

at::Tensor Parameters::flat(float value) const {
  const auto options = at::TensorOptions().dtype(at::kFloat).device(device());
  return value == 0 ? at::zeros({total()}, options) : at::full({total()}, value, options);
}

at::Tensor& Parameters::slot(const SlotKind& kind) {
  const auto found = slots_.find(kind.name);
  if (found != slots_.end()) return found->second.values;
  return slots_.emplace(kind.name, Slot{flat(kind.initial), kind.initial}).first->second.values;
}

void Parameters::reset_slots(int index) {
  for (auto& [name, slot] : slots_) segment(slot.values, index).fill_(slot.initial);
  times_updated[index] = 0;
}

void Parameters::reset_slots() {
  for (auto& [name, slot] : slots_) slot.values.fill_(slot.initial);
  times_updated.assign(count(), 0);
}

void Parameters::mark_pending(const std::vector<int>& sampled) {
  for (int index : sampled) {
    if (is_pending_[index]) continue;
    is_pending_[index] = 1;
    pending_.push_back(index);
  }
}

void Parameters::discard_gradients() {
  if (gradients_written_) {
    gradients.zero_();
    gradients_written_ = false;
  }
  for (int index : pending_) segment(gradients, index).zero_();
  forget_pending();
}

void Parameters::forget_pending() {
  for (int index : pending_) is_pending_[index] = 0;
  pending_.clear();
}

const cuda::Kernels* Parameters::kernels(cuda::Group group) const {
  return by_aten_ && !reference_ ? cuda::kernels_for(group, device()) : nullptr;
}

}  // namespace pada
