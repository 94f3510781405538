#include "runtime/torch_cuda.h"

#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include <atomic>
#include <cstdlib>

#include "runtime/errors.h"
#include "runtime/gpu_driver.h"
#include "runtime/torch.h"

namespace pada {
namespace {

// Opens libtorch_cuda.so in the folder of the loaded libtorch_cpu. Returns the reason of a failure, or an empty string.
std::string open_torch_cuda() {
  const std::string folder = torch_folder();
  if (folder.empty()) return "libtorch_cpu was not found in memory";
  const std::string path = folder + "libtorch_cuda.so";
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) return dlerror();
  return at::globalContext().hasCUDA() ? "" : why_no_gpu(at::detail::getCUDAHooks().versionCUDART());
}

const std::string& failure() {
  static const std::string why = open_torch_cuda();
  return why;
}

std::vector<std::string> of_each_device(std::string (*ask)(int)) {
  std::vector<std::string> answers;
  if (!failure().empty()) return answers;
  const int count = at::detail::getCUDAHooks().deviceCount();
  for (int i = 0; i < count; i++) answers.push_back(ask(i));
  return answers;
}

std::atomic<c10::DeviceIndex> current = 0;

c10::DeviceIndex checked_index(int64_t index, const std::string& name) {
  const int count = at::detail::getCUDAHooks().deviceCount();
  if (index >= 0 && index < count) return static_cast<c10::DeviceIndex>(index);
  throw Error("ERR_NO_CUDA", "Expected a device of 0 to " + std::to_string(count - 1) + " for \"" + name +
                                 "\" but received " + std::to_string(index));
}

}  // namespace

std::string torch_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&at::get_num_threads), &info) == 0 || info.dli_fname == nullptr) return "";
  const std::string cpu = info.dli_fname;
  return cpu.substr(0, cpu.rfind('/') + 1);
}

std::vector<std::string> cuda_devices() { return of_each_device(gpu_name); }

std::vector<std::string> cuda_uuids() { return of_each_device(gpu_uuid); }

at::Device cuda_device(const std::string& name) {
  if (!failure().empty()) {
    throw Error("ERR_NO_CUDA", "Expected a CUDA device for device \"" + name + "\" but received none: " + failure());
  }
  const bool numbered = name.starts_with("cuda:");
  return at::Device(at::kCUDA, checked_index(numbered ? std::atoi(name.c_str() + 5) : current.load(), name));
}

void set_cuda_device(int64_t index) { current = cuda_device("cuda:" + std::to_string(index)).index(); }

at::Tensor staged(at::IntArrayRef shape, at::ScalarType type, at::Device device, at::MemoryFormat layout) {
  return at::empty(shape, at::TensorOptions().dtype(type).pinned_memory(device.is_cuda()).memory_format(layout));
}

at::Tensor uploaded(const at::Tensor& values, at::Device device) {
  return device.is_cpu() ? values : values.to(device, values.scalar_type(), /*non_blocking=*/true);
}

void allow_tensor_float32(bool allowed) {
  at::globalContext().setAllowTF32CuDNN(allowed);
  at::globalContext().setAllowTF32CuBLAS(allowed);
}

void search_convolutions(bool search) {
  at::globalContext().setBenchmarkCuDNN(search);
  at::globalContext().setDeterministicCuDNN(!search);
}

void finish_cuda() {
  const int count = failure().empty() ? at::detail::getCUDAHooks().deviceCount() : 0;
  for (int index = 0; index < count; index++) {
    try {
      // A GPU that nothing was computed on has nothing to wait for, and must not be opened for it.
      if (!at::detail::getCUDAHooks().hasPrimaryContext(static_cast<c10::DeviceIndex>(index))) continue;
      c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA).synchronizeDevice(static_cast<c10::DeviceIndex>(index));
    } catch (const c10::Error&) {
    }
  }
}

}  // namespace pada
