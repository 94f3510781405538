// The running statistics of a supernet's batch norms, float32: state that is not learned by gradients.
#pragma once

#include "state/named_tensors.h"

namespace pada {

class Buffers : public NamedTensors {
 public:
  // `initial`: per tensor, the initial value of all its scalars.
  Buffers(std::vector<std::string> names, std::vector<std::vector<int64_t>> shapes, std::vector<float> initial,
          at::Device device)
      : NamedTensors("buffer", std::move(names), std::move(shapes), device), initial_(std::move(initial)) {
    values = at::zeros({total()}, at::TensorOptions().dtype(at::kFloat).device(device));
    for (int index = 0; index < count(); index++) reset(index);
  }

  // Resets one tensor to its initial value.
  void reset(int index) { segment(values, index).fill_(initial_[index]); }

  at::Tensor values;

 private:
  std::vector<float> initial_;
};

}  // namespace pada
