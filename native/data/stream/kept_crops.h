// Cropped images that are kept in memory, so that evaluations of many networks decode each image once.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>

namespace pada {

// Any thread may put and get. Memory of an image is taken when the image is put.
class KeptCrops {
 public:
  // For `count` images of `bytes` bytes each; for none if all would take more than `most` bytes.
  KeptCrops(int64_t count, int64_t bytes, int64_t most) : bytes_(bytes) {
    if (count * bytes > most) return;
    pixels_ = std::make_unique_for_overwrite<uint8_t[]>(count * bytes);
    states_ = std::make_unique<std::atomic<State>[]>(count);
  }

  // Null if the image was not put.
  const uint8_t* get(int64_t index) const {
    if (pixels_ == nullptr || states_[index].load(std::memory_order_acquire) != State::Kept) return nullptr;
    return place(index);
  }

  void put(int64_t index, const uint8_t* pixels) {
    State before = State::Empty;
    // Two batches may make an image at a time.
    if (pixels_ == nullptr || !states_[index].compare_exchange_strong(before, State::Written)) return;
    std::memcpy(place(index), pixels, bytes_);
    states_[index].store(State::Kept, std::memory_order_release);
  }

 private:
  enum class State : uint8_t { Empty, Written, Kept };

  uint8_t* place(int64_t index) const { return pixels_.get() + index * bytes_; }

  const int64_t bytes_;
  std::unique_ptr<uint8_t[]> pixels_;
  std::unique_ptr<std::atomic<State>[]> states_;
};

}  // namespace pada
