// What a GPU computes and copies, as torch's profiler is told by CUPTI. On the CPU: the operators of ATen.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <string>
#include <vector>

namespace pada {

struct Traced {
  std::string name;  // of a kernel, or such as "Memcpy HtoD"
  int64_t count = 0;
  double seconds = 0;
};

// Executor thread only. One trace at a time.
void start_trace(at::Device device);
// Waits for the device, and ends the trace. What took longest comes first. Operators of ATen count within those that
// call them.
std::vector<Traced> end_trace(at::Device device);

}  // namespace pada
