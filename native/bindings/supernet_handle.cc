#include "bindings/communicator_handle.h"
#include "bindings/handles.h"
#include "bindings/state_kinds.h"
#include "bindings/supernet_arguments.h"
#include "runtime/addon_data.h"
#include "runtime/executor_thread.h"

namespace pada {
namespace {

Napi::Object from_accumulate(Napi::Env env, const AccumulateRecord& record) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("loss", record.loss);
  object.Set("totalLoss", record.total_loss);
  object.Set("correct", static_cast<double>(record.correct));
  object.Set("correctTop5", static_cast<double>(record.correct5));
  object.Set("importance", to_array(env, record.importance));
  if (!record.mixing_gradients.empty()) object.Set("mixingGradients", to_array(env, record.mixing_gradients));
  if (record.alignment) object.Set("alignment", *record.alignment);
  if (record.stop) object.Set("stop", true);
  return object;
}

void set_clip(Napi::Object& object, const ClipRecord& record) {
  object.Set("globalNorm", record.global_norm);
  object.Set("clipScale", record.scale);
}

Napi::Value from_clip(Napi::Env env, const ClipRecord& record) {
  Napi::Object object = Napi::Object::New(env);
  set_clip(object, record);
  return object;
}

Napi::Value from_evaluate(Napi::Env env, const EvaluateRecord& record) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("count", static_cast<double>(record.count));
  object.Set("correct", static_cast<double>(record.correct));
  object.Set("correctTop5", static_cast<double>(record.correct5));
  object.Set("loss", record.loss);
  return object;
}

}  // namespace

Napi::Function SupernetHandle::define(Napi::Env env) {
  using H = SupernetHandle;
  return DefineClass(env, "Supernet",
                     {InstanceMethod<&H::distribute>("distribute"),
                      InstanceMethod<&H::compile>("compile"),
                      InstanceMethod<&H::observe>("observe"),
                      InstanceMethod<&H::accumulate>("accumulate"),
                      InstanceMethod<&H::add_noise>("addGradientNoise"),
                      InstanceMethod<&H::restart_averages>("restartAverages"),
                      InstanceMethod<&H::use_weights>("useWeights"),
                      InstanceMethod<&H::reset_optimizer>("resetOptimizer"),
                      InstanceMethod<&H::discard_gradients>("discardGradients"),
                      InstanceMethod<&H::snapshot>("snapshot"),
                      InstanceMethod<&H::restore>("restore"),
                      InstanceMethod<&H::displacement_to_gradients>("displacementToGradients"),
                      InstanceMethod<&H::record_moments>("recordMoments"),
                      InstanceMethod<&H::clip>("clip"),
                      InstanceMethod<&H::update>("update"),
                      InstanceMethod<&H::finish_step>("finishStep"),
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
                                   device, is_reference(options), precision_of(options, device));
    // Values, gradients and two moments; announce() and snapshot() add what is allocated later.
    const int64_t bytes = 4 * supernet->parameters().flat_bytes() + supernet->buffers().flat_bytes();
    held_.hold(info.Env(), std::move(supernet), bytes);
  });
}

std::shared_ptr<const Plan> SupernetHandle::plan_argument(const Napi::Value& value) const {
  return handle_argument<PlanHandle>(value, AddonData::of(value.Env()).plan, "Plan")->plan_of(supernet());
}

Napi::Value SupernetHandle::distribute(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const auto& constructor = AddonData::of(info.Env()).communicator;
    auto communicator = handle_argument<CommunicatorHandle>(info[0], constructor, "Communicator")->communicator();
    const bool synchronise = info[1].ToBoolean();
    return run_on_executor(info.Env(), [net = supernet(), communicator = std::move(communicator), synchronise] {
      net->distribute(communicator, synchronise);
    });
  });
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
    auto plan = plan_argument(info[0]);
    // The first one allocates the start and the displacement of all parameters.
    if (announced_.insert("trial").second) held_.grow(info.Env(), 2 * supernet()->parameters().flat_bytes());
    return run_on_executor(info.Env(), [net = supernet(), plan = std::move(plan)] { net->snapshot(*plan); });
  });
}

Napi::Value SupernetHandle::restore(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const Napi::Object options = object_argument(info[1], "options");
    const double share = number_argument(options.Get("displacement"), "displacement");
    const std::string kept = string_argument(options.Get("optimizer"), "optimizer");
    if (kept != "keep" && kept != "reset") expected("\"keep\" or \"reset\"", "optimizer", kept);
    return run_on_executor(info.Env(), [net = supernet(), plan = plan_argument(info[0]), share,
                                        reset = kept == "reset"] { net->restore(*plan, share, reset); });
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
        info.Env(), [net = supernet(), norm = norm_argument(info[0])] { return net->clip(norm); }, from_clip);
  });
}

void SupernetHandle::announce(Napi::Env env, const StateKind& kind) {
  if (!kind.is_lazy || !announced_.insert(kind.name).second) return;
  held_.grow(env, kind.of_buffers ? supernet()->buffers().flat_bytes() : supernet()->parameters().flat_bytes());
}

void SupernetHandle::announce_averages(Napi::Env env) {
  for (const char* name : {"averagedParameters", "averagedBuffers"}) announce(env, state_kind(name));
}

void SupernetHandle::announce_update(Napi::Env env, const Napi::Value& options) {
  for (const SlotKind& slot : optimizer_kind_argument(options).slots) announce(env, state_kind(slot.name));
  if (!options.As<Napi::Object>().Get("averageDecay").IsUndefined()) announce_averages(env);
}

Napi::Value SupernetHandle::update(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    UpdateOptions options = update_argument(info[0]);
    announce_update(info.Env(), info[0]);
    return run_on_executor(info.Env(), [net = supernet(), options = std::move(options)] { net->update(options); });
  });
}

Napi::Value SupernetHandle::finish_step(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    FinishOptions options = finish_argument(info[0], supernet()->parameters());
    announce_update(info.Env(), info[0]);
    return run_on_executor(
        info.Env(), [net = supernet(), options = std::move(options)] { return net->finish_step(options); }, from_clip);
  });
}

Napi::Value SupernetHandle::train_step(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    StepOptions options = step_argument(info[3], supernet()->parameters());
    announce_update(info.Env(), info[3]);
    return run_on_executor(
        info.Env(),
        [net = supernet(), plan = plan_argument(info[0]), batch = minibatch_argument(info[1], info[2]),
         options = std::move(options)] { return net->begin_step(*plan, *batch, options); },
        [](Napi::Env env, const std::unique_ptr<StepUnderWay>& step) -> Napi::Value {
          const StepRecord& record = step->record();
          Napi::Object object = from_accumulate(env, record);
          object.Set("gradientNorms", to_array(env, record.gradient_norms));
          set_clip(object, record.clip);
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
    const Napi::Value part = options.Get("part"), parts = options.Get("parts");
    const int64_t of = parts.IsUndefined() ? 1 : count_argument(parts, "parts");
    const int64_t which = part.IsUndefined() ? 0 : count_argument(part, "part", 0);
    if (which >= of) expected("a part below " + std::to_string(of), "part", std::to_string(which));
    return run_on_executor(
        info.Env(),
        [net = supernet(), plan = plan_argument(info[0]), data = dataset_argument(info[1]), batch_size, images, which,
         of] { return net->evaluate(*plan, *data, batch_size, images, which, of); },
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
