// Activations as the kernels of a GPU read them.
#pragma once

#include "cuda/layout.h"
#include "execution/activations.h"

namespace pada {

inline cuda::RowSpace row_space(int value, const Activations& run) {
  return {run.rows(value), run.plan.shapes[value].channels, run.type()};
}

// The tensor, or its copy of the memory that kernels read: channels innermost, of the type of activations.
inline at::Tensor dense(const at::Tensor& tensor, const Activations& run) {
  return tensor.to(run.type()).contiguous(at::MemoryFormat::ChannelsLast);
}

inline const void* memory_of(const at::Tensor& tensor) { return tensor.defined() ? tensor.const_data_ptr() : nullptr; }

// What depthwise convolutions and max pools are computed with; null: ATen. A program without them compiles no kernels.
inline const cuda::Kernels* window_kernels(const Activations& run) {
  return run.parameters.kernels(cuda::Group::Windows);
}

// Kernels count rows by 32 bits.
inline bool rows_fit(int value, const Activations& run) { return run.rows(value) < int64_t{1} << 31; }

// The gradient of a value, for kernels to write or add to. `accumulate`: whether it holds something.
inline void* gradient_memory(int value, int& accumulate, Activations& run) {
  at::Tensor& held = run.gradients[value];
  accumulate = held.defined();
  held = held.defined() ? dense(held, run) : run.empty(value);
  return held.mutable_data_ptr();
}

inline cuda::PoolWindow window_on(int value, const Window& window, const Activations& run) {
  const Shape& image = run.plan.shapes[value];
  return {static_cast<int>(window.kernel), static_cast<int>(window.stride), static_cast<int>(window.padding),
          static_cast<int>(image.height), static_cast<int>(image.width)};
}

}  // namespace pada
