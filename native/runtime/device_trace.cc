#include "runtime/device_trace.h"

#include <torch/csrc/autograd/profiler_kineto.h>

#include <algorithm>
#include <map>
#include <set>

#include "runtime/torch_cuda.h"

namespace pada {

void start_trace(at::Device device) {
  namespace profiler = torch::profiler::impl;
  const profiler::ProfilerConfig config(profiler::ProfilerState::KINETO);
  const std::set activities{device.is_cpu() ? profiler::ActivityType::CPU : profiler::ActivityType::CUDA};
  torch::autograd::profiler::prepareProfiler(config, activities);
  torch::autograd::profiler::enableProfiler(config, activities);
}

std::vector<Traced> end_trace(at::Device device) {
  if (device.is_cuda()) finish_cuda();
  const auto result = torch::autograd::profiler::disableProfiler();
  std::map<std::string, Traced> by_name;
  for (const auto& event : result->events()) {
    if (event.deviceType() != device.type()) continue;
    Traced& traced = by_name[event.name()];
    traced.count++;
    traced.seconds += 1e-9 * static_cast<double>(event.durationNs());
  }
  std::vector<Traced> list;
  for (auto& [name, traced] : by_name) list.push_back({name, traced.count, traced.seconds});
  std::ranges::stable_sort(list, std::greater(), &Traced::seconds);
  return list;
}

}  // namespace pada
