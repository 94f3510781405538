// The type of activations in memory, in which convolutions may also compute. Parameters, their gradients and moments,
// batch statistics and the loss are always float32. TensorFloat32 has float32 activations, of which convolutions and
// products on a GPU read the upper 19 bits.
#pragma once

namespace pada {

enum class Precision { Float32, TensorFloat32, BFloat16 };

}  // namespace pada
