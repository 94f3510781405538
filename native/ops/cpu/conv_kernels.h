// Convolutions for the CPU, hand-written: channels-last, float32 or bfloat16 in memory and float32 in arithmetic,
// square kernels of 1 or 3 with the padding that keeps extents. They read their input through its ReLU, know the
// statistics of their output, and take the gradient of a batch norm of that output as it comes: none of these is a pass
// over memory of its own.
#pragma once

#include <cstdint>

#include "ops/cpu/bfloat16.h"
#include "ops/cpu/channel_rows.h"

namespace pada {

struct ConvShape {
  int64_t batch, height, width;  // of the input
  int64_t in_channels, out_channels, kernel, stride;

  int64_t padding() const { return (kernel - 1) / 2; }
  int64_t out_height() const { return (height + 2 * padding() - kernel) / stride + 1; }
  int64_t out_width() const { return (width + 2 * padding() - kernel) / stride + 1; }
};

// In order of speed.
enum class InstructionSet { None, Avx2, Avx512, Avx512Bf16 };

// What convolutions use: the best of the processor, but not above the limit, which is for tests of the lesser ones.
InstructionSet instruction_set();
void limit_instruction_set(InstructionSet most);

// Whether this processor and shape have kernels: forward and weight gradient, and the input's gradient.
bool has_conv_kernel(const ConvShape& shape);
bool has_input_gradient_kernel(const ConvShape& shape);

// x: batch x height x width x in_channels, taken through a ReLU if `relu`; weight: out x in x kernel x kernel;
// y: batch x out_height x out_width x out. `statistics`: of y, or null. T: float or BFloat16.
template <class T>
void conv_kernel_forward(const ConvShape& shape, const T* x, bool relu, const float* weight, T* y,
                         ChannelStatistics* statistics);

// The gradient of y; or, where y and affine are given, that of its batch norm, which affine turns into that of y.
template <class T>
struct OutputGradient {
  const T* gradient;
  const T* y = nullptr;
  const ChannelAffine* affine = nullptr;
};

// Adds to the gradient of the weight. Writes, or adds to, the gradient of x, unless x_gradient is null.
template <class T>
void conv_kernel_backward(const ConvShape& shape, const T* x, bool relu, const OutputGradient<T>& gradient,
                          const float* weight, T* x_gradient, bool accumulate, float* weight_gradient);

}  // namespace pada
