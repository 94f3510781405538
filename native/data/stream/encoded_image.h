// An image file of any type, decoded by the fastest decoder that this machine has for it.
#pragma once

#include <exception>
#include <new>
#include <optional>
#include <string>

#include "data/stream/jpeg.h"
#include "data/stream/vips.h"

namespace pada {

struct Decoders {
  const Vips& vips;
  const Jpeg* jpeg;  // null if there is none
};

// What is wrong with an image whose decoding ended with this error.
inline std::string damage_of(const std::exception& error) {
  return dynamic_cast<const std::bad_alloc*>(&error) != nullptr ? "more pixels than the memory holds" : error.what();
}

// An image that is decoded as far as its pixels are fetched.
class EncodedImage {
 public:
  // A JPEG, PNG, WebP or TIFF file, which must outlive the object. Throws std::runtime_error with the reason if it is
  // none of them, or damaged.
  EncodedImage(const Decoders& decoders, const uint8_t* bytes, size_t length);

  int64_t height() const { return jpeg_ ? jpeg_->height() : vips_->height(); }
  int64_t width() const { return jpeg_ ? jpeg_->width() : vips_->width(); }
  // A rectangle as Pillow's convert("RGB"), in `room`: greys three times, no alpha, CMYK by Pillow's formula. Of 16
  // bits the upper 8 are taken. To be called once. Throws std::runtime_error with the reason if the file is damaged.
  PixelRows fetch(int64_t top, int64_t left, int64_t height, int64_t width, Room& room);

 private:
  const Vips& library_;
  const uint8_t* const bytes_;
  const size_t length_;
  std::optional<JpegImage> jpeg_;
  std::optional<VipsImage> vips_;
};

}  // namespace pada
