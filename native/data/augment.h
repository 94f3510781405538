// Random changes of the images of a batch before a step uses them, different for each image. An augmentation is a class
// and a line of the table in augment.cc, and nothing else in native/.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/picture.h"
#include "runtime/fields.h"

namespace pada {

// Where the pixels of a picture come from that was only moved. Pixel (h, w) is that of row h + down and column w +
// right, or width - 1 - w + right if mirrored; outside of the image it is 0.
struct Displacement {
  int64_t down = 0, right = 0;
  bool mirrored = false;
};

class Augmentation {
 public:
  virtual ~Augmentation() = default;
  // Runs on many threads at once. `draw`: 64 random bits of the image, the same for the whole list. pad-crop takes the
  // lower 48 bits. flip compares the upper 53 with its probability; nearly always the upper 16 decide. Another kind
  // hashes the bits with a constant of its own.
  virtual void apply(Picture& picture, uint64_t draw) const = 0;
  // If apply() only moves pixels, moves them on by the same draw, and returns true.
  virtual bool displace(Displacement& /*displacement*/, uint64_t /*draw*/) const { return false; }
  // True if the pixels are normalised floats afterwards.
  virtual bool normalises() const { return false; }
  // Throws for images that apply() cannot change. `bytes`: their pixels are bytes, not normalised floats.
  virtual void check(const ImageExtent& /*extent*/, bool /*bytes*/) const {}
};

// The augmentations of a batch; empty if images stay as they are.
struct AugmentationList {
  uint64_t seed = 0;
  std::vector<std::shared_ptr<const Augmentation>> augmentations;
  // Places in the batch of the images that are made, if they are not the whole batch in its order.
  std::vector<int32_t> positions = {};

  // Tells lists apart: two lists of the same text and seed do the same.
  std::string text = {};

  bool empty() const { return augmentations.empty(); }
  // Throws if the list cannot be applied to such images. `bytes`: as of Augmentation::check.
  void check(const ImageExtent& extent, bool bytes) const;
  // Random bits of the image `i` of those that are made.
  uint64_t draw_of(int64_t i) const;
  // Applies the list in its order, from the entry `first` on. `i`: as of draw_of.
  void apply(Picture& picture, int64_t image, size_t first = 0) const;
  // The same as a displacement; none if the list does more than move pixels.
  std::optional<Displacement> displacement(int64_t i) const;
};

// Throws for an unknown kind, a kind that comes twice, and fields that are missing, unknown or out of range.
AugmentationList make_augmentations(uint64_t seed, std::vector<Fields> entries);

}  // namespace pada
