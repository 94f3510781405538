// Decodes parts of JPEG files by libjpeg-turbo, which is opened at run time. libvips would decode the same pixels, but
// spends more time around the decoding than on it. Every thread may decode.
#pragma once

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/stream/libjpeg.h"
#include "data/stream/room.h"

namespace pada {

// Rows of pixels with three bytes each. A row begins `stride` bytes after the one before.
struct PixelRows {
  const uint8_t* first;
  int64_t stride;
};

// The functions of libjpeg-turbo. They stay loaded until the process ends.
class Jpeg {
 public:
  // Opens the first library of `names` that fits; null if there is none. Any thread.
  static const Jpeg* open(const std::vector<std::string>& names);
  // Under which it was opened.
  const std::string& name() const { return name_; }

 private:
  friend class JpegImage;
  static std::unique_ptr<const Jpeg> load(const std::string& name);

  std::string name_;
  libjpeg::Functions functions_;
};

// One JPEG file that is being decoded.
class JpegImage {
 public:
  // Reads the header of a file, which must outlive the object.
  JpegImage(const Jpeg& jpeg, const uint8_t* bytes, size_t length);
  ~JpegImage();
  JpegImage(const JpegImage&) = delete;
  JpegImage& operator=(const JpegImage&) = delete;

  // False for a damaged header, and for what libvips must decode: inks, and rare samplings of colours, which versions
  // of the library enlarge in different ways.
  bool usable() const { return usable_; }
  int64_t height() const { return state_.height; }
  int64_t width() const { return state_.width; }
  // Decodes a rectangle into `room`, and no row below it. False if the file is damaged so far. To be called once.
  bool fetch(int64_t top, int64_t left, int64_t height, int64_t width, Room& room, PixelRows& rows);

 private:
  static void fail(libjpeg::Decompression* state);
  static void count_warning(libjpeg::Decompression* state, int level);
  // Calls `work`. False if the library reports damage. It leaves `work` by a jump, so that `work` may own nothing.
  template <class Work>
  bool attempt(Work work);
  bool is_usual() const;

  const libjpeg::Functions& functions_;
  libjpeg::Decompression state_{};
  libjpeg::Errors errors_{};
  std::jmp_buf escape_;
  bool usable_ = false;
};

}  // namespace pada
