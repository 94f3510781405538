// Hand-written convolutions for the CPU: channels-last, float32 or bfloat16 in memory, sums in float32. Kernels are
// square: of 1 or 3 with padding (kernel - 1) / 2, or depthwise. The loops read their input through its batch norm and
// ReLU, compute statistics of their output, and map the gradient of that output's batch norm as they read it. None of
// these takes a pass of its own over memory.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

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

// The input of a convolution: parts side by side along the channels, through a batch norm, then through a ReLU.
template <class T>
struct ConvInput {
  // x: batch x height x width x channels. The backward pass writes to `gradient`, or adds to it if `accumulate`; it
  // skips a part without.
  struct Part {
    const T* x;
    int64_t channels;
    T* gradient = nullptr;
    bool accumulate = false;
  };
  std::vector<Part> parts;  // several only for kernels of 1; then each has a multiple of 4 channels
  bool relu = false;
  float ceiling = std::numeric_limits<float>::infinity();  // largest value of the ReLU
  // The batch norm of the only part, or null. The backward pass then takes the mean of x, writes the gradient of the
  // norm's output to the part's `gradient`, and gives the sums of that.
  const NormMap* norm = nullptr;
  const float* norm_mean = nullptr;
  GradientSums* norm_sums = nullptr;
};

// weight: out x in / groups x kernel x kernel; y: batch x out_height x out_width x out. `statistics`: of y, or null.
// T: float or BFloat16.
template <class T>
void conv_kernel_forward(const ConvShape& shape, const ConvInput<T>& input, const float* weight, T* y,
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

// Adds to the gradient of the weight, and computes the gradients of the input's parts.
template <class T>
void conv_kernel_backward(const ConvShape& shape, const ConvInput<T>& input, const OutputGradient<T>& gradient,
                          const float* weight, float* weight_gradient);

}  // namespace pada
