#include "parameters.h"

#include "errors.h"

namespace pada {

Parameters::Parameters(std::vector<std::string> names, std::vector<std::vector<int64_t>> shapes, at::Device device,
                       bool reference)
    : names_(std::move(names)), shapes_(std::move(shapes)), device_(device), reference_(reference) {
  if (names_.size() != shapes_.size()) {
    expected("one shape per name", "parameters", std::to_string(shapes_.size()) + " shapes");
  }
  for (size_t i = 0; i < names_.size(); i++) {
    int64_t size = 1;
    for (int64_t extent : shapes_[i]) {
      if (extent < 1) expected("positive extents", "parameter \"" + names_[i] + "\"", std::to_string(extent));
      size *= extent;
    }
    if (!index_.try_emplace(names_[i], static_cast<int>(i)).second) {
      expected("distinct names", "parameters", "\"" + names_[i] + "\" twice");
    }
    offsets_.push_back(total_);
    sizes_.push_back(size);
    total_ += size;
  }
  const auto options = at::TensorOptions().dtype(at::kFloat).device(device);
  for (at::Tensor* flat : {&values, &gradients, &momentum, &moment_mean, &moment_m2}) {
    *flat = at::zeros({total_}, options);
  }
  times_sampled.assign(names_.size(), 0);
  ever_sampled.assign(names_.size(), 0);
  is_pending_.assign(names_.size(), 0);
}

int Parameters::find(const std::string& name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? -1 : found->second;
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
