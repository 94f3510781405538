#include "state/parameters.h"

namespace pada {

Parameters::Parameters(std::vector<std::string> names, std::vector<std::vector<int64_t>> shapes, at::Device device,
                       bool reference)
    : NamedTensors("parameter", std::move(names), std::move(shapes), device), reference_(reference) {
  const auto options = at::TensorOptions().dtype(at::kFloat).device(device);
  for (at::Tensor* flat : {&values, &gradients, &momentum, &moment_mean, &moment_m2}) {
    *flat = at::zeros({total()}, options);
  }
  times_sampled.assign(count(), 0);
  ever_sampled.assign(count(), 0);
  is_pending_.assign(count(), 0);
}

void Parameters::mark_pending(const std::vector<int>& sampled) {
  for (int index : sampled) {
    if (is_pending_[index]) continue;
    is_pending_[index] = 1;
    pending_.push_back(index);
  }
}

void Parameters::clear_pending() {
  for (int index : pending_) is_pending_[index] = 0;
  pending_.clear();
}

}  // namespace pada
