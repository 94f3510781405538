// The weights of convolutions as a GPU reads them: in the type of activations, channels innermost. One launch packs all
// weights of a plan, and one adds all of their gradients to the parameters'.
#pragma once

#include "execution/activations.h"

namespace pada {

// Packs the weights of all convolutions of the plan, if the device has kernels for it.
void pack_weights(Activations& run);
// Weights of a convolution in the type of activations.
at::Tensor conv_weight(int parameter, const Activations& run);
// Adds the gradient of a convolution's weights: now, or with all others in add_packed_gradients().
void add_weight_gradient(int parameter, const at::Tensor& gradient, Activations& run);
void add_packed_gradients(Activations& run);

}  // namespace pada
