#include "distributed/nccl.h"

#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include <chrono>
#include <climits>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "runtime/errors.h"

namespace pada {

namespace {

// Values of nccl.h.
constexpr int kSuccess = 0, kInProgress = 7;
constexpr int kFloat32 = 7, kFloat64 = 8;
constexpr int kSum = 0;
constexpr unsigned kMagic = 0xcafebeef, kConfigVersion = 21400;
constexpr size_t kIdBytes = 128;

struct UniqueId {
  char bytes[kIdBytes];
};

// The first fields of ncclConfig_t, as of version 2.14, from which on calls need not block. Later versions take a
// shorter struct for an older one and fill the rest with their defaults.
struct Config {
  size_t size = sizeof(Config);
  unsigned magic = kMagic, version = kConfigVersion;
  int blocking = 0;
  int padding = INT_MIN;  // NCCL_CONFIG_UNDEF_INT, where later versions have cgaClusterSize
};

}  // namespace

struct NcclFunctions {
  int (*get_version)(int*);
  int (*get_unique_id)(UniqueId*);
  int (*init)(void**, int, UniqueId, int, Config*);
  int (*all_reduce)(const void*, void*, size_t, int, int, void*, void*);
  int (*get_async_error)(void*, int*);
  int (*abort)(void*);
  const char* (*error_string)(int);
};

namespace {

template <typename Function>
void find(void* library, const std::string& name, const char* symbol, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, symbol));
  if (function != nullptr) return;
  throw Error("ERR_NCCL",
              "Expected NCCL of version 2.14 or later but received " + name + ", which has no " + std::string(symbol));
}

// Libraries stay open until the process ends.
const NcclFunctions& open_nccl(const std::string& name) {
  static std::mutex mutex;
  static std::map<std::string, NcclFunctions> opened;
  std::lock_guard lock(mutex);
  if (const auto found = opened.find(name); found != opened.end()) return found->second;
  void* library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    throw Error("ERR_NCCL", "Expected the library of NCCL but received " + std::string(dlerror()));
  NcclFunctions functions{};
  find(library, name, "ncclGetVersion", functions.get_version);
  find(library, name, "ncclGetUniqueId", functions.get_unique_id);
  find(library, name, "ncclCommInitRankConfig", functions.init);
  find(library, name, "ncclAllReduce", functions.all_reduce);
  find(library, name, "ncclCommGetAsyncError", functions.get_async_error);
  find(library, name, "ncclCommAbort", functions.abort);
  find(library, name, "ncclGetErrorString", functions.error_string);
  return opened.emplace(name, functions).first->second;
}

[[noreturn]] void throw_failure(const NcclFunctions& functions, int result) {
  throw Error("ERR_NCCL", "Expected NCCL to go on but received " + std::string(functions.error_string(result)));
}

}  // namespace

std::string NcclGroup::make_id(const std::string& library) {
  const NcclFunctions& functions = open_nccl(library);
  UniqueId id{};
  if (const int result = functions.get_unique_id(&id); result != kSuccess) throw_failure(functions, result);
  return {id.bytes, kIdBytes};
}

NcclGroup::NcclGroup(const std::string& library, const std::string& id, int rank, int size, at::Device device,
                     const std::function<void()>& look)
    : functions_(open_nccl(library)), device_(device) {
  if (id.size() != kIdBytes) expected("an id of 128 bytes", "id", std::to_string(id.size()) + " bytes");
  UniqueId unique{};
  std::memcpy(unique.bytes, id.data(), kIdBytes);
  Config config;
  const c10::OptionalDeviceGuard guard(device_);
  if (!device_.is_cpu()) {
    stream_ = c10::impl::VirtualGuardImpl(device_.type()).getStreamFromGlobalPool(device_, /*isHighPriority=*/true);
  }
  await(functions_.init(&group_, size, unique, rank, &config), look);
}

NcclGroup::~NcclGroup() { abort(); }

std::string NcclGroup::version() const {
  int code = 0;
  functions_.get_version(&code);
  return std::to_string(code / 10000) + "." + std::to_string(code / 100 % 100) + "." + std::to_string(code % 100);
}

NcclGroup::Sum NcclGroup::begin_sum(at::Tensor tensor, const std::function<void()>& look) {
  check_connected();
  const int type = tensor.scalar_type() == at::kDouble ? kFloat64 : kFloat32;
  const auto enqueue = [&](void* stream) {
    void* data = tensor.mutable_data_ptr();
    await(functions_.all_reduce(data, data, tensor.numel(), type, kSum, group_, stream), look);
  };
  Sum sum{tensor, nullptr};
  if (!stream_) {
    enqueue(nullptr);
    return sum;
  }
  // The sum runs beside the computation, and begins when the tensor is computed.
  const c10::OptionalDeviceGuard guard(device_);
  const DeviceEvent computed = record_event(c10::impl::VirtualGuardImpl(device_.type()).getStream(device_));
  computed->block(*stream_);
  enqueue(stream_->native_handle());
  sum.done = record_event(*stream_);
  return sum;
}

bool NcclGroup::is_done(const Sum& sum) const {
  check_connected();
  int state = kSuccess;
  const int result = functions_.get_async_error(group_, &state);
  if (result != kSuccess) failed(result);
  if (state != kSuccess && state != kInProgress) failed(state);
  return !sum.done || sum.done->query();
}

void NcclGroup::abort() {
  if (group_ != nullptr) functions_.abort(std::exchange(group_, nullptr));
}

void NcclGroup::await(int result, const std::function<void()>& look) {
  try {
    // The first call may wait for other processes; later ones take microseconds.
    for (auto pause = std::chrono::microseconds(10); result == kInProgress;
         pause *= pause < std::chrono::seconds(1) ? 2 : 1) {
      std::this_thread::sleep_for(pause);
      if (pause > std::chrono::milliseconds(100)) look();
      const int asked = functions_.get_async_error(group_, &result);
      if (asked != kSuccess) failed(asked);
    }
    if (result != kSuccess) failed(result);
  } catch (...) {
    abort();
    throw;
  }
}

void NcclGroup::check_connected() const {
  if (group_ == nullptr) throw Error("ERR_NCCL", "Expected NCCL to go on but received a call after it had failed");
}

void NcclGroup::failed(int result) const { throw_failure(functions_, result); }

}  // namespace pada
