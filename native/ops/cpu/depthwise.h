// Hand-written backward pass of depthwise convolutions for the CPU: channels-last, float32 or bfloat16 in memory,
// float32 in arithmetic. Channels are independent, so a row of the input's gradient is a sum of rows of the output's
// gradient, each times one weight per channel.
#pragma once

#include <cstdint>

#include "ops/cpu/bfloat16.h"
#include "program/program.h"

namespace pada {

struct DepthwiseShape {
  int64_t batch, channels, height, width, out_height, out_width;
  Window window;

  bool has_kernel() const;
};

// x: batch x height x width x channels, taken through a ReLU if `relu`; weight: channels x kernel x kernel; y_gradient:
// batch x out_height x out_width x channels. Writes the gradient of x, unless x_gradient is null. Adds to the gradient
// of the weight.
template <class T>
void depthwise_backward(const DepthwiseShape& shape, const T* x, bool relu, const T* y_gradient, const float* weight,
                        T* x_gradient, float* weight_gradient);

}  // namespace pada
