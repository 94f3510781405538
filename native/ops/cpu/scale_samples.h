// Each sample of a batch times a factor of its own.
#pragma once

#include <cstdint>

#include "ops/cpu/bfloat16.h"

namespace pada {

// x, out: samples x size; factors: one per sample. `out` may be `x`. A factor of 0 gives zeros without reading x.
// T: float or BFloat16.
template <class T>
void scale_samples(const T* x, const float* factors, T* out, int64_t samples, int64_t size);

}  // namespace pada
