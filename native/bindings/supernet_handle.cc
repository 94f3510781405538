#include "bindings/handles.h"
#include "bindings/supernet_arguments.h"
#include "runtime/addon_data.h"
#include "runtime/executor_thread.h"

namespace pada {
namespace {

Napi::Object from_accumulate(Napi::Env env, const AccumulateRecord& record) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("loss", record.loss);
  object.Set("correct", static_cast<double>(record.correct));
  object.Set("importance", to_array(env, record.importance));
  if (!record.mixing_gradients.empty()) object.Set("mixingGradients", to_array(env, record.mixing_gradients));
  if (record.alignment) object.Set("alignment", *record.alignment);
  return object;
}

Napi::Value from_evaluate(Napi::Env env, const EvaluateRecord& record) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("count", static_cast<double>(record.count));
  object.Set("correct", static_cast<double>(record.correct));
  object.Set("loss", record.loss);
  return object;
}

at::Tensor& flat_state(Supernet& supernet, const std::string& kind) {
  Parameters& parameters = supernet.parameters();
  if (kind == "parameters") return parameters.values;
  if (kind == "gradients") return parameters.gradients;
  if (kind == "momentum") return parameters.momentum;
  if (kind == "momentMean") return parameters.moment_mean;
  if (kind == "momentM2") return parameters.moment_m2;
  if (kind == "buffers") return supernet.buffers().values;
  expected("a kind of state", "kind", "\"" + kind + "\"");
}

}  // namespace

Napi::Function SupernetHandle::define(Napi::Env env) {
  using H = SupernetHandle;
  return DefineClass(env, "Supernet",
                     {InstanceMethod<&H::compile>("compile"),
                      InstanceMethod<&H::observe>("observe"),
                      InstanceMethod<&H::accumulate>("accumulate"),
                      InstanceMethod<&H::add_noise>("addGradientNoise"),
                      InstanceMethod<&H::discard_gradients>("discardGradients"),
                      InstanceMethod<&H::snapshot>("snapshot"),
                      InstanceMethod<&H::restore>("restore"),
                      InstanceMethod<&H::displacement_to_gradients>("displacementToGradients"),
                      InstanceMethod<&H::record_moments>("recordMoments"),
                      InstanceMethod<&H::clip>("clip"),
                      InstanceMethod<&H::update>("update"),
                      InstanceMethod<&H::train_step>("trainStep"),
                      InstanceMethod<&H::evaluate>("evaluate"),
                      InstanceMethod<&H::recalibrate>("recalibrate"),
                      InstanceMethod<&H::logits>("logits"),
                      InstanceMethod<&H::moments>("moments"),
                      InstanceMethod<&H::reset_moments>("resetMoments"),
                      InstanceMethod<&H::read>("read"),
                      InstanceMethod<&H::write>("write"),
                      InstanceMethod<&H::counts>("counts"),
                      InstanceMethod<&H::set_counts>("setCounts"),
                      InstanceMethod<&H::convolution_seconds>("convolutionSeconds"),
                      InstanceMethod<&H::dispose>("dispose")});
}

SupernetHandle::SupernetHandle(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  guarded(info.Env(), [&] {
    std::vector<std::string> names = strings_argument(info[0], "names");
    if (names.empty()) expected("at least one parameter", "names", "none");
    const Napi::Object options = object_argument(info[3], "options");
    const at::Device device = device_argument(options.Get("device"));
    auto supernet =
        std::make_shared<Supernet>(std::move(names), shapes_argument(info[1]), buffers_argument(info[2], device),
                                   device, is_reference(options), precision_of(options));
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

Napi::Value SupernetHandle::observe(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return run_on_executor(
        info.Env(),
        [net = supernet(), plan = plan_argument(info[0]), batch = minibatch_argument(info[1], info[2])] {
          return net->observe(*plan, *batch);
        },
        from_evaluate);
  });
}

Napi::Value SupernetHandle::accumulate(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return run_on_executor(
        info.Env(),
        [net = supernet(), plan = plan_argument(info[0]), batch = minibatch_argument(info[1], info[2]),
         alignment = alignment_of(object_argument(info[3], "options"))] {
          return net->accumulate(*plan, *batch, alignment);
        },
        [](Napi::Env env, const AccumulateRecord& record) -> Napi::Value { return from_accumulate(env, record); });
  });
}

Napi::Value SupernetHandle::add_noise(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return run_on_executor(info.Env(), [net = supernet(), noise = noise_argument(info[0], supernet()->parameters())] {
      net->add_noise(noise);
    });
  });
}

Napi::Value SupernetHandle::discard_gradients(const Napi::CallbackInfo& info) {
  return guarded(info.Env(),
                 [&] { return run_on_executor(info.Env(), [net = supernet()] { net->discard_gradients(); }); });
}

Napi::Value SupernetHandle::snapshot(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return run_on_executor(info.Env(), [net = supernet(), plan = plan_argument(info[0])] { net->snapshot(*plan); });
  });
}

Napi::Value SupernetHandle::restore(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const Napi::Object options = object_argument(info[1], "options");
    const double share = number_argument(options.Get("displacement"), "displacement");
    const std::string momentum = string_argument(options.Get("momentum"), "momentum");
    if (momentum != "keep" && momentum != "clear") expected("\"keep\" or \"clear\"", "momentum", momentum);
    return run_on_executor(info.Env(), [net = supernet(), plan = plan_argument(info[0]), share,
                                        clear = momentum == "clear"] { net->restore(*plan, share, clear); });
  });
}

Napi::Value SupernetHandle::displacement_to_gradients(const Napi::CallbackInfo& info) {
  return guarded(info.Env(),
                 [&] { return run_on_executor(info.Env(), [net = supernet()] { net->displacement_to_gradients(); }); });
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
    return run_on_executor(
        info.Env(),
        [net = supernet(), plan = plan_argument(info[0]), batch = minibatch_argument(info[1], info[2]),
         options = step_argument(info[3], supernet()->parameters())] {
          return net->train_step(*plan, *batch, options);
        },
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
        from_evaluate);
  });
}

Napi::Value SupernetHandle::recalibrate(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return run_on_executor(info.Env(),
                           [net = supernet(), plan = plan_argument(info[0]), data = dataset_argument(info[1]),
                            images = batch_argument(info[2]), batch_size = count_argument(info[3], "batchSize")] {
                             net->recalibrate(*plan, *data, images, batch_size);
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
    at::Tensor& flat = flat_state(*supernet(), string_argument(info[0], "kind"));
    return run_on_executor(
        info.Env(), [net = supernet(), &flat] { return flat.to(at::kCPU, at::kFloat, false, true); },
        [](Napi::Env env, const at::Tensor& copy) -> Napi::Value {
          return to_array(env, copy.const_data_ptr<float>(), copy.numel());
        });
  });
}

Napi::Value SupernetHandle::write(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    at::Tensor& flat = flat_state(*supernet(), string_argument(info[0], "kind"));
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
