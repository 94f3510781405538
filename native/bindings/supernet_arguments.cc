#include "bindings/supernet_arguments.h"

#include <cmath>

#include "bindings/augmentation_argument.h"
#include "bindings/handles.h"
#include "bindings/stream_handle.h"
#include "runtime/addon_data.h"

namespace pada {
namespace {

Drop drop_argument(const Napi::Value& value) {
  const Napi::Object object = object_argument(value, "drop");
  Drop drop{static_cast<uint64_t>(count_argument(object.Get("seed"), "drop.seed", 0))};
  if (const Napi::Value scale = object.Get("pathScale"); !scale.IsUndefined()) {
    drop.path_scale = number_argument(scale, "drop.pathScale");
    if (!(drop.path_scale >= 0 && drop.path_scale <= 1)) {
      expected("a number from 0 to 1", "drop.pathScale", describe(scale));
    }
  }
  return drop;
}

// `images`: number of indices. Without a share each of them is a sample.
Mixup mixup_argument(const Napi::Value& value, size_t images, bool is_share) {
  const Napi::Object object = object_argument(value, "mixup");
  const Napi::Value share = object.Get("share");
  Mixup mixup{number_argument(share, "mixup.share"), {}};
  if (!(mixup.share >= 0 && mixup.share <= 1)) expected("a number from 0 to 1", "mixup.share", describe(share));
  const std::vector<int32_t> partners = copied_array<int32_t>(object.Get("partners"), "mixup.partners");
  if (is_share ? partners.empty() || partners.size() > images : partners.size() != images) {
    expected(is_share ? "one partner per sample" : "one partner per index", "mixup.partners",
             std::to_string(partners.size()));
  }
  for (const int32_t partner : partners) {
    if (partner < 0 || static_cast<size_t>(partner) >= images) {
      expected("positions in the batch", "mixup.partners", std::to_string(partner));
    }
    mixup.partners.push_back(partner);
  }
  return mixup;
}

double finite(const Napi::Object& object, const char* name) {
  const double number = number_argument(object.Get(name), name);
  if (!std::isfinite(number)) expected("a finite number", name, std::to_string(number));
  return number;
}

}  // namespace

std::vector<std::vector<int64_t>> shapes_argument(const Napi::Value& value) {
  if (!value.IsArray()) expected("an array of shapes", "shapes", describe(value));
  const Napi::Array given = value.As<Napi::Array>();
  std::vector<std::vector<int64_t>> shapes(given.Length());
  for (uint32_t i = 0; i < given.Length(); i++) {
    const Napi::Value shape = given.Get(i);
    if (!shape.IsArray()) expected("an array of extents", "a shape", describe(shape));
    for (uint32_t j = 0; j < shape.As<Napi::Array>().Length(); j++) {
      shapes[i].push_back(count_argument(shape.As<Napi::Array>().Get(j), "an extent of a shape"));
    }
  }
  return shapes;
}

Batch batch_argument(const Napi::Value& value) {
  const Napi::Object object = object_argument(value, "batch");
  Batch batch{.indices = copied_array<int32_t>(object.Get("indices"), "indices")};
  if (const Napi::Value given = object.Get("augmentation"); !given.IsUndefined()) {
    batch.augmentation = augmentation_argument(given);
  }
  if (const Napi::Value given = object.Get("weights"); !given.IsUndefined()) {
    batch.weights = copied_array<float>(given, "weights");
  }
  if (const Napi::Value given = object.Get("share"); !given.IsUndefined()) {
    const Napi::Object share = object_argument(given, "share");
    batch.share = {count_argument(share.Get("first"), "share.first", 0),
                   count_argument(share.Get("whole"), "share.whole")};
  }
  if (const Napi::Value given = object.Get("microBatchSize"); !given.IsUndefined()) {
    batch.part_size = count_argument(given, "microBatchSize");
  }
  if (const Napi::Value given = object.Get("drop"); !given.IsUndefined()) batch.drop = drop_argument(given);
  if (const Napi::Value given = object.Get("mixing"); !given.IsUndefined()) {
    batch.mixing = copied_array<float>(given, "mixing");
  }
  if (const Napi::Value given = object.Get("labelSmoothing"); !given.IsUndefined()) {
    batch.smoothing = number_argument(given, "labelSmoothing");
    if (!(batch.smoothing >= 0 && batch.smoothing < 1)) {
      expected("a number of at least 0 and below 1", "labelSmoothing", describe(given));
    }
  }
  if (const Napi::Value given = object.Get("mixup"); !given.IsUndefined()) {
    batch.mixup = mixup_argument(given, batch.indices.size(), batch.share.has_value());
  }
  const int64_t samples = batch.samples();
  if (!batch.weights.empty() && static_cast<int64_t>(batch.weights.size()) != samples) {
    expected("one weight per index", "weights", std::to_string(batch.weights.size()));
  }
  if (batch.share && batch.share->first + samples > batch.share->whole) {
    expected("samples within the batch", "share.whole", std::to_string(batch.share->whole));
  }
  return batch;
}

const OptimizerKind& optimizer_kind_argument(const Napi::Value& value) {
  const Napi::Object optimizer = object_argument(object_argument(value, "options").Get("optimizer"), "optimizer");
  return optimizer_kind(string_argument(optimizer.Get("kind"), "optimizer.kind"));
}

UpdateOptions update_argument(const Napi::Value& value) {
  const Napi::Object object = object_argument(value, "options");
  Fields settings = fields_argument(object.Get("optimizer"), "optimizer");
  UpdateOptions options{optimizer_kind(settings.kind()).make(settings), finite(object, "learningRate")};
  settings.finish();
  const std::string unsampled = string_argument(object.Get("unsampled"), "unsampled");
  if (unsampled != "skip" && unsampled != "decay") expected("\"skip\" or \"decay\"", "unsampled", unsampled);
  options.decay_unsampled = unsampled == "decay";
  if (const Napi::Value given = object.Get("averageDecay"); !given.IsUndefined()) {
    const double decay = number_argument(given, "averageDecay");
    if (!(decay >= 0 && decay <= 1)) expected("a number from 0 to 1", "averageDecay", describe(given));
    options.average_decay = decay;
  }
  return options;
}

std::shared_ptr<ImageSource> dataset_argument(const Napi::Value& value) {
  const AddonData& addon = AddonData::of(value.Env());
  if (value.IsObject() && value.As<Napi::Object>().InstanceOf(addon.image_stream.Value())) {
    return handle_argument<ImageStreamHandle>(value, addon.image_stream, "ImageStream")->stream();
  }
  return handle_argument<DatasetHandle>(value, addon.dataset, "Dataset")->dataset();
}

std::shared_ptr<Minibatch> minibatch_argument(const Napi::Value& held_or_dataset, const Napi::Value& batch) {
  const Napi::FunctionReference& held = AddonData::of(batch.Env()).held_batch;
  if (held_or_dataset.IsObject() && held_or_dataset.As<Napi::Object>().InstanceOf(held.Value())) {
    return handle_argument<HeldBatchHandle>(held_or_dataset, held, "HeldBatch")->minibatch();
  }
  return std::make_shared<Minibatch>(dataset_argument(held_or_dataset), batch_argument(batch));
}

GradientNoise noise_argument(const Napi::Value& value, const Parameters& parameters) {
  const Napi::Object object = object_argument(value, "noise");
  GradientNoise noise{number_argument(object.Get("deviation"), "noise.deviation"),
                      static_cast<uint64_t>(count_argument(object.Get("seed"), "noise.seed", 0)),
                      copied_array<int32_t>(object.Get("parameters"), "noise.parameters")};
  if (!(noise.deviation >= 0) || std::isinf(noise.deviation)) {
    expected("a number of at least 0", "noise.deviation", std::to_string(noise.deviation));
  }
  for (int index : noise.parameters) {
    if (index >= 0 && index < parameters.count()) continue;
    expected("indices of parameters", "noise.parameters", std::to_string(index));
  }
  return noise;
}

FinishOptions finish_argument(const Napi::Value& value, const Parameters& parameters) {
  const Napi::Object object = object_argument(value, "options");
  FinishOptions options{update_argument(value), norm_argument(object.Get("clipNorm")), std::nullopt};
  if (const Napi::Value noise = object.Get("noise"); !noise.IsUndefined()) {
    options.noise = noise_argument(noise, parameters);
  }
  return options;
}

StepOptions step_argument(const Napi::Value& value, const Parameters& parameters) {
  return {finish_argument(value, parameters), alignment_of(object_argument(value, "options"))};
}

bool is_reference(const Napi::Object& options) {
  const std::string arithmetic = string_argument(options.Get("arithmetic"), "arithmetic");
  if (arithmetic == "reference") return true;
  if (arithmetic == "fast") return false;
  expected("\"fast\" or \"reference\"", "arithmetic", "\"" + arithmetic + "\"");
}

Precision precision_of(const Napi::Object& options, at::Device device) {
  const std::string precision = string_argument(options.Get("precision"), "precision");
  if (precision == "float32") return Precision::Float32;
  if (precision == "bfloat16") return Precision::BFloat16;
  if (precision == "tf32" && device.is_cuda()) return Precision::TensorFloat32;
  expected("\"float32\", \"bfloat16\" or, on a GPU, \"tf32\"", "precision", "\"" + precision + "\"");
}

double norm_argument(const Napi::Value& value) {
  const double norm = number_argument(value, "clipNorm");
  if (!(norm > 0)) expected("a positive number", "clipNorm", describe(value));
  return norm;
}

std::optional<double> alignment_of(const Napi::Object& options) {
  const Napi::Value given = options.Get("alignment");
  if (given.IsUndefined()) return std::nullopt;
  const double weight = finite(options, "alignment");
  if (weight < 0) expected("a number of at least 0", "alignment", describe(given));
  return weight;
}

Buffers buffers_argument(const Napi::Value& value, at::Device device) {
  const Napi::Object object = object_argument(value, "buffers");
  std::vector<std::string> names = strings_argument(object.Get("names"), "names of buffers");
  std::vector<float> initial = copied_array<float>(object.Get("initial"), "initial values of buffers");
  if (initial.size() != names.size()) {
    expected("one initial value per buffer", "buffers", std::to_string(initial.size()));
  }
  return {std::move(names), shapes_argument(object.Get("shapes")), std::move(initial), device};
}

}  // namespace pada
