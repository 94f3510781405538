// An image file of any type, decoded by the fastest decoder that this machine has for it.
#pragma once

#include <optional>

#include "data/stream/jpeg.h"
#include "data/stream/vips.h"

namespace pada {

struct Decoders {
  const Vips& vips;
  const Jpeg* jpeg;  // null if there is none
};

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
