#include <cmath>

#include "bindings/handles.h"
#include "environment.h"
#include "executor_thread.h"

namespace pada {
namespace {

std::shared_ptr<Dataset> dataset_argument(const Napi::Value& value) {
  return handle_argument<DatasetHandle>(value, Environment::of(value.Env()).dataset, "Dataset")->dataset();
}

Batch batch_argument(const Napi::Value& value) {
  const Napi::Object object = object_argument(value, "batch");
  Batch batch{copied_array<int32_t>(object.Get("indices"), "indices"), std::nullopt, {}};
  if (const Napi::Value given = object.Get("augmentation"); !given.IsUndefined()) {
    const Napi::Object augmentation = object_argument(given, "augmentation");
    batch.augmentation = Augmentation{
        static_cast<uint64_t>(count_argument(augmentation.Get("seed"), "augmentation.seed", 0)),
        count_argument(augmentation.Get("pad"), "augmentation.pad", 0), augmentation.Get("flip").ToBoolean()};
  }
  if (const Napi::Value given = object.Get("weights"); !given.IsUndefined()) {
    batch.weights = copied_array<float>(given, "weights");
    if (batch.weights.size() != batch.indices.size()) {
      expected("one weight per index", "weights", std::to_string(batch.weights.size()));
    }
  }
  return batch;
}

double finite(const Napi::Object& object, const char* name) {
  const double number = number_argument(object.Get(name), name);
  if (!std::isfinite(number)) expected("a finite number", name, std::to_string(number));
  return number;
}

SgdOptions sgd_argument(const Napi::Value& value) {
  const Napi::Object object = object_argument(value, "options");
  const std::string unsampled = string_argument(object.Get("unsampled"), "unsampled");
  if (unsampled != "skip" && unsampled != "decay") expected("\"skip\" or \"decay\"", "unsampled", unsampled);
  return {finite(object, "learningRate"), finite(object, "momentum"), finite(object, "weightDecay"),
          unsampled == "decay"};
}

bool is_reference(const Napi::Object& options) {
  const std::string arithmetic = string_argument(options.Get("arithmetic"), "arithmetic");
  if (arithmetic == "reference") return true;
  if (arithmetic == "fast") return false;
  expected("\"fast\" or \"reference\"", "arithmetic", "\"" + arithmetic + "\"");
}

Precision precision_of(const Napi::Object& options) {
  const std::string precision = string_argument(options.Get("precision"), "precision");
  if (precision == "float32") return Precision::Float32;
  if (precision == "bfloat16") return Precision::BFloat16;
  expected("\"float32\" or \"bfloat16\"", "precision", "\"" + precision + "\"");
}

double norm_argument(const Napi::Value& value) {
  const double norm = number_argument(value, "clipNorm");
  if (!(norm > 0)) expected("a positive number", "clipNorm", describe(value));
  return norm;
}

Napi::Object from_accumulate(Napi::Env env, const AccumulateRecord& record) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("loss", record.loss);
  object.Set("correct", static_cast<double>(record.correct));
  object.Set("importance", to_array(env, record.importance));
  return object;
}

at::Tensor& flat_state(Parameters& parameters, const std::string& kind) {
  if (kind == "parameters") return parameters.values;
  if (kind == "gradients") return parameters.gradients;
  if (kind == "momentum") return parameters.momentum;
  if (kind == "momentMean") return parameters.moment_mean;
  if (kind == "momentM2") return parameters.moment_m2;
  expected("a kind of state", "kind", "\"" + kind + "\"");
}

}  // namespace

Napi::Function SupernetHandle::define(Napi::Env env) {
  using H = SupernetHandle;
  return DefineClass(
      env, "Supernet",
      {InstanceMethod<&H::compile>("compile"), InstanceMethod<&H::accumulate>("accumulate"),
       InstanceMethod<&H::record_moments>("recordMoments"), InstanceMethod<&H::clip>("clip"),
       InstanceMethod<&H::update>("update"), InstanceMethod<&H::train_step>("trainStep"),
       InstanceMethod<&H::evaluate>("evaluate"), InstanceMethod<&H::logits>("logits"),
       InstanceMethod<&H::moments>("moments"), InstanceMethod<&H::reset_moments>("resetMoments"),
       InstanceMethod<&H::read>("read"), InstanceMethod<&H::write>("write"), InstanceMethod<&H::counts>("counts"),
       InstanceMethod<&H::set_counts>("setCounts"), InstanceMethod<&H::convolution_seconds>("convolutionSeconds"),
       InstanceMethod<&H::dispose>("dispose")});
}

