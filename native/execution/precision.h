// The type of activations in memory, in which convolutions may also compute. Parameters, their gradients and moments,
// batch statistics and the loss are always float32.
#pragma once

namespace pada {

enum class Precision { Float32, BFloat16 };

}  // namespace pada
