#include "bindings/augmentation_argument.h"

#include "bindings/arguments.h"

namespace pada {

AugmentationList augmentation_argument(const Napi::Value& value) {
  const Napi::Object object = object_argument(value, "augmentation");
  const uint64_t seed = count_argument(object.Get("seed"), "augmentation.seed", 0);
  const std::string name = "augmentation.list";
  const Napi::Value list = object.Get("list");
  if (!list.IsArray()) expected("an array", name, describe(list));
  std::vector<Fields> entries;
  for (uint32_t i = 0; i < list.As<Napi::Array>().Length(); i++) {
    entries.push_back(fields_argument(list.As<Napi::Array>().Get(i), name + "[" + std::to_string(i) + "]"));
  }
  AugmentationList result = make_augmentations(seed, std::move(entries));
  if (const Napi::Value given = object.Get("positions"); !given.IsUndefined()) {
    result.positions = copied_array<int32_t>(given, "augmentation.positions");
  }
  return result;
}

}  // namespace pada
