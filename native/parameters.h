// All scalar state of a supernet in flat float32 tensors: values, gradients, momentum, and gradient moments. One named
// parameter is one segment of each, so a sweep over the parameters of a step is a sweep over memory.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "program/program.h"
#include "torch.h"

namespace pada {

class Parameters : public ParameterTable {
 public:
  // `reference`: sweeps use ATen's operators on the CPU too.
  Parameters(std::vector<std::string> names, std::vector<std::vector<int64_t>> shapes, at::Device device,
             bool reference);

  int find(const std::string& name) const override;
  const std::vector<int64_t>& shape(int index) const override { return shapes_[index]; }

  int count() const { return static_cast<int>(names_.size()); }
  const std::string& name(int index) const { return names_[index]; }
  int64_t offset(int index) const { return offsets_[index]; }
  int64_t size(int index) const { return sizes_[index]; }
  int64_t total() const { return total_; }
  at::Device device() const { return device_; }
  // Whether sweeps run by ATen's operators, in PyTorch's order, instead of loops over memory.
  bool by_aten() const { return reference_ || !device_.is_cpu(); }

  // View of one parameter of one of the flat tensors below.
  at::Tensor view(const at::Tensor& flat, int index) const {
    return flat.narrow(0, offsets_[index], sizes_[index]).view(shapes_[index]);
  }
  at::Tensor segment(const at::Tensor& flat, int index) const { return flat.narrow(0, offsets_[index], sizes_[index]); }

  at::Tensor values, gradients, momentum, moment_mean, moment_m2;
  std::vector<double> times_sampled;  // since the moments' reset
  std::vector<uint8_t> ever_sampled;

  // Parameters sampled since the last update: their gradients, zero or not, are the ones held.
  const std::vector<int>& pending() const { return pending_; }
  void mark_pending(const std::vector<int>& sampled);
  void clear_pending();

 private:
  std::vector<std::string> names_;
  std::vector<std::vector<int64_t>> shapes_;
  std::vector<int64_t> offsets_, sizes_;
  int64_t total_ = 0;
  at::Device device_;
  bool reference_;
  std::unordered_map<std::string, int> index_;
  std::vector<int> pending_;
  std::vector<uint8_t> is_pending_;
};

}  // namespace pada
