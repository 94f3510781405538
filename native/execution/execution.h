// Runs a plan forward and backward on one batch.
#pragma once

#include <functional>

#include "execution/activations.h"

namespace pada {

class Execution {
 public:
  // If the phase has no backward pass, values are freed as early as possible.
  Execution(const Plan& plan, Parameters& parameters, Buffers& buffers, int64_t batch, const Phase& phase,
            Numerics numerics, const Taps& taps = {});

  // Packs the weights of convolutions, if the device has kernels for it; forward() does, unless it is given them.
  Activations::PackedWeights pack();
  // Weights packed before, which have not changed since.
  void take(const Activations::PackedWeights& packed) { run_.packed = packed; }

  // Refuses what the program cannot do with a batch of this size, before anything has changed. forward() does so too.
  void check() const;

  // images: batch x channels x height x width, channels-last, float32. Returns the logits of each of the plan's
  // outputs: float32 [batch, classes, 1, 1].
  std::vector<at::Tensor> forward(const at::Tensor& images);

  // Given the gradient of each output's logits, adds the gradients of all parameters used to Parameters::gradients.
  // Calls `complete` with each parameter as soon as its gradient is complete. Call once.
  void backward(const std::vector<at::Tensor>& logits_gradients, const std::function<void(int)>& complete = {});

  // After backward: the gradients of the phase's mixing coefficients, scalars on the device; undefined: 0.
  const std::vector<at::Tensor>& mixing_gradients() const { return run_.mixing_gradients; }
  const Taps& taps() const { return run_.taps; }

 private:
  void release_after(int index, const Step& step);

  Activations run_;
};

}  // namespace pada
