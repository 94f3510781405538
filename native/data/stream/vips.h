// Decodes image files by libvips, which comes with sharp. The library is opened at run time, because the addon is built
// where it may be absent. Every thread may decode.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace pada {

struct VipsFunctions;

// The functions of libvips. They stay loaded until the process ends.
class Vips {
 public:
  // Opens the first library of `names` that can be opened. Throws if there is none.
  static const Vips& open(const std::vector<std::string>& names);
  // Frees what libvips keeps for the thread that ends.
  void end_thread() const;

 private:
  friend class VipsImage;
  explicit Vips(std::unique_ptr<const VipsFunctions> functions);
  const std::unique_ptr<const VipsFunctions> functions_;
};

bool is_jpeg(const uint8_t* bytes, size_t length);

// An image that is decoded as far as its pixels are fetched.
class VipsImage {
 public:
  // A JPEG, PNG, WebP or TIFF file, which must outlive the object. Throws std::runtime_error with the reason if it is
  // none of them, or damaged.
  VipsImage(const Vips& vips, const uint8_t* bytes, size_t length);
  ~VipsImage();
  VipsImage(const VipsImage&) = delete;
  VipsImage& operator=(const VipsImage&) = delete;

  int64_t height() const { return height_; }
  int64_t width() const { return width_; }
  // Writes height x width x 3 bytes of a rectangle, as Pillow's convert("RGB"): greys three times, no alpha, CMYK by
  // Pillow's formula. Of 16 bits the upper 8 are taken. Throws std::runtime_error with the reason if the file is
  // damaged.
  void fetch(int64_t top, int64_t left, int64_t height, int64_t width, uint8_t* pixels) const;

 private:
  const VipsFunctions& vips_;
  void* image_ = nullptr;
  int64_t height_ = 0, width_ = 0;
  int bands_ = 0;
  bool wide_ = false;  // 16 bits per channel
  bool inks_ = false;  // CMYK
};

}  // namespace pada
