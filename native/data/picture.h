// One image on its way into a batch: what augmentations change, one after the other.
#pragma once

#include <cstdint>
#include <cstring>

namespace pada {

struct ImageExtent {
  int64_t channels = 0, height = 0, width = 0;
  int64_t pixels() const { return channels * height * width; }
};

// Rows of pixels, channels innermost: bytes until normalise() makes floats of them.
class Picture {
 public:
  // `pixels`: bytes, and `table` says what each becomes, by channel * 256 + byte; or floats, and `table` is null.
  // `out` has room for the picture as floats, `spare` for two of them.
  Picture(const ImageExtent& extent, const void* pixels, const float* table, float* out, float* spare)
      : extent_(extent), pixels_(static_cast<const char*>(pixels)), table_(table), out_(out), spare_(spare) {}

  const ImageExtent& extent() const { return extent_; }
  // Bytes of memory that a pixel takes with all of its channels. Zeros are black in a picture of bytes, and the mean in
  // one of floats.
  int64_t pixel_bytes() const {
    return extent_.channels * (table_ != nullptr ? 1 : static_cast<int64_t>(sizeof(float)));
  }

  // `draw(from, to)` reads the pixels and writes all of the new ones.
  template <class Draw>
  void redraw(const Draw& draw) {
    char* to = reinterpret_cast<char*>(spare_);
    if (pixels_ == to) to = reinterpret_cast<char*>(spare_ + extent_.pixels());
    draw(pixels_, to);
    pixels_ = to;
  }

  // Makes normalised floats of the pixels and returns them; they may be changed, and leave the picture in the end.
  float* normalise() {
    if (table_ != nullptr) {
      const auto* byte = reinterpret_cast<const uint8_t*>(pixels_);
      float* to = out_;
      for (int64_t i = 0; i < extent_.height * extent_.width; i++) {
        for (int64_t c = 0; c < extent_.channels; c++) *to++ = table_[c * 256 + *byte++];
      }
      table_ = nullptr;
    } else if (pixels_ != reinterpret_cast<const char*>(out_)) {
      std::memcpy(out_, pixels_, extent_.pixels() * sizeof(float));
    }
    pixels_ = reinterpret_cast<const char*>(out_);
    return out_;
  }

 private:
  const ImageExtent extent_;
  const char* pixels_;
  const float* table_;
  float* const out_;
  float* const spare_;
};

}  // namespace pada
