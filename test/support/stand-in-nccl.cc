// A library with the functions of NCCL that the addon calls, for tests where there is no GPU: sums of processors'
// memory through a shared file. As with the real one, calls do not block: they begin, and ncclCommGetAsyncError says
// when they are done. STAND_IN_NCCL_FAILS=N: the sum of that number, from 1, fails.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <thread>

namespace {

constexpr int kSuccess = 0, kSystemError = 2, kInvalidArgument = 4, kInProgress = 7;
constexpr size_t kSlot = 1 << 21;  // bytes that a process sums at once
constexpr int kMostRanks = 8;

struct Id {
  char bytes[128];
};

struct Config {
  size_t size;
  unsigned magic, version;
  int blocking;
};

struct Shared {
  std::atomic<int64_t> arrived;
  char slots[kMostRanks][kSlot];
};

struct Group {
  Shared* shared = nullptr;
  int rank = 0, size = 0, sums = 0;
  int64_t barriers = 0;
  std::atomic<int> state = kInProgress;
  std::atomic<bool> aborted = false;
  std::thread worker;

  // False if the group was aborted while it waited.
  bool barrier() {
    shared->arrived++;
    barriers++;
    while (shared->arrived < barriers * size) {
      if (aborted) return false;
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
    return true;
  }

  template <typename Work>
  int begin(Work work) {
    if (worker.joinable()) worker.join();
    state = kInProgress;
    worker = std::thread([this, work] { state = work() ? kSuccess : kSystemError; });
    return kInProgress;
  }

  template <typename Number>
  bool sum(const Number* from, Number* to, size_t count) {
    const size_t most = kSlot / sizeof(Number);
    for (size_t first = 0; first < count; first += most) {
      const size_t some = std::min(most, count - first);
      std::memcpy(shared->slots[rank], from + first, some * sizeof(Number));
      if (!barrier()) return false;
      for (size_t i = 0; i < some; i++) {
        Number total = 0;
        for (int other = 0; other < size; other++) total += reinterpret_cast<Number*>(shared->slots[other])[i];
        to[first + i] = total;
      }
      if (!barrier()) return false;
    }
    return true;
  }
};

}  // namespace

extern "C" {

int ncclGetVersion(int* version) {
  *version = 22803;
  return kSuccess;
}

int ncclGetUniqueId(Id* id) {
  std::random_device random;
  std::snprintf(id->bytes, sizeof(id->bytes), "/dev/shm/stand-in-nccl-%08x%08x", random(), random());
  return kSuccess;
}

int ncclCommInitRankConfig(void** group, int size, Id id, int rank, Config* config) {
  if (config->magic != 0xcafebeef || config->version < 21400 || config->blocking != 0 || size > kMostRanks) {
    return kInvalidArgument;
  }
  const int file = open(id.bytes, O_RDWR | O_CREAT, 0600);
  if (file < 0 || ftruncate(file, sizeof(Shared)) != 0) return kSystemError;
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  auto* made = new Group;
  made->shared = static_cast<Shared*>(memory);
  made->rank = rank;
  made->size = size;
  *group = made;
  return made->begin([made, path = std::string(id.bytes)] {
    const bool all = made->barrier();
    unlink(path.c_str());
    return all;
  });
}

int ncclAllReduce(const void* from, void* to, size_t count, int type, int operation, void* group, void*) {
  if ((type != 7 && type != 8) || operation != 0) return kInvalidArgument;
  auto* own = static_cast<Group*>(group);
  const char* fails = std::getenv("STAND_IN_NCCL_FAILS");
  if (fails != nullptr && ++own->sums == std::atoi(fails)) return own->begin([] { return false; });
  return own->begin([=] {
    if (type == 7) return own->sum(static_cast<const float*>(from), static_cast<float*>(to), count);
    return own->sum(static_cast<const double*>(from), static_cast<double*>(to), count);
  });
}

int ncclCommGetAsyncError(void* group, int* state) {
  *state = static_cast<Group*>(group)->state;
  return kSuccess;
}

int ncclCommAbort(void* group) {
  auto* own = static_cast<Group*>(group);
  own->aborted = true;
  if (own->worker.joinable()) own->worker.join();
  if (const char* said = std::getenv("STAND_IN_NCCL_ABORTED")) std::ofstream(said, std::ios::app) << own->rank << "\n";
  munmap(own->shared, sizeof(Shared));
  delete own;
  return kSuccess;
}

const char* ncclGetErrorString(int result) { return result == kSystemError ? "a system error" : "another error"; }
}
