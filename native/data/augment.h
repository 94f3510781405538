// What is done to the images of a batch before a step sees them, at random and differently for each: a list of tagged
// values. An augmentation is a class and a line of the table in augment.cc, and nothing else in native/.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/picture.h"

namespace pada {

class Augmentation {
 public:
  virtual ~Augmentation() = default;
  // Runs on many threads at once. `draw`: 64 random bits of the image, the same for the whole list. pad-crop takes the
  // lower 48, flip the upper 16; a kind that needs bits of its own hashes them with a constant of its own.
  virtual void apply(Picture& picture, uint64_t draw) const = 0;
};

// The list of a batch; empty if images are taken as they are.
struct AugmentationList {
  uint64_t seed = 0;
  std::vector<std::shared_ptr<const Augmentation>> augmentations;

  bool empty() const { return augmentations.empty(); }
  // In the order of the list. `position`: of the image in its batch.
  void apply(Picture& picture, int64_t position) const;
};

// A field of a tagged value. Without a number it is something else, which `received` describes.
struct AugmentationField {
  std::optional<double> number;
  std::string received;
};

// A tagged value as JavaScript gave it.
struct AugmentationEntry {
  std::string kind;
  std::map<std::string, AugmentationField> fields;
};

// Throws for an unknown kind, a kind that comes twice, and fields that are missing, unknown or out of range; `name` is
// what errors call the list.
AugmentationList make_augmentations(uint64_t seed, const std::vector<AugmentationEntry>& entries,
                                    const std::string& name);

}  // namespace pada
