// Direct convolutions for the CPU: channels-last, float32, square kernels of 1 or 3 with the padding that keeps
// extents. At the few channels of a supernet's first stages the general routines spend as much on set-up as on
// arithmetic.
#pragma once

#include <cstdint>

namespace pada {

struct ConvShape {
  int64_t batch, height, width;  // of the input
  int64_t in_channels, out_channels, kernel, stride;

  int64_t padding() const { return (kernel - 1) / 2; }
  int64_t out_height() const { return (height + 2 * padding() - kernel) / stride + 1; }
  int64_t out_width() const { return (width + 2 * padding() - kernel) / stride + 1; }
};

// In order of speed.
enum class InstructionSet { None, Avx2, Avx512 };

// What convolutions use: the best of the processor, but not above the limit, which is for tests of the lesser ones.
InstructionSet instruction_set();
void limit_instruction_set(InstructionSet most);

// Whether this processor and shape have kernels: forward and weight gradient, and the input's gradient.
bool has_direct_conv(const ConvShape& shape);
bool has_direct_input_gradient(const ConvShape& shape);

// x: batch x height x width x in_channels; weight: out x in x kernel x kernel; y: batch x out_height x out_width x out.
void direct_conv_forward(const ConvShape& shape, const float* x, const float* weight, float* y);

// Writes, or adds to, the gradient of x. Stride 1.
void direct_conv_input_gradient(const ConvShape& shape, const float* y_gradient, const float* weight, float* x_gradient,
                                bool accumulate);

// Adds to the gradient of the weight.
void direct_conv_weight_gradient(const ConvShape& shape, const float* x, const float* y_gradient,
                                 float* weight_gradient);

}  // namespace pada
