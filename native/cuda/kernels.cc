#include "cuda/kernels.h"

#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <atomic>
#include <map>
#include <mutex>

#include "cuda/check.h"
#include "cuda/compile.h"
#include "runtime/errors.h"
#include "runtime/torch_cuda.h"

namespace pada::cuda {
namespace {

// CUdevice_attribute of cuda.h.
constexpr int kCapabilityMajor = 75, kCapabilityMinor = 76;
constexpr int64_t kTickets = 4096;

std::mutex options_lock;
Options options;
std::atomic<bool> standing_in = false;
std::atomic<int64_t> launched = 0;

Options current_options() {
  std::lock_guard lock(options_lock);
  return options;
}

// torch's own way to NVRTC and the driver depends on both, and finds them where torch finds them.
std::string library_of(at::Device device, const Options& given) {
  return device.is_cpu() ? given.stand_in : torch_folder() + "libcaffe2_nvrtc.so";
}

int capability_of(const Driver& driver, int index) {
  int device = 0, major = 0, minor = 0;
  if (driver.device(&device, index) != 0 || driver.attribute(&major, kCapabilityMajor, device) != 0 ||
      driver.attribute(&minor, kCapabilityMinor, device) != 0) {
    throw Error("ERR_CUDA_KERNELS", "Expected the driver to know GPU " + std::to_string(index) + " but received none");
  }
  return 10 * major + minor;
}

struct Entry {
  std::unique_ptr<Kernels> kernels;
  std::string why;
};

Entry make(Group group, at::Device device) {
  const Options given = current_options();
  if (!given.enabled[static_cast<size_t>(group)]) return {nullptr, "PADA_CUDA_KERNELS leaves them out"};
  try {
    auto kernels = std::make_unique<Kernels>(group, device, given);
    const std::string difference = difference_to_aten(group, *kernels);
    if (!difference.empty()) return {nullptr, difference};
    return {std::move(kernels), ""};
  } catch (const c10::OutOfMemoryError&) {
    throw;  // there may be memory the next time
  } catch (const std::exception& error) {
    const std::string message = error.what();
    return {nullptr, message.substr(0, message.find('\n'))};
  }
}

const Entry& entry_of(Group group, at::Device device) {
  // Never freed: when the process ends, the driver may be gone before.
  static auto& entries = *new std::map<std::pair<Group, int>, Entry>;
  const std::pair<Group, int> key{group, device.is_cpu() ? -1 : device.index()};
  auto found = entries.find(key);
  if (found == entries.end()) found = entries.emplace(key, make(group, device)).first;
  return found->second;
}

}  // namespace

void set_options(Options given) {
  std::lock_guard lock(options_lock);
  standing_in = !given.stand_in.empty();
  options = std::move(given);
}

bool stands_in() { return standing_in; }

Kernels::Kernels(Group group, at::Device device, const Options& given)
    : device_(device), driver_(open_driver(library_of(device, given))) {
  const Nvrtc& nvrtc = open_nvrtc(library_of(device, given));
  const c10::OptionalDeviceGuard guard(device_);
  // Makes the device's context current too, in which the module is loaded.
  tickets_ = at::zeros({kTickets}, at::TensorOptions().dtype(at::kInt).device(device_));
  const std::string architecture =
      architecture_for(nvrtc, capability_of(driver_, device_.is_cpu() ? 0 : device_.index()));
  const std::string binary = compiled_or_kept(nvrtc, group, architecture, given.folder);
  check(driver_.load_module(&module_, binary.data()));
}

void Kernels::check(int result) const {
  if (result == 0) return;
  const char* text = nullptr;
  driver_.error_string(result, &text);
  throw Error("ERR_CUDA_KERNELS",
              "Expected the driver to run kernels but received " + std::string(text == nullptr ? "an error" : text));
}

void Kernels::launch_with(const std::string& name, int64_t blocks_x, int64_t blocks_y, void* arguments) const {
  auto found = functions_.find(name);
  if (found == functions_.end()) {
    void* function = nullptr;
    check(driver_.function(&function, module_, name.c_str()));
    found = functions_.emplace(name, function).first;
  }
  if (blocks_y > kTickets) throw std::logic_error("too few tickets");
  const c10::OptionalDeviceGuard guard(device_);
  void* stream = nullptr;
  if (!device_.is_cpu()) stream = c10::impl::VirtualGuardImpl(device_.type()).getStream(device_).native_handle();
  void* parameters[] = {arguments};
  check(driver_.launch(found->second, static_cast<unsigned>(blocks_x), static_cast<unsigned>(blocks_y), 1, kThreads, 1,
                       1, 0, stream, parameters, nullptr));
  launched++;
}

const Kernels* kernels_for(Group group, at::Device device) {
  if (device.is_cpu() && !stands_in()) return nullptr;
  return entry_of(group, device).kernels.get();
}

std::vector<Status> status_of(at::Device device) {
  std::vector<Status> list;
  for (Group group : kGroups) {
    const Entry& entry = entry_of(group, device);
    list.push_back({name_of(group), entry.kernels != nullptr, entry.why});
  }
  return list;
}

int64_t launches() { return launched; }

}  // namespace pada::cuda
