#include "runtime/gpu_driver.h"

#include <dlfcn.h>

namespace pada {
namespace {

void* driver() {
  static void* const library = dlopen("libcuda.so.1", RTLD_NOW);
  return library;
}

// Calls a function of the driver. Its result is 0 if all went well; -1: the driver has no such function.
template <class... Arguments>
int call(const char* name, Arguments... arguments) {
  const auto function = reinterpret_cast<int (*)(Arguments...)>(dlsym(driver(), name));
  return function == nullptr ? -1 : function(arguments...);
}

// 12.4 for 12040.
std::string text(long version) { return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10); }

std::string words_of(int error) {
  const char* words = nullptr;
  if (call("cuGetErrorString", error, &words) != 0 || words == nullptr) return "error " + std::to_string(error);
  return words;
}

}  // namespace

std::string gpu_name(int index) {
  char name[256] = "CUDA device";
  int device = 0;
  if (driver() != nullptr && call("cuDeviceGet", &device, index) == 0)
    call("cuDeviceGetName", &name[0], static_cast<int>(sizeof(name)), device);
  return name;
}

std::string gpu_uuid(int index) {
  unsigned char uuid[16] = {};
  int device = 0;
  if (driver() == nullptr || call("cuDeviceGet", &device, index) != 0) return "";
  // Only the newer function tells apart the parts of a GPU that is divided.
  if (call("cuDeviceGetUuid_v2", &uuid[0], device) != 0 && call("cuDeviceGetUuid", &uuid[0], device) != 0) return "";
  std::string digits;
  for (const unsigned char byte : uuid) {
    digits += "0123456789abcdef"[byte >> 4];
    digits += "0123456789abcdef"[byte & 15];
  }
  return digits;
}

std::string why_no_gpu(long cuda_version) {
  if (driver() == nullptr) return "the library of NVIDIA's driver, libcuda.so.1, was not found";
  int version = 0, count = 0;
  // A driver serves every CUDA of its major version, and older ones.
  if (call("cuDriverGetVersion", &version) == 0 && version / 1000 < cuda_version / 1000) {
    return "NVIDIA's driver is made for CUDA " + text(version) + " and torch for CUDA " + text(cuda_version) +
           ": update the driver, or take a torch for the older CUDA";
  }
  if (const int error = call("cuInit", 0u); error != 0) return "NVIDIA's driver says: " + words_of(error);
  if (call("cuDeviceGetCount", &count) == 0 && count == 0) {
    return "NVIDIA's driver shows no GPU; CUDA_VISIBLE_DEVICES may hide it";
  }
  return "torch finds no GPU that it can use";
}

}  // namespace pada
