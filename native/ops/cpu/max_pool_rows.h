// Max pooling of channels-last activations. T: float or BFloat16.
#pragma once

#include <cstdint>

#include "ops/cpu/bfloat16.h"
#include "program/program.h"

namespace pada {

inline constexpr int64_t kMostPooledTaps = 256;  // of a window; one byte numbers them

// y: batch x output. taps: the place of each maximum in its window, row by row, or null. The first of equal values
// wins. NaN wins over numbers, as in PyTorch.
template <class T>
void max_pool_rows(const T* x, T* y, uint8_t* taps, int64_t batch, const Shape& input, const Shape& output,
                   const Window& window);

// Writes the gradient of x, or adds to it if `accumulate`.
template <class T>
void max_pool_rows_backward(const T* gradient, const uint8_t* taps, T* x_gradient, bool accumulate, int64_t batch,
                            const Shape& input, const Shape& output, const Window& window);

}  // namespace pada
