// Operations on images of bytes with the arithmetic of Pillow, byte for byte. Images have one channel (Pillow's mode L)
// or three (RGB).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/picture.h"

namespace pada {

// Reads rows of pixels, channels innermost, from `from`, and writes all of `to`. `fill`: colour, one byte per channel,
// of pixels from outside the image.
using PillowOperation = void (*)(const ImageExtent& extent, const uint8_t* from, uint8_t* to, double argument,
                                 const uint8_t* fill);

struct NamedOperation {
  const char* name;
  PillowOperation apply;
  double least, most;  // arguments that are allowed
};

// In the order of IMAGE_OPERATIONS in src/native/image-operations.ts, which says what the arguments are.
const std::vector<NamedOperation>& pillow_operations();

// Image.transform with Image.AFFINE and the nearest pixel. The pixel (x, y) of `to` is the pixel
// (a x + b y + c, d x + e y + f) of `from`; `matrix` is a … f.
void affine(const ImageExtent& extent, const uint8_t* from, uint8_t* to, const double (&matrix)[6],
            const uint8_t* fill);
// Image.rotate around the centre, counter-clockwise, in degrees.
void rotate(const ImageExtent& extent, const uint8_t* from, uint8_t* to, double degrees, const uint8_t* fill);

}  // namespace pada
