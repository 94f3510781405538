// Named tensors one after another in flat memory: the name, shape and place of each.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "program/program.h"
#include "runtime/torch.h"

namespace pada {

class NamedTensors : public ShapeTable {
 public:
  // `kind`: of the tensors, for error messages.
  NamedTensors(const std::string& kind, std::vector<std::string> names, std::vector<std::vector<int64_t>> shapes,
               at::Device device);

  int find(const std::string& name) const override;
  const std::vector<int64_t>& shape(int index) const override { return shapes_[index]; }

  int count() const { return static_cast<int>(names_.size()); }
  const std::string& name(int index) const { return names_[index]; }
  int64_t offset(int index) const { return offsets_[index]; }
  int64_t size(int index) const { return sizes_[index]; }
  int64_t total() const { return total_; }
  // Bytes of one flat float32 tensor that holds all of them.
  int64_t flat_bytes() const { return total_ * static_cast<int64_t>(sizeof(float)); }
  at::Device device() const { return device_; }

  // View of one tensor in a flat tensor that holds all of them.
  at::Tensor view(const at::Tensor& flat, int index) const {
    return flat.narrow(0, offsets_[index], sizes_[index]).view(shapes_[index]);
  }
  at::Tensor segment(const at::Tensor& flat, int index) const { return flat.narrow(0, offsets_[index], sizes_[index]); }

 private:
  std::vector<std::string> names_;
  std::vector<std::vector<int64_t>> shapes_;
  std::vector<int64_t> offsets_, sizes_;
  int64_t total_ = 0;
  at::Device device_;
  std::unordered_map<std::string, int> index_;
};

}  // namespace pada
