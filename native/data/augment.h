// Random changes of the images of a batch before a step uses them, different for each image. An augmentation is a class
// and a line of the table in augment.cc, and nothing else in native/.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/picture.h"
#include "runtime/fields.h"

namespace pada {

class Augmentation {
 public:
  virtual ~Augmentation() = default;
  // Runs on many threads at once. `draw`: 64 random bits of the image, the same for the whole list. pad-crop takes the
  // lower 48 bits. flip compares the upper 53 with its probability; nearly always the upper 16 decide. Another kind
  // hashes the bits with a constant of its own.
  virtual void apply(Picture& picture, uint64_t draw) const = 0;
  // True if the pixels are normalised floats afterwards.
  virtual bool normalises() const { return false; }
  // Throws for images that apply() cannot change. `bytes`: their pixels are bytes, not normalised floats.
  virtual void check(const ImageExtent& /*extent*/, bool /*bytes*/) const {}
};

// The augmentations of a batch; empty if images stay as they are.
struct AugmentationList {
  uint64_t seed = 0;
  std::vector<std::shared_ptr<const Augmentation>> augmentations;

  bool empty() const { return augmentations.empty(); }
  // Throws if the list cannot be applied to such images. `bytes`: as of Augmentation::check.
  void check(const ImageExtent& extent, bool bytes) const;
  // Applies the list in its order. `position`: index of the image in its batch.
  void apply(Picture& picture, int64_t position) const;
};

// Throws for an unknown kind, a kind that comes twice, and fields that are missing, unknown or out of range.
AugmentationList make_augmentations(uint64_t seed, std::vector<Fields> entries);

}  // namespace pada
