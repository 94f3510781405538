#include "state/named_tensors.h"

#include "runtime/errors.h"

namespace pada {

NamedTensors::NamedTensors(const std::string& kind, std::vector<std::string> names,
                           std::vector<std::vector<int64_t>> shapes, at::Device device)
    : names_(std::move(names)), shapes_(std::move(shapes)), device_(device) {
  if (names_.size() != shapes_.size()) {
    expected("one shape per name", kind + "s", std::to_string(shapes_.size()) + " shapes");
  }
  for (size_t i = 0; i < names_.size(); i++) {
    const std::string name = kind + " \"" + names_[i] + "\"";
    const auto check = [&](bool overflows) {
      if (overflows) expected("a shape of less than 2^63 values", name, "a larger one");
    };
    int64_t size = 1;
    for (int64_t extent : shapes_[i]) {
      if (extent < 1) expected("positive extents", name, std::to_string(extent));
      check(__builtin_mul_overflow(size, extent, &size));
    }
    if (!index_.try_emplace(names_[i], static_cast<int>(i)).second) {
      expected("distinct names", kind + "s", "\"" + names_[i] + "\" twice");
    }
    offsets_.push_back(total_);
    sizes_.push_back(size);
    // Together with those before.
    check(__builtin_add_overflow(total_, size, &total_));
  }
}

int NamedTensors::find(const std::string& name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? -1 : found->second;
}

}  // namespace pada
