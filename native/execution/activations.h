// What one run of a plan holds: the values going forward, their gradients coming back.
#pragma once

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

// How values are computed and kept.
struct Numerics {
  bool kernels;  // by hand-written loops on the CPU; otherwise by ATen, on any device
  Precision precision;
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
        values(plan.shapes.size()),
        gradients(plan.shapes.size()),
        statistics(plan.shapes.size()),
        device_statistics(plan.shapes.size()),
        kept(plan.shapes.size()),
        mixing_gradients(phase.mixing.size()) {}

  const Plan& plan;
  Parameters& parameters;
  Buffers& buffers;
  const int64_t batch;
  const Phase phase;
  const bool kernels;
  const Precision precision;
  at::Tensor images;                          // what the program's input is
  std::vector<at::Tensor> values, gradients;  // by value id, channels-last
  std::vector<ChannelStatistics> statistics;  // by value id of a batch norm's input
  struct DeviceStatistics {
    at::Tensor mean, inverse_deviation;
  };
  std::vector<DeviceStatistics> device_statistics;  // the same, where ATen computes
  // By value id, what else the backward pass of its instruction reads: a max pool's indices, a drop's factors, a tap's
  // difference from what was observed.
  std::vector<at::Tensor> kept;
  // By coefficient: a float32 number on the device, undefined for one that no mix read.
  std::vector<at::Tensor> mixing_gradients;
  Taps taps;

  int64_t rows(int value) const { return batch * plan.shapes[value].height * plan.shapes[value].width; }
  int64_t elements(int value) const { return rows(value) * plan.shapes[value].channels; }

  at::ScalarType type() const { return precision == Precision::Float32 ? at::kFloat : at::kBFloat16; }

  at::Tensor empty(int value) const {
    const Shape& s = plan.shapes[value];
    return empty_activation({batch, s.channels, s.height, s.width}, type(), parameters.device());
  }

  // Calls body(a value of the type that activations have in memory).
  template <class Body>
  void with_type(const Body& body) const {
    if (precision == Precision::Float32)
      body(float{});
    else
      body(BFloat16{});
  }

  bool wants_gradient(int value) const { return plan.requires_gradient[value]; }

  // Adds to the gradient of a value; takes the tensor over if it is the first.
  void add_gradient(int value, at::Tensor gradient) {
    at::Tensor& held = gradients[value];
    if (!held.defined())
      held = std::move(gradient);
    else
      held.add_(gradient);
  }
};

// The values of an activation as T, the type that it has in memory.
template <class T>
const T* values_of(const at::Tensor& tensor) {
  return static_cast<const T*>(tensor.const_data_ptr());
}
template <class T>
T* mutable_values_of(const at::Tensor& tensor) {
  return static_cast<T*>(tensor.mutable_data_ptr());
}

}  // namespace pada
