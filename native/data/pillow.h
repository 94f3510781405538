// Operations on images of bytes with the arithmetic of Pillow, byte for byte. Images have one channel (Pillow's mode L)
// or three (RGB).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/picture.h"

namespace pada {

enum class Interpolation { Nearest, Bilinear, Bicubic };

// What operations that move pixels need beside their argument.
struct Moving {
  const uint8_t* fill;  // colour of pixels from outside the image, one byte per channel
  Interpolation interpolation;
  bool whole_pixels;  // images move by whole pixels
};

// Reads rows of pixels, channels innermost, from `from`, and writes all of `to`.
using PillowOperation = void (*)(const ImageExtent& extent, const uint8_t* from, uint8_t* to, double argument,
                                 const Moving& moving);

struct NamedOperation {
  const char* name;
  PillowOperation apply;
  double least, most;  // arguments that are allowed
};

// In the order of IMAGE_OPERATIONS in src/native/image-operations.ts, which says what the arguments are.
const std::vector<NamedOperation>& pillow_operations();

// Image.transform with Image.AFFINE. The pixel (x, y) of `to` is the pixel
// (a x + b y + c, d x + e y + f) of `from`; `matrix` is a … f.
void affine(const ImageExtent& extent, const uint8_t* from, uint8_t* to, const double (&matrix)[6],
            const Moving& moving);
// Image.rotate around the centre, counter-clockwise, in degrees.
void rotate(const ImageExtent& extent, const uint8_t* from, uint8_t* to, double degrees, const Moving& moving);

}  // namespace pada
