#include "cuda/library.h"

#include <dlfcn.h>

#include <map>
#include <mutex>

#include "runtime/errors.h"

namespace pada::cuda {
namespace {

class Library {
 public:
  explicit Library(const std::string& name) : name_(name), handle_(dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr)
      throw Error("ERR_CUDA_KERNELS", "Expected the library but received " + std::string(dlerror()));
  }

  template <typename Function>
  void find(const char* symbol, Function& function) const {
    function = reinterpret_cast<Function>(dlsym(handle_, symbol));
    if (function != nullptr) return;
    throw Error("ERR_CUDA_KERNELS", "Expected the library of CUDA but received " + name_ + ", which has no " + symbol);
  }

 private:
  const std::string name_;
  void* const handle_;
};

void find_all(const Library& library, Nvrtc& nvrtc) {
  library.find("nvrtcVersion", nvrtc.version);
  library.find("nvrtcGetNumSupportedArchs", nvrtc.architecture_count);
  library.find("nvrtcGetSupportedArchs", nvrtc.architectures);
  library.find("nvrtcCreateProgram", nvrtc.create);
  library.find("nvrtcDestroyProgram", nvrtc.destroy);
  library.find("nvrtcCompileProgram", nvrtc.compile);
  library.find("nvrtcGetProgramLogSize", nvrtc.log_size);
  library.find("nvrtcGetProgramLog", nvrtc.log);
  library.find("nvrtcGetCUBINSize", nvrtc.cubin_size);
  library.find("nvrtcGetCUBIN", nvrtc.cubin);
  library.find("nvrtcGetPTXSize", nvrtc.ptx_size);
  library.find("nvrtcGetPTX", nvrtc.ptx);
  library.find("nvrtcGetErrorString", nvrtc.error_string);
}

void find_all(const Library& library, Driver& driver) {
  library.find("cuDeviceGet", driver.device);
  library.find("cuDeviceGetAttribute", driver.attribute);
  library.find("cuModuleLoadData", driver.load_module);
  library.find("cuModuleGetFunction", driver.function);
  library.find("cuLaunchKernel", driver.launch);
  library.find("cuGetErrorString", driver.error_string);
}

template <typename Functions>
const Functions& open(const std::string& name) {
  static std::mutex mutex;
  static std::map<std::string, Functions> opened;
  std::lock_guard lock(mutex);
  if (const auto found = opened.find(name); found != opened.end()) return found->second;
  Functions functions{};
  find_all(Library(name), functions);
  return opened.emplace(name, functions).first->second;
}

}  // namespace

const Nvrtc& open_nvrtc(const std::string& library) { return open<Nvrtc>(library); }
const Driver& open_driver(const std::string& library) { return open<Driver>(library); }

}  // namespace pada::cuda
