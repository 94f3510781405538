#include "bindings/augmentation_argument.h"

#include "bindings/arguments.h"

namespace pada {
namespace {

AugmentationEntry entry_argument(const Napi::Value& value, const std::string& name) {
  const Napi::Object object = object_argument(value, name);
  AugmentationEntry entry{string_argument(object.Get("kind"), name + ".kind"), {}};
  const Napi::Array keys = object.GetPropertyNames();
  for (uint32_t i = 0; i < keys.Length(); i++) {
    const std::string key = keys.Get(i).ToString().Utf8Value();
    if (key == "kind") continue;
    const Napi::Value field = object.Get(key);
    entry.fields[key] = {field.IsNumber() ? std::optional(field.As<Napi::Number>().DoubleValue()) : std::nullopt,
                         describe(field)};
  }
  return entry;
}

}  // namespace

AugmentationList augmentation_argument(const Napi::Value& value) {
  const Napi::Object object = object_argument(value, "augmentation");
  const uint64_t seed = count_argument(object.Get("seed"), "augmentation.seed", 0);
  const std::string name = "augmentation.list";
  const Napi::Value list = object.Get("list");
  if (!list.IsArray()) expected("an array", name, describe(list));
  std::vector<AugmentationEntry> entries;
  for (uint32_t i = 0; i < list.As<Napi::Array>().Length(); i++) {
    entries.push_back(entry_argument(list.As<Napi::Array>().Get(i), name + "[" + std::to_string(i) + "]"));
  }
  return make_augmentations(seed, entries, name);
}

}  // namespace pada
