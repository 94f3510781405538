// Peak memory of a piece of work.
#pragma once

#include <cstdint>

#include "runtime/torch.h"

namespace pada {

// Resets the peak; on a CPU, also returns kept memory to the system. If the system forbids the reset, the peak remains
// the whole process's.
void reset_peak_memory(at::Device device);

// Bytes. On a CPU: the process's largest resident set since the reset. On a GPU: the most that torch had allocated.
int64_t peak_memory(at::Device device);

}  // namespace pada
