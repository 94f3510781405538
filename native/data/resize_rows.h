// Resizes images along their rows, with exactly Pillow's sums.
#pragma once

#include <cstdint>

#include "data/taps.h"

namespace pada {

// Writes `count` rows of taps.first.size() pixels from rows of `width` pixels, channels innermost; a row begins
// `stride` bytes after the one before. `channels`: 1 or 3.
void resize_rows(const uint8_t* pixels, int64_t stride, int64_t channels, int64_t count, int64_t width,
                 const Taps& taps, uint8_t* to);

}  // namespace pada
