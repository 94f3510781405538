// What each instruction set compiled of the direct convolution; the loops themselves are in direct_conv_kernels.inc.
#pragma once

#include <cstdint>

namespace pada {

// One output row of `pixels` pixels. x: the first row that the kernel reads, of a padded image (or of the image itself
// for kernel 1), with row_stride floats between rows. weight: packed, see direct_conv_kernels.inc.
using ForwardRow = void (*)(const float* x, int64_t row_stride, const float* weight, int64_t out_channels, float* y,
                            int64_t pixels, bool accumulate);

// Adds one image's weight gradient to sums, which has the layout of packed weights.
using WeightGradientImage = void (*)(const float* x, int64_t row_stride, const float* y_gradient, int64_t in_channels,
                                     int64_t out_channels, int64_t kernel, int64_t stride, int64_t rows, int64_t pixels,
                                     float* sums);

// Each returns null for a shape it was not compiled for.
struct DirectConvKernels {
  ForwardRow (*forward_row)(int64_t in_channels, int64_t out_channels, int64_t kernel, int64_t stride);
  WeightGradientImage (*weight_gradient_image)(int64_t out_channels);
};

// Null where the compiler cannot target the instruction set.
const DirectConvKernels* direct_conv_avx512();
const DirectConvKernels* direct_conv_avx2();

}  // namespace pada
