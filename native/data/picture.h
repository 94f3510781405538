// One image on its way into a batch. Augmentations change it one after another.
#pragma once

#include <cstdint>
#include <cstring>

namespace pada {

struct ImageExtent {
  int64_t channels = 0, height = 0, width = 0;
  int64_t pixels() const { return channels * height * width; }
};

// Rows of pixels, channels innermost. Bytes become floats in normalise().
class Picture {
 public:
  // `pixels`: bytes, with a `table` of their normalised values by channel * 256 + byte; or floats, with a null `table`.
  // `mean`: the bytes nearest to the mean of each channel, or null with floats.
  // `out` has room for one picture of floats, `spare` for two.
  Picture(const ImageExtent& extent, const void* pixels, const float* table, const uint8_t* mean, float* out,
          float* spare)
      : extent_(extent),
        pixels_(static_cast<const char*>(pixels)),
        table_(table),
        mean_(mean),
        out_(out),
        spare_(spare) {}

  const ImageExtent& extent() const { return extent_; }
  // The mean colour, one byte per channel.
  const uint8_t* mean() const { return mean_; }
  // Bytes of one pixel with all of its channels. Zeros are black in a picture of bytes, and the mean in a picture of
  // floats.
  int64_t pixel_bytes() const {
    return extent_.channels * (table_ != nullptr ? 1 : static_cast<int64_t>(sizeof(float)));
  }

  // `draw(from, to)` reads the old pixels and writes all new ones.
  template <class Draw>
  void redraw(const Draw& draw) {
    char* to = reinterpret_cast<char*>(spare_);
    if (pixels_ == to) to = reinterpret_cast<char*>(spare_ + extent_.pixels());
    draw(pixels_, to);
    pixels_ = to;
  }

  // Turns the pixels into normalised floats and returns them. An augmentation may change these floats in place.
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
  const uint8_t* const mean_;
  float* const out_;
  float* const spare_;
};

}  // namespace pada
