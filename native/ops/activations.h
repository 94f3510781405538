// What one run of a plan holds: the values going forward, their gradients coming back.
#pragma once

#include <vector>

#include "ops/channel_rows.h"
#include "parameters.h"
#include "program/plan.h"
#include "torch.h"

namespace pada {

struct Activations {
  Activations(const Plan& run_plan, Parameters& run_parameters, int64_t batch_size, bool use_kernels)
      : plan(run_plan),
        parameters(run_parameters),
        batch(batch_size),
        kernels(use_kernels),
        values(plan.shapes.size()),
        gradients(plan.shapes.size()),
        statistics(plan.shapes.size()),
        device_statistics(plan.shapes.size()) {}

  const Plan& plan;
  Parameters& parameters;
  const int64_t batch;
  // Hand-written loops on the CPU; otherwise ATen, on any device.
  const bool kernels;
  std::vector<at::Tensor> values, gradients;  // by value id, channels-last
  std::vector<ChannelStatistics> statistics;  // by value id of a batch norm's input
  struct DeviceStatistics {
    at::Tensor mean, inverse_deviation;
  };
  std::vector<DeviceStatistics> device_statistics;  // the same, where ATen computes

  int64_t rows(int value) const { return batch * plan.shapes[value].height * plan.shapes[value].width; }
  int64_t elements(int value) const { return rows(value) * plan.shapes[value].channels; }

  at::Tensor empty(int value) const {
    const Shape& s = plan.shapes[value];
    return empty_activation(batch, s.channels, s.height, s.width, parameters.device());
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

inline constexpr double kEpsilon = 1e-5;  // of every batch norm, as PyTorch's default

}  // namespace pada
