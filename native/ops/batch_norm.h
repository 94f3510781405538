// Batch norms as summands of a node (see node_sum.h): forward and backward, by ATen and by loops over rows.
//
// A batch norm without running statistics always normalises by the batch. One with running statistics does so in
// training and re-estimation, and updates them. In evaluation it normalises by them.
#pragma once

#include "execution/activations.h"

namespace pada {

bool moves_running(const Term& term, const Activations& run);
bool normalises_by_batch(const Term& term, const Activations& run);
// Throws if there is one row and running statistics move: an unbiased variance needs two values.
void check_rows(const Term& term, const Activations& run);

at::Tensor aten_norm_forward(const Term& term, Activations& run);
void aten_norm_backward(const Term& term, const at::Tensor& gradient, Activations& run);

// The norm as a map of its input. Updates its running statistics. T: the type in memory.
template <class T>
NormMap norm_forward(const Term& term, Activations& run);

// Computes all batch norms of a sum at once, because they share the gradient. The gradient's sums come first, if they
// are not there already (see Activations::deferred). Then comes the gradient of each norm's input. If a convolution
// computed that input, its backward pass computes this gradient as it reads it.
template <class T>
void norms_backward(const Step& step, const at::Tensor& gradient, Activations& run);

}  // namespace pada
