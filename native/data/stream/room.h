// Memory that is kept from image to image. It is not cleared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace pada {

class Room {
 public:
  // At least `bytes` bytes of any content. What was there before may be lost.
  uint8_t* of(size_t bytes) {
    if (bytes > size_) {
      bytes_.reset();
      size_ = 0;
      bytes_ = std::make_unique_for_overwrite<uint8_t[]>(bytes);
      size_ = bytes;
    }
    return bytes_.get();
  }
  // Frees more than `most` bytes.
  void limit(size_t most) {
    if (size_ > most) *this = Room();
  }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  size_t size_ = 0;
};

}  // namespace pada
