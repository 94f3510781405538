#include "data/augment.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "data/auto_augment.h"
#include "data/crop.h"
#include "data/erase.h"
#include "runtime/random.h"

namespace pada {
namespace {

// torchvision's RandomCrop(size, padding): surrounds the image with zeros and crops it to its former size.
class PadCrop : public Augmentation {
 public:
  explicit PadCrop(Fields& fields) : padding_(fields.count("padding", 1)) {}

  void apply(Picture& picture, uint64_t draw) const override {
    const auto [down, right] = offsets(draw);
    const int64_t height = picture.extent().height, width = picture.extent().width;
    // Columns [begin, end) of the crop show a part of the image.
    const int64_t begin = std::clamp<int64_t>(-right, 0, width), end = std::clamp<int64_t>(width - right, 0, width);
    const int64_t pixel = picture.pixel_bytes();
    picture.redraw([&](const char* from, char* to) {
      for (int64_t h = 0; h < height; h++, to += width * pixel) {
        const int64_t row = h + down;
        if (row < 0 || row >= height || begin == end) {
          std::memset(to, 0, width * pixel);
          continue;
        }
        std::memset(to, 0, begin * pixel);
        std::memcpy(to + begin * pixel, from + (row * width + begin + right) * pixel, (end - begin) * pixel);
        std::memset(to + end * pixel, 0, (width - end) * pixel);
      }
    });
  }

  bool displace(Displacement& displacement, uint64_t draw) const override {
    const auto [down, right] = offsets(draw);
    displacement.down += down;
    displacement.right += displacement.mirrored ? -right : right;
    return true;
  }

 private:
  // Of the crop, down and to the right.
  std::pair<int64_t, int64_t> offsets(uint64_t draw) const {
    const uint64_t count = 2 * static_cast<uint64_t>(padding_) + 1;
    return {static_cast<int64_t>((draw & 0xffffff) % count) - padding_,
            static_cast<int64_t>(((draw >> 24) & 0xffffff) % count) - padding_};
  }

  const int64_t padding_;
};

// torchvision's RandomHorizontalFlip(p).
class Flip : public Augmentation {
 public:
  explicit Flip(Fields& fields) : probability_(fields.share("probability")) {}

  void apply(Picture& picture, uint64_t draw) const override {
    if (!mirrors(draw)) return;
    const int64_t height = picture.extent().height, width = picture.extent().width;
    const int64_t pixel = picture.pixel_bytes();
    picture.redraw([&](const char* from, char* to) {
      for (int64_t h = 0; h < height; h++, from += width * pixel) {
        // Of a constant size, a copy is no call.
        if (pixel == 3) {
          for (int64_t w = width; w-- > 0; to += 3) std::memcpy(to, from + 3 * w, 3);
        } else {
          for (int64_t w = width; w-- > 0; to += pixel) std::copy_n(from + w * pixel, pixel, to);
        }
      }
    });
  }

  bool displace(Displacement& displacement, uint64_t draw) const override {
    if (mirrors(draw)) displacement.mirrored = !displacement.mirrored;
    return true;
  }

 private:
  bool mirrors(uint64_t draw) const { return uniform(draw) >= 1 - probability_; }

  const double probability_;
};

struct Kind {
  const char* name;
  std::shared_ptr<const Augmentation> (*make)(Fields& fields);
};

template <class Made>
std::shared_ptr<const Augmentation> make(Fields& fields) {
  return std::make_shared<const Made>(fields);
}

// The kinds of `augmentation` in src/config/augmentation.ts.
constexpr Kind kKinds[] = {{"random-resized-crop", make<RandomResizedCrop>},
                           {"pad-crop", make<PadCrop>},
                           {"flip", make<Flip>},
                           {"auto-augment", make<AutoAugment>},
                           {"cutout", make<Cutout>},
                           {"random-erasing", make<RandomErasing>}};

const Kind& kind_of(const Fields& entry) {
  std::string names;
  for (const Kind& known : kKinds) {
    if (entry.kind() == known.name) return known;
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  }
  expected(names, entry.name() + ".kind", "\"" + entry.kind() + "\"");
}

}  // namespace

AugmentationList make_augmentations(uint64_t seed, std::vector<Fields> entries) {
  AugmentationList list;
  list.seed = seed;
  std::set<std::string> taken;
  for (Fields& entry : entries) {
    const Kind& kind = kind_of(entry);
    // Two of a kind would draw the same bits: a second flip would undo the first.
    if (!taken.insert(entry.kind()).second) {
      expected("each kind once", entry.name() + ".kind", "\"" + entry.kind() + "\" again");
    }
    list.augmentations.push_back(kind.make(entry));
    entry.finish();
    list.text += entry.text();
  }
  return list;
}

void AugmentationList::check(const ImageExtent& extent, bool bytes) const {
  for (const auto& augmentation : augmentations) {
    augmentation->check(extent, bytes);
    if (augmentation->normalises()) bytes = false;
  }
}

uint64_t AugmentationList::draw_of(int64_t i) const {
  const int64_t position = positions.empty() ? i : positions[i];
  return hash(seed * kGolden + hash(static_cast<uint64_t>(position)));
}

void AugmentationList::apply(Picture& picture, int64_t image, size_t first) const {
  if (empty()) return;
  const uint64_t draw = draw_of(image);
  for (size_t entry = first; entry < augmentations.size(); entry++) augmentations[entry]->apply(picture, draw);
}

std::optional<Displacement> AugmentationList::displacement(int64_t i) const {
  Displacement displacement;
  const uint64_t draw = empty() ? 0 : draw_of(i);
  for (const auto& augmentation : augmentations) {
    if (!augmentation->displace(displacement, draw)) return std::nullopt;
  }
  return displacement;
}

}  // namespace pada
