#include "bindings/data_handles.h"

#include <cmath>

#include "bindings/handles.h"
#include "bindings/supernet_arguments.h"
#include "runtime/addon_data.h"
#include "runtime/torch_cuda.h"

namespace pada {

std::vector<double> per_channel(const Napi::Object& data, const char* name, int64_t channels, bool positive) {
  const Napi::Value value = data.Get(name);
  const std::string wanted = std::to_string(channels) + " numbers, one per channel";
  if (!value.IsArray()) expected(wanted, name, describe(value));
  const uint32_t length = value.As<Napi::Array>().Length();
  if (length != channels) expected(wanted, name, std::to_string(length));
  std::vector<double> numbers;
  for (uint32_t i = 0; i < channels; i++) {
    const double number = number_argument(value.As<Napi::Array>().Get(i), name);
    if (!std::isfinite(number) || (positive && number <= 0)) {
      expected(positive ? "positive numbers" : "finite numbers", name, std::to_string(number));
    }
    numbers.push_back(number);
  }
  return numbers;
}

namespace {

constexpr int64_t kMaxExtent = 1 << 20;

std::shared_ptr<Dataset> make_dataset(const Napi::Value& argument, at::Device device) {
  const Napi::Object data = object_argument(argument, "data");
  std::vector<int32_t> labels = copied_array<int32_t>(data.Get("labels"), "labels");
  const ImageExtent extent{count_argument(data.Get("channels"), "channels"),
                           count_argument(data.Get("height"), "height"), count_argument(data.Get("width"), "width")};
  // So that no product of extents is beyond 64 bits.
  for (const int64_t value : {extent.channels, extent.height, extent.width}) {
    if (value > kMaxExtent) expected("an image of at most 2^20 in each direction", "data", std::to_string(value));
  }
  if (extent.pixels() > INT32_MAX) expected("images of at most 2^31 values", "data", std::to_string(extent.pixels()));
  const Napi::Value images = data.Get("images");
  const auto check_length = [&](size_t length) {
    const size_t needed = labels.size() * extent.pixels();
    if (length != needed) expected(std::to_string(needed) + " values", "images", std::to_string(length));
  };
  if (images.IsTypedArray() && images.As<Napi::TypedArray>().TypedArrayType() == napi_float32_array) {
    const auto floats = array_argument<float>(images, "images");
    check_length(floats.ElementLength());
    return std::make_shared<Dataset>(floats.Data(), std::move(labels), extent, device);
  }
  array_argument<uint8_t>(images, "images");
  const std::vector<double> mean = per_channel(data, "mean", extent.channels, false);
  const std::vector<double> deviation = per_channel(data, "std", extent.channels, true);
  // Viewed last: a getter may have given the memory away.
  const auto bytes = array_argument<uint8_t>(images, "images");
  check_length(bytes.ElementLength());
  return std::make_shared<Dataset>(bytes.Data(), std::move(labels), extent, mean, deviation, device);
}

}  // namespace

at::Device device_argument(const Napi::Value& value) {
  const std::string name = string_argument(value, "device");
  if (name == "cpu") return at::kCPU;
  const bool numbered = name.starts_with("cuda:") && name.size() > 5 && name.size() < 9 &&
                        name.find_first_not_of("0123456789", 5) == std::string::npos;
  if (name != "cuda" && !numbered) expected("\"cpu\", \"cuda\" or such as \"cuda:1\"", "device", "\"" + name + "\"");
  return cuda_device(name);
}

Napi::Function DatasetHandle::define(Napi::Env env) {
  return DefineClass(env, "Dataset", {InstanceMethod<&DatasetHandle::dispose>("dispose")});
}

DatasetHandle::DatasetHandle(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  guarded(info.Env(), [&] {
    std::shared_ptr<Dataset> dataset = make_dataset(info[0], device_argument(info[1]));
    const int64_t bytes = dataset->bytes();
    held_.hold(info.Env(), std::move(dataset), bytes);
  });
}

Napi::Function HeldBatchHandle::define(Napi::Env env) {
  return DefineClass(env, "HeldBatch", {InstanceMethod<&HeldBatchHandle::dispose>("dispose")});
}

HeldBatchHandle::HeldBatchHandle(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  guarded(info.Env(), [&] {
    auto batch = std::make_shared<Minibatch>(dataset_argument(info[0]), batch_argument(info[1]));
    const int64_t bytes = batch->size() * batch->source().pixels() * static_cast<int64_t>(sizeof(float));
    held_.hold(info.Env(), std::move(batch), bytes);
  });
}

Napi::Function PlanHandle::define(Napi::Env env) {
  return DefineClass(env, "Plan", {InstanceMethod<&PlanHandle::dispose>("dispose")});
}

Napi::Object PlanHandle::make(Napi::Env env, std::shared_ptr<const Plan> plan, std::shared_ptr<Supernet> supernet) {
  Napi::Object object = AddonData::of(env).plan.New({});
  Napi::Array names = Napi::Array::New(env, plan->sampled.size());
  for (size_t i = 0; i < plan->sampled.size(); i++) {
    names.Set(static_cast<uint32_t>(i), supernet->parameters().name(plan->sampled[i]));
  }
  object.Set("parameters", names);
  PlanHandle* handle = Unwrap(object);
  // An estimate: steps with two terms each.
  const int64_t bytes = static_cast<int64_t>(plan->steps.size() * (sizeof(Step) + 2 * sizeof(Term)));
  handle->held_.hold(env, std::move(plan), bytes);
  handle->supernet_ = supernet;
  return object;
}

const std::shared_ptr<const Plan>& PlanHandle::plan_of(const std::shared_ptr<Supernet>& supernet) const {
  const std::shared_ptr<const Plan>& plan = held_.get("Plan");
  if (supernet_.lock() != supernet) expected("a plan compiled by this supernet", "plan", "another supernet's");
  return plan;
}

}  // namespace pada
