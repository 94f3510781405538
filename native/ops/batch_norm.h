// Batch norms, which are summands of a node (see node_sum.h): forward beside backward, by ATen and by loops over rows.
//
// Without running statistics they normalise by those of the batch, always. With them, training and re-estimation do so
// too and move the running ones; evaluation normalises by those.
#pragma once

#include "execution/activations.h"

namespace pada {

at::Tensor aten_norm_forward(const Term& term, Activations& run);
void aten_norm_backward(const Term& term, const at::Tensor& gradient, Activations& run);

// What a batch norm does to its input: x * scale[c] + shift[c]. Moves its running statistics. T: the type in memory.
struct NormMap {
  std::vector<float> scale, shift;
};
template <class T>
NormMap norm_forward(const Term& term, Activations& run);

// All batch norms of a sum at once, because they share the gradient: first its sums, then, norm by norm, the gradient
// of its input, which a convolution takes as it reads it.
template <class T>
void norms_backward(const Step& step, const at::Tensor& gradient, Activations& run);

}  // namespace pada
