// Average pools, row by row; padding is not counted. T: float or BFloat16.
#pragma once

#include <cstdint>

#include "ops/cpu/bfloat16.h"
#include "program/program.h"

namespace pada {

// y += row `row` of the pool of one image. y: a row of the output; column: memory for a row of the input.
template <class T>
void add_pooled_row(float* y, const T* image, int64_t row, const Shape& input, const Shape& output,
                    const Window& window, float* column);

// Given the gradient of a pool's output, writes the gradient of its input, or adds to it if `accumulate`.
template <class T>
void average_pool_backward(const T* gradient, T* input_gradient, bool accumulate, int64_t batch, const Shape& output,
                           const Shape& input, const Window& window);

}  // namespace pada
