// How much memory a piece of work needs at most.
#pragma once

#include <cstdint>

#include "runtime/torch.h"

namespace pada {

// Gives memory kept for later back to the system, and forgets the peak so far where the system lets it: without that,
// the peak stays that of the whole process.
void reset_peak_memory(at::Device device);

// Bytes: the process's largest resident set since the reset, or what torch had allocated at most on a GPU.
int64_t peak_memory(at::Device device);

}  // namespace pada
