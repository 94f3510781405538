#include "data/augment.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "runtime/errors.h"
#include "runtime/random.h"

namespace pada {
namespace {

// Reads the fields of an entry, and remembers which there are for finish().
class Fields {
 public:
  Fields(const AugmentationEntry& entry, std::string name) : entry_(entry), name_(std::move(name)) {}

  int64_t count(const std::string& field, int64_t least) {
    const auto allowed = [&](double value) {
      return value >= static_cast<double>(least) && value < 0x1p53 && value == std::floor(value);
    };
    return static_cast<int64_t>(number(field, "a whole number of at least " + std::to_string(least), allowed));
  }

  double share(const std::string& field) {
    return number(field, "a number from 0 to 1", [](double value) { return value >= 0 && value <= 1; });
  }

  // Throws for fields that nobody has read.
  void finish() const {
    for (const auto& [field, value] : entry_.fields) {
      if (known_.contains(field)) continue;
      std::string fields = "kind";
      for (const std::string& known : known_) fields += ", " + known;
      expected("only " + fields, name_, "\"" + field + "\"");
    }
  }

 private:
  template <class Allowed>
  double number(const std::string& field, const std::string& wanted, const Allowed& allowed) {
    known_.insert(field);
    const auto found = entry_.fields.find(field);
    const std::string name = name_ + "." + field;
    if (found == entry_.fields.end()) expected(wanted, name, "undefined");
    const AugmentationField& value = found->second;
    if (!value.number || !allowed(*value.number)) expected(wanted, name, value.received);
    return *value.number;
  }

  const AugmentationEntry& entry_;
  const std::string name_;
  std::set<std::string> known_;
};

// torchvision's RandomCrop(size, padding): a crop, as large as the image, of the image with zeros around it.
class PadCrop : public Augmentation {
 public:
  explicit PadCrop(Fields& fields) : padding_(fields.count("padding", 1)) {}

  void apply(Picture& picture, uint64_t draw) const override {
    const uint64_t offsets = 2 * static_cast<uint64_t>(padding_) + 1;
    const int64_t down = static_cast<int64_t>((draw & 0xffffff) % offsets) - padding_;
    const int64_t right = static_cast<int64_t>(((draw >> 24) & 0xffffff) % offsets) - padding_;
    const int64_t height = picture.extent().height, width = picture.extent().width;
    // Columns of the crop that show a part of the image.
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

 private:
  const int64_t padding_;
};

// torchvision's RandomHorizontalFlip(p).
class Flip : public Augmentation {
 public:
  explicit Flip(Fields& fields) : probability_(fields.share("probability")) {}

  void apply(Picture& picture, uint64_t draw) const override {
    if (uniform(draw) < 1 - probability_) return;
    const int64_t height = picture.extent().height, width = picture.extent().width;
    const int64_t pixel = picture.pixel_bytes();
    picture.redraw([&](const char* from, char* to) {
      for (int64_t h = 0; h < height; h++, from += width * pixel) {
        for (int64_t w = width; w-- > 0; to += pixel) std::copy_n(from + w * pixel, pixel, to);
      }
    });
  }

 private:
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
constexpr Kind kKinds[] = {{"pad-crop", make<PadCrop>}, {"flip", make<Flip>}};

const Kind& kind_of(const std::string& kind, const std::string& name) {
  std::string names;
  for (const Kind& known : kKinds) {
    if (kind == known.name) return known;
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  }
  expected(names, name, "\"" + kind + "\"");
}

}  // namespace

AugmentationList make_augmentations(uint64_t seed, const std::vector<AugmentationEntry>& entries,
                                    const std::string& name) {
  AugmentationList list{seed, {}};
  std::set<std::string> taken;
  for (const AugmentationEntry& entry : entries) {
    const std::string at = name + "[" + std::to_string(list.augmentations.size()) + "]";
    const Kind& kind = kind_of(entry.kind, at + ".kind");
    // Two of a kind would draw the same: the second flip would undo the first.
    if (!taken.insert(entry.kind).second) expected("each kind once", at + ".kind", "\"" + entry.kind + "\" again");
    Fields fields(entry, at);
    list.augmentations.push_back(kind.make(fields));
    fields.finish();
  }
  return list;
}

void AugmentationList::apply(Picture& picture, int64_t position) const {
  if (empty()) return;
  const uint64_t draw = hash(seed * kGolden + hash(static_cast<uint64_t>(position)));
  for (const auto& augmentation : augmentations) augmentation->apply(picture, draw);
}

}  // namespace pada
