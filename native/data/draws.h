// The random numbers that one kind of augmentation draws for one image.
#pragma once

#include <cstdint>

#include "runtime/random.h"

namespace pada {

class Draws {
 public:
  // `bits`: of the image, which all kinds of a list share. `kind`: a constant of the kind's own.
  Draws(uint64_t bits, uint64_t kind) : state_(hash(bits ^ hash(kind))) {}

  uint64_t next() { return hash(state_ += kGolden); }
  // Uniform in [0, 1).
  double uniform() { return pada::uniform(next()); }
  // Uniform in [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  // Uniform in 0 … number - 1.
  int64_t below(int64_t number) { return static_cast<int64_t>(next() % static_cast<uint64_t>(number)); }

 private:
  uint64_t state_;
};

}  // namespace pada
