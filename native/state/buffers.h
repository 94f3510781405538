// State of a supernet that is not learned by gradients: the running statistics of its batch norms, float32.
#pragma once

#include "state/named_tensors.h"

namespace pada {

class Buffers : public NamedTensors {
 public:
  // `initial`: per tensor, what all its scalars start with.
  Buffers(std::vector<std::string> names, std::vector<std::vector<int64_t>> shapes, std::vector<float> initial,
          at::Device device)
      : NamedTensors("buffer", std::move(names), std::move(shapes), device), initial_(std::move(initial)) {
    values = at::zeros({total()}, at::TensorOptions().dtype(at::kFloat).device(device));
    for (int index = 0; index < count(); index++) reset(index);
  }

  // Puts one tensor back to where it started.
  void reset(int index) { segment(values, index).fill_(initial_[index]); }

  at::Tensor values;

 private:
  std::vector<float> initial_;
};

}  // namespace pada
