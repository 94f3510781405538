#include "runtime/peak_memory.h"

#include <c10/core/CachingDeviceAllocator.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sys/resource.h>

#include <fstream>
#include <string>

#include "runtime/caching_allocator.h"

namespace pada {

void reset_peak_memory(at::Device device) {
  if (!device.is_cpu()) return c10::getDeviceAllocator(device.type())->resetPeakStats(device.index());
  drop_kept_memory();
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  // "5" resets VmHWM, see proc(5). If the system forbids it, the peak remains the process's.
  std::ofstream("/proc/self/clear_refs") << "5";
}

int64_t peak_memory(at::Device device) {
  if (!device.is_cpu()) {
    const auto stats = c10::getDeviceAllocator(device.type())->getDeviceStats(device.index());
    return stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)].peak;
  }
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) * 1024;
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;
}

}  // namespace pada
