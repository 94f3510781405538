#include "data/stream/encoded_image.h"

namespace pada {

EncodedImage::EncodedImage(const Decoders& decoders, const uint8_t* bytes, size_t length)
    : library_(decoders.vips), bytes_(bytes), length_(length) {
  if (decoders.jpeg != nullptr && is_jpeg(bytes, length)) {
    jpeg_.emplace(*decoders.jpeg, bytes, length);
    if (jpeg_->usable()) return;
    jpeg_.reset();
  }
  vips_.emplace(library_, bytes, length);
}

PixelRows EncodedImage::fetch(int64_t top, int64_t left, int64_t height, int64_t width, Room& room) {
  PixelRows rows;
  if (jpeg_ && jpeg_->fetch(top, left, height, width, room, rows)) return rows;
  // Damaged: libvips decides by how much, and has words for it.
  if (!vips_) vips_.emplace(library_, bytes_, length_);
  uint8_t* const pixels = room.of(height * width * 3);
  vips_->fetch(top, left, height, width, pixels);
  return {pixels, width * 3};
}

}  // namespace pada
