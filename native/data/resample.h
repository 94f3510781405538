// Resizes bytes with exactly Pillow's results. Libraries agree on the filters, but not on their rounding, nor on the
// positions of pixels in an enlarged image.
#pragma once

#include <cstdint>

namespace pada {

// Both are antialiased: their support grows with the scale if the image shrinks. The cubic has a = -0.5.
enum class Filter { Bilinear, Bicubic };

// One axis of an image, resized from `from` to `to` pixels. The `count` pixels from `start` on are kept.
struct Axis {
  int64_t from, to, start, count;
};

// Writes rows.count x columns.count pixels. It works along rows first, then along columns, with bytes in between; or
// the other way round if that is what Pillow does since version 13: see columns_first.
// `pixels`: rows.from rows of columns.from pixels, channels innermost; a row begins `stride` bytes after the one
// before. `channels`: 1 or 3.
void resample(const uint8_t* pixels, int64_t stride, int64_t channels, const Axis& rows, const Axis& columns,
              Filter filter, uint8_t* to);

}  // namespace pada
