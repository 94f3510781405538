// Exponential moving averages of a supernet's parameters and running statistics: a second set of weights, which follows
// the trained ones and can be used in their place.
#pragma once

#include <functional>

#include "state/buffers.h"
#include "state/parameters.h"

namespace pada {

// Lets the averages of the scalars offset ... offset + size - 1 follow their weights.
using AverageSweep = std::function<void(int64_t offset, int64_t size)>;

class Averages {
 public:
  Averages(Parameters& parameters, Buffers& buffers) : parameters_(parameters), buffers_(buffers) {}

  // Flat memory. The first call allocates it, with copies of the weights.
  at::Tensor& parameters();
  at::Tensor& buffers();
  // Sets the averages to the weights.
  void restart();

  // One update of each kind: a = decay a + (1 - decay) w.
  AverageSweep parameter_sweep(double decay);
  void follow_parameters(double decay);
  void follow_buffers(double decay);

  // True: computations use the averages. False: they use the trained weights. The two exchange places.
  void use(bool averages);
  bool in_use() const { return in_use_; }

 private:
  at::Tensor& allocated(at::Tensor& average, at::Tensor& values);

  Parameters& parameters_;
  Buffers& buffers_;
  // While the averages are in use, these are the trained weights.
  at::Tensor other_parameters_, other_buffers_;
  bool in_use_ = false;
};

}  // namespace pada
