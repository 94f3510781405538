// Hand-written convolutions for the CPU: channels-last, float32 or bfloat16 in memory, sums in float32. Kernels are
// square: of 1 or 3 with padding (kernel - 1) / 2, or depthwise. The loops read their input through its ReLU, compute
// statistics of their output, and map the gradient of that output's batch norm as they read it. None of these takes a
// pass of its own over memory.
#pragma once

#include <cstdint>

#include "ops/cpu/bfloat16.h"
#include "ops/cpu/channel_rows.h"

namespace pada {

struct ConvShape {
  int64_t batch, height, width;  // of the input
  int64_t in_channels, out_channels, kernel, stride, padding, dilation, groups;

  bool depthwise() const { return groups > 1 && groups == in_channels && groups == out_channels; }
  int64_t span() const { return dilation * (kernel - 1) + 1; }  // pixels from the first tap to the last
  int64_t out_height() const { return (height + 2 * padding - span()) / stride + 1; }
  int64_t out_width() const { return (width + 2 * padding - span()) / stride + 1; }
};

// In order of speed.
enum class InstructionSet { None, Avx2, Avx512, Avx512Bf16, AmxBf16 };

// The instruction set of the convolutions: the best of the processor, up to the limit. Tests lower the limit.
InstructionSet instruction_set();
void limit_instruction_set(InstructionSet most);

// False if the compiler that built the addon cannot make the kernels. Only GCC on x86-64 can.
bool kernels_compiled();

// True if this processor has kernels for the shape: for forward and weight gradient, and for the input's gradient.
bool has_conv_kernel(const ConvShape& shape);
bool has_input_gradient_kernel(const ConvShape& shape);
// True if the backward pass can multiply each sample's gradient by a factor; see OutputGradient.
bool reads_sample_factors(const ConvShape& shape);

// x: batch x height x width x in_channels, taken through a ReLU if `relu`; weight: out x in / groups x kernel x kernel;
// y: batch x out_height x out_width x out. `statistics`: of y, or null. T: float or BFloat16.
template <class T>
void conv_kernel_forward(const ConvShape& shape, const T* x, bool relu, const float* weight, T* y,
                         ChannelStatistics* statistics);

// The gradient of y. If y and affine are given: the gradient of y's batch norm, which affine maps to the gradient of y.
// If factors are given too, one per sample, they multiply the gradient of the batch norm.
template <class T>
struct OutputGradient {
  const T* gradient;
  const T* y = nullptr;
  const ChannelAffine* affine = nullptr;
  const float* factors = nullptr;
};

// Adds to the gradient of the weight. Writes the gradient of x, or adds to it if `accumulate`; skips it if x_gradient
// is null.
template <class T>
void conv_kernel_backward(const ConvShape& shape, const T* x, bool relu, const OutputGradient<T>& gradient,
                          const float* weight, T* x_gradient, bool accumulate, float* weight_gradient);

}  // namespace pada
