// Working memory of one thread, kept between calls: fresh allocations of this size would cost page faults each time.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace pada {

class Scratch {
 public:
  static Scratch& of_thread() {
    thread_local Scratch scratch;
    return scratch;
  }

  // Memory for at least `floats` floats, aligned to a cache line; contents are undefined. All calls for one slot share
  // its memory.
  float* slot(int index, int64_t floats) {
    Buffer& buffer = buffers_[index];
    if (floats > buffer.size) {
      const int64_t bytes = (floats * int64_t{sizeof(float)} + kLine - 1) / kLine * kLine;
      buffer.size = 0;
      buffer.memory.reset(static_cast<float*>(std::aligned_alloc(kLine, bytes)));
      if (buffer.memory == nullptr) throw std::bad_alloc();
      buffer.size = floats;
    }
    return buffer.memory.get();
  }

 private:
  static constexpr int64_t kLine = 64;
  struct Free {
    void operator()(float* memory) const { std::free(memory); }
  };
  struct Buffer {
    std::unique_ptr<float, Free> memory;
    int64_t size = 0;
  };
  std::array<Buffer, 8> buffers_;
};

}  // namespace pada