SupernetHandle::SupernetHandle(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  guarded(info.Env(), [&] {
    std::vector<std::string> names = strings_argument(info[0], "names");
    if (names.empty()) expected("at least one parameter", "names", "none");
    if (!info[1].IsArray()) expected("an array of shapes", "shapes", describe(info[1]));
    const Napi::Array given = info[1].As<Napi::Array>();
    std::vector<std::vector<int64_t>> shapes(given.Length());
    for (uint32_t i = 0; i < given.Length(); i++) {
      const Napi::Value shape = given.Get(i);
      if (!shape.IsArray()) expected("an array of extents", "a shape", describe(shape));
      for (uint32_t j = 0; j < shape.As<Napi::Array>().Length(); j++) {
        shapes[i].push_back(count_argument(shape.As<Napi::Array>().Get(j), "an extent of a shape"));
      }
    }
    const Napi::Object options = object_argument(info[2], "options");
    auto supernet =
        std::make_shared<Supernet>(std::move(names), std::move(shapes), device_argument(options.Get("device")),
                                   is_reference(options), precision_of(options));
    // Values, gradients, momentum and two moments, float32 each.
    const int64_t bytes = supernet->parameters().total() * 5 * 4;
    held_.hold(info.Env(), std::move(supernet), bytes);
  });
}

std::shared_ptr<const Plan> SupernetHandle::plan_argument(const Napi::Value& value) const {
  return handle_argument<PlanHandle>(value, Environment::of(value.Env()).plan, "Plan")->plan_of(supernet());
}

Napi::Value SupernetHandle::compile(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    auto plan = supernet()->compile(copied_array<int32_t>(info[0], "code"), strings_argument(info[1], "names"),
                                    strings_argument(info[2], "idle"));
    return PlanHandle::make(info.Env(), std::move(plan), supernet());
  });
}

Napi::Value SupernetHandle::accumulate(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return run_on_executor(
        info.Env(),
        [net = supernet(), plan = plan_argument(info[0]), data = dataset_argument(info[1]),
         batch = batch_argument(info[2])] { return net->accumulate(*plan, *data, batch); },
        [](Napi::Env env, const AccumulateRecord& record) -> Napi::Value { return from_accumulate(env, record); });
  });
}

Napi::Value SupernetHandle::record_moments(const Napi::CallbackInfo& info) {
  return guarded(info.Env(),
                 [&] { return run_on_executor(info.Env(), [net = supernet()] { net->record_moments(); }); });
}

Napi::Value SupernetHandle::clip(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return run_on_executor(
        info.Env(), [net = supernet(), norm = norm_argument(info[0])] { return net->clip(norm); },
        [](Napi::Env env, const ClipRecord& record) -> Napi::Value {
          Napi::Object object = Napi::Object::New(env);
          object.Set("globalNorm", record.global_norm);
          object.Set("clipScale", record.scale);
          return object;
        });
  });
}

Napi::Value SupernetHandle::update(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return run_on_executor(info.Env(), [net = supernet(), options = sgd_argument(info[0])] { net->update(options); });
  });
}

Napi::Value SupernetHandle::train_step(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const double clip_norm = norm_argument(object_argument(info[3], "options").Get("clipNorm"));
    return run_on_executor(
        info.Env(),
        [net = supernet(), plan = plan_argument(info[0]), data = dataset_argument(info[1]),
         batch = batch_argument(info[2]), options = sgd_argument(info[3]),
         clip_norm] { return net->train_step(*plan, *data, batch, options, clip_norm); },
        [](Napi::Env env, const StepRecord& record) -> Napi::Value {
          Napi::Object object = from_accumulate(env, record);
          object.Set("gradientNorms", to_array(env, record.gradient_norms));
          object.Set("globalNorm", record.clip.global_norm);
          object.Set("clipScale", record.clip.scale);
          return object;
        });
  });
}

Napi::Value SupernetHandle::evaluate(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const Napi::Object options = object_argument(info[2], "options");
    const int64_t batch_size = count_argument(options.Get("batchSize"), "batchSize");
    const Napi::Value count = options.Get("count");
    const int64_t images = count.IsUndefined() ? INT64_MAX : count_argument(count, "count");
    return run_on_executor(
        info.Env(),
        [net = supernet(), plan = plan_argument(info[0]), data = dataset_argument(info[1]), batch_size, images] {
          return net->evaluate(*plan, *data, batch_size, images);
        },
        [](Napi::Env env, const EvaluateRecord& record) -> Napi::Value {
          Napi::Object object = Napi::Object::New(env);
          object.Set("count", static_cast<double>(record.count));
          object.Set("correct", static_cast<double>(record.correct));
          object.Set("loss", record.loss);
          return object;
        });
  });
}

