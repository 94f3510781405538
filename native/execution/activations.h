// Tensors of one execution of a plan: values of the forward pass, gradients of the backward pass.
#pragma once

#include <unordered_map>
#include <vector>

#include "execution/observation.h"
#include "execution/phase.h"
#include "execution/precision.h"
#include "ops/cpu/channel_rows.h"
#include "program/plan.h"
#include "runtime/torch.h"
#include "state/buffers.h"
#include "state/parameters.h"

namespace pada {

namespace cuda {
class Kernels;
}

// How values are computed and kept.
struct Numerics {
  bool kernels;  // true: hand-written loops on the CPU; false: ATen, on any device
  Precision precision;
  const cuda::Kernels* fused;  // what a GPU computes sums of nodes with; null: ATen
};

struct Activations {
  Activations(const Plan& run_plan, Parameters& run_parameters, Buffers& run_buffers, int64_t batch_size,
              const Phase& run_phase, Numerics numerics)
      : plan(run_plan),
        parameters(run_parameters),
        buffers(run_buffers),
        batch(batch_size),
        phase(run_phase),
        kernels(numerics.kernels),
        precision(numerics.precision),
        fused(numerics.fused),
        values(plan.shapes.size()),
        gradients(plan.shapes.size()),
        statistics(plan.shapes.size()),
        is_synchronised(plan.shapes.size()),
        device_statistics(plan.shapes.size()),
        kept(plan.shapes.size()),
        deferred(plan.shapes.size()),
        mixing_gradients(phase.mixing.size()) {}

  const Plan& plan;
  Parameters& parameters;
  Buffers& buffers;
  const int64_t batch;
  const Phase phase;
  const bool kernels;
  const Precision precision;
  const cuda::Kernels* const fused;
  at::Tensor images;                          // the program's input
  std::vector<at::Tensor> values, gradients;  // by value id, channels-last
  std::vector<ChannelStatistics> statistics;  // by value id of a batch norm's input
  std::vector<uint8_t> is_synchronised;       // by value id: its statistics are those of all processes
  struct DeviceStatistics {
    at::Tensor mean, inverse_deviation;
  };
  std::vector<DeviceStatistics> device_statistics;  // the same, if ATen computes
  // By value id, other data that the backward pass of the instruction reads: a max pool's indices, a drop's factors, or
  // a tap's gradient without its factor.
  std::vector<at::Tensor> kept;
  // By value id of a batch norm that the convolution reading it computes.
  struct DeferredNorm {
    NormMap map;
    GradientSums sums;  // after that convolution's backward pass
  };
  std::vector<DeferredNorm> deferred;
  // Weights of convolutions in memory of their own, and gradients that are still to be added; see packed_weights.h.
  struct PackedWeights {
    const cuda::Kernels* kernels = nullptr;  // null: convolutions read the parameters
    std::unordered_map<int, at::Tensor> weights;
    bool defers = false;  // gradients are added together when all are computed
    std::vector<std::pair<int, at::Tensor>> gradients;
  } packed;
  // By coefficient: a float32 scalar on the device; undefined if no mix reads the coefficient.
  std::vector<at::Tensor> mixing_gradients;
  Taps taps;

  int64_t rows(int value) const { return batch * plan.shapes[value].height * plan.shapes[value].width; }
  // Rows that batch norms normalise by.
  int64_t norm_rows(int value) const {
    const int64_t samples = phase.synchronised ? phase.synchronised->batch : batch;
    return samples * plan.shapes[value].height * plan.shapes[value].width;
  }
  int64_t elements(int value) const { return rows(value) * plan.shapes[value].channels; }

  at::ScalarType type() const { return precision == Precision::BFloat16 ? at::kBFloat16 : at::kFloat; }

  at::Tensor empty(int value) const {
    const Shape& s = plan.shapes[value];
    return empty_activation({batch, s.channels, s.height, s.width}, type(), parameters.device());
  }

  // Calls body(a value of the type that activations have in memory).
  template <class Body>
  void with_type(const Body& body) const {
    if (precision == Precision::BFloat16)
      body(BFloat16{});
    else
      body(float{});
  }

  bool wants_gradient(int value) const { return plan.requires_gradient[value]; }

  // Adds to the gradient of a value. The first gradient is taken over without a copy.
  void add_gradient(int value, at::Tensor gradient) {
    at::Tensor& held = gradients[value];
    if (!held.defined())
      held = std::move(gradient);
    else
      held.add_(gradient);
  }
};

// The memory of an activation, whose type in memory must be T.
template <class T>
const T* values_of(const at::Tensor& tensor) {
  return static_cast<const T*>(tensor.const_data_ptr());
}
template <class T>
T* mutable_values_of(const at::Tensor& tensor) {
  return static_cast<T*>(tensor.mutable_data_ptr());
}

}  // namespace pada
