#include "runtime/torch_cuda.h"

#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include "runtime/errors.h"
#include "runtime/torch.h"

namespace pada {
namespace {

// Opens libtorch_cuda.so in the folder of the loaded libtorch_cpu. Returns the reason of a failure, or an empty string.
std::string open_torch_cuda() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&at::get_num_threads), &info) == 0 || info.dli_fname == nullptr) {
    return "libtorch_cpu was not found in memory";
  }
  const std::string cpu = info.dli_fname;
  const std::string path = cpu.substr(0, cpu.rfind('/') + 1) + "libtorch_cuda.so";
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) return dlerror();
  return at::globalContext().hasCUDA() ? "" : "torch finds no CUDA device";
}

const std::string& failure() {
  static const std::string why = open_torch_cuda();
  return why;
}

// The driver's name of a device: libtorch's interface without CUDA headers has no names.
std::string device_name(int index) {
  static void* driver = dlopen("libcuda.so.1", RTLD_NOW);
  char name[256] = "CUDA device";
  if (driver != nullptr) {
    auto get = reinterpret_cast<int (*)(int*, int)>(dlsym(driver, "cuDeviceGet"));
    auto get_name = reinterpret_cast<int (*)(char*, int, int)>(dlsym(driver, "cuDeviceGetName"));
    int device = 0;
    if (get != nullptr && get_name != nullptr && get(&device, index) == 0) get_name(name, sizeof(name), device);
  }
  return name;
}

}  // namespace

std::vector<std::string> cuda_devices() {
  std::vector<std::string> names;
  if (!failure().empty()) return names;
  const int count = at::detail::getCUDAHooks().deviceCount();
  for (int i = 0; i < count; i++) names.push_back(device_name(i));
  return names;
}

void require_cuda() {
  if (!failure().empty()) {
    throw Error("ERR_NO_CUDA", "Expected a CUDA device for device \"cuda\" but received none: " + failure());
  }
}

void finish_cuda() {
  try {
    c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA).synchronizeDevice(0);
  } catch (const c10::Error&) {
  }
}

}  // namespace pada
