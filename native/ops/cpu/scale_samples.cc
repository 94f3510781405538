#include "ops/cpu/scale_samples.h"

#include <algorithm>

#include "ops/cpu/grain.h"
#include "ops/cpu/lanes.h"
#include "runtime/torch.h"

namespace pada {
namespace {

template <class T>
void scale(const T* x, float factor, T* out, int64_t n) {
  with_lanes([=]<class L>(L) PADA_LOOP {
    int64_t i = 0;
    for (; i + L::width <= n; i += L::width) L::store(out + i, L::load(x + i) * factor);
    for (; i < n; i++) out[i] = narrow<T>(widen(x[i]) * factor);
  });
}

}  // namespace

template <class T>
void scale_samples(const T* x, const float* factors, T* out, int64_t samples, int64_t size) {
  at::parallel_for(0, samples, grain(size, kElementsPerShare), [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; n++) {
      if (factors[n] == 0)
        std::fill(out + n * size, out + (n + 1) * size, T{});
      else
        scale(x + n * size, factors[n], out + n * size, size);
    }
  });
}

template void scale_samples(const float*, const float*, float*, int64_t, int64_t);
template void scale_samples(const BFloat16*, const float*, BFloat16*, int64_t, int64_t);

}  // namespace pada
