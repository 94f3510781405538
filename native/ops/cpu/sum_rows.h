// The sum of a node, one image row at a time. Summands are added in a buffer that stays in the first-level cache, so
// the sum and its ReLU are each written to memory once. T: float or BFloat16.
#pragma once

#include <cstdint>
#include <vector>

#include "ops/cpu/bfloat16.h"
#include "program/program.h"

namespace pada {

template <class T>
struct RowTerm {
  const T* x;
  // Batch norm: x * scale[c] + shift[c]; empty for a plain or pooled summand.
  std::vector<float> scale, shift;
  // Average pool of x, which has this height and width; kernel 0 for none.
  Window window{};
  int64_t height = 0, width = 0;
  const float* factors = nullptr;  // of a batch norm: one per sample, or null
};

// sum and relu: batch x height x width x channels; either may be null. `ceiling`: largest value of the ReLU.
template <class T>
void sum_rows(const std::vector<RowTerm<T>>& terms, T* sum, T* relu, float ceiling, int64_t batch, const Shape& shape);

// out = gradient where 0 < relu < ceiling, else 0; or added to out.
template <class T>
void relu_backward(const T* gradient, const T* relu, float ceiling, T* out, bool accumulate, int64_t elements);

// out[i] += x[i]
template <class T>
void add_to(T* out, const T* x, int64_t elements);

}  // namespace pada
