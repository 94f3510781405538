// Launches of the kernels of sums: how many blocks share the work. The callers fill in everything but `rows` and
// `reduction`.
#pragma once

#include "cuda/layout.h"

namespace pada::cuda {

void norm_statistics(const Kernels& kernels, const RowSpace& space, StatisticsArguments arguments);
void sum_terms(const Kernels& kernels, const RowSpace& space, SumArguments arguments);
void sum_gradients(const Kernels& kernels, const RowSpace& space, GradientArguments arguments);
void term_gradients(const Kernels& kernels, const RowSpace& space, TermGradientArguments arguments);
// `space`: of the pool's input.
void pool_gradient(const Kernels& kernels, const RowSpace& space, PoolGradientArguments arguments);

}  // namespace pada::cuda
