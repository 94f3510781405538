#include "runtime/caching_allocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace pada {
namespace {

// malloc keeps smaller blocks itself.
constexpr size_t kSmallest = size_t{1} << 16;
constexpr size_t kHugePage = size_t{1} << 21;
// Rounds up to steps of an eighth of a power of two. Less than an eighth is lost, and batches of nearly equal size
// share blocks.
size_t rounded(size_t bytes) {
  const size_t step = std::bit_floor(bytes) / 8;
  return (bytes + step - 1) / step * step;
}

// Does nothing if the system has no huge pages. madvise needs the address of a page.
void ask_for_huge_pages(void* block, size_t bytes) {
  constexpr uintptr_t kPage = 4096;
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(block) + kPage - 1) / kPage * kPage;
  const uintptr_t end = (reinterpret_cast<uintptr_t>(block) + bytes) / kPage * kPage;
  madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

class CachingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    if (bytes == 0) return {nullptr, nullptr, &release, at_cpu()};
    void* block = bytes < kSmallest ? c10::alloc_cpu(bytes) : take(rounded(bytes));
    return {block, block, &release, at_cpu()};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &release; }

  void copy_data(void* to, const void* from, size_t count) const override { std::memcpy(to, from, count); }

  void drop() {
    std::lock_guard lock(mutex_);
    drop_kept();
  }

 private:
  static c10::Device at_cpu() { return c10::Device(c10::DeviceType::CPU); }

  void* take(size_t bytes) {
    {
      std::lock_guard lock(mutex_);
      std::vector<void*>& blocks = free_[bytes];
      if (!blocks.empty()) {
        void* block = blocks.back();
        blocks.pop_back();
        kept_ -= bytes;
        use(bytes);
        return block;
      }
      // Blocks of earlier batch sizes may never be used again. The limit is a quarter more than was ever in use at
      // once.
      if (used_ + kept_ + bytes > most_used_ + most_used_ / 4) drop_kept();
    }
    void* block = c10::alloc_cpu(bytes);
    if (bytes >= kHugePage) ask_for_huge_pages(block, bytes);
    std::lock_guard lock(mutex_);
    sizes_[block] = bytes;
    use(bytes);
    return block;
  }

  void use(size_t bytes) {
    used_ += bytes;
    most_used_ = std::max(most_used_, used_);
  }

  static void release(void* block);

  void give_back(void* block) {
    std::lock_guard lock(mutex_);
    const auto found = sizes_.find(block);
    if (found == sizes_.end()) {
      c10::free_cpu(block);
      return;
    }
    used_ -= found->second;
    kept_ += found->second;
    free_[found->second].push_back(block);
  }

  void drop_kept() {
    for (auto& [bytes, blocks] : free_) {
      for (void* block : blocks) {
        sizes_.erase(block);
        c10::free_cpu(block);
      }
    }
    free_.clear();
    kept_ = 0;
  }

  std::mutex mutex_;
  std::map<size_t, std::vector<void*>> free_;   // by size
  std::unordered_map<void*, size_t> sizes_;     // of every block that this allocator made
  size_t used_ = 0, most_used_ = 0, kept_ = 0;  // bytes
};

// Never destroyed: tensors may outlive static destruction.
CachingAllocator& allocator() {
  static auto* instance = new CachingAllocator();
  return *instance;
}

void CachingAllocator::release(void* block) {
  if (block != nullptr) allocator().give_back(block);
}

}  // namespace

void install_caching_allocator() {
  static std::once_flag once;
  std::call_once(once, [] { c10::SetCPUAllocator(&allocator(), /*priority=*/100); });
}

void drop_kept_memory() { allocator().drop(); }

}  // namespace pada