Napi::Value SupernetHandle::logits(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return run_on_executor(
        info.Env(),
        [net = supernet(), plan = plan_argument(info[0]), data = dataset_argument(info[1]),
         indices = copied_array<int32_t>(info[2], "indices")] { return net->logits(*plan, *data, indices); },
        [](Napi::Env env, const std::vector<float>& values) -> Napi::Value { return to_array(env, values); });
  });
}

Napi::Value SupernetHandle::moments(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return run_on_executor(
        info.Env(),
        [net = supernet()] { return std::pair(net->parameters().times_sampled, mean_variances(net->parameters())); },
        [](Napi::Env env, const std::pair<std::vector<double>, std::vector<double>>& moments) -> Napi::Value {
          Napi::Object object = Napi::Object::New(env);
          object.Set("timesSampled", to_array(env, moments.first));
          object.Set("meanVariance", to_array(env, moments.second));
          return object;
        });
  });
}

Napi::Value SupernetHandle::reset_moments(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return run_on_executor(info.Env(), [net = supernet()] {
      Parameters& parameters = net->parameters();
      parameters.moment_mean.zero_();
      parameters.moment_m2.zero_();
      std::fill(parameters.times_sampled.begin(), parameters.times_sampled.end(), 0);
    });
  });
}

Napi::Value SupernetHandle::read(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    at::Tensor& flat = flat_state(supernet()->parameters(), string_argument(info[0], "kind"));
    return run_on_executor(
        info.Env(), [net = supernet(), &flat] { return flat.to(at::kCPU, at::kFloat, false, true); },
        [](Napi::Env env, const at::Tensor& copy) -> Napi::Value {
          return to_array(env, copy.const_data_ptr<float>(), copy.numel());
        });
  });
}

Napi::Value SupernetHandle::write(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    at::Tensor& flat = flat_state(supernet()->parameters(), string_argument(info[0], "kind"));
    std::vector<float> values = copied_array<float>(info[1], "values");
    if (static_cast<int64_t>(values.size()) != flat.numel()) {
      expected(std::to_string(flat.numel()) + " numbers", "values", std::to_string(values.size()));
    }
    return run_on_executor(info.Env(), [net = supernet(), &flat, values = std::move(values)]() mutable {
      flat.copy_(at::from_blob(values.data(), {flat.numel()}, at::TensorOptions().dtype(at::kFloat)));
    });
  });
}

Napi::Value SupernetHandle::counts(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return run_on_executor(
        info.Env(),
        [net = supernet()] { return std::pair(net->parameters().times_sampled, net->parameters().ever_sampled); },
        [](Napi::Env env, const std::pair<std::vector<double>, std::vector<uint8_t>>& counts) -> Napi::Value {
          Napi::Object object = Napi::Object::New(env);
          object.Set("timesSampled", to_array(env, counts.first));
          object.Set("everSampled", to_array(env, counts.second));
          return object;
        });
  });
}

Napi::Value SupernetHandle::set_counts(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    std::vector<double> times = copied_array<double>(info[0], "timesSampled");
    std::vector<uint8_t> ever = copied_array<uint8_t>(info[1], "everSampled");
    const size_t count = supernet()->parameters().count();
    if (times.size() != count || ever.size() != count) {
      expected("one count per parameter", "counts", std::to_string(times.size()));
    }
    return run_on_executor(info.Env(), [net = supernet(), times = std::move(times), ever = std::move(ever)]() mutable {
      net->parameters().times_sampled = std::move(times);
      net->parameters().ever_sampled = std::move(ever);
    });
  });
}

Napi::Value SupernetHandle::convolution_seconds(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const Napi::Object options = object_argument(info[1], "options");
    const ConvolutionTiming timing{
        count_argument(options.Get("batchSize"), "batchSize"), options.Get("training").ToBoolean(),
        count_argument(options.Get("warmup"), "warmup", 0), count_argument(options.Get("repetitions"), "repetitions")};
    return run_on_executor(
        info.Env(),
        [net = supernet(), plan = plan_argument(info[0]), timing] { return net->convolution_seconds(*plan, timing); },
        [](Napi::Env env, double seconds) -> Napi::Value { return Napi::Number::New(env, seconds); });
  });
}

}  // namespace pada
