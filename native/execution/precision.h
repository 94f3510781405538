// The type in which activations are kept and convolutions computed. Parameters, their gradients and moments, batch
// statistics and the loss are float32 in either.
#pragma once

namespace pada {

enum class Precision { Float32, BFloat16 };

}  // namespace pada
