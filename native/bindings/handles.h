// The classes that JavaScript holds. Each keeps one shared native object until dispose() or the finalizer.
#pragma once

#include <napi.h>

#include <memory>
#include <set>
#include <string>

#include "bindings/arguments.h"
#include "data/dataset.h"
#include "supernet.h"

namespace pada {

struct StateKind;

// The object of a handle. Calls under way hold the object too, so they can finish after dispose().
template <class T>
class Held {
 public:
  void hold(Napi::Env env, std::shared_ptr<T> object, int64_t bytes) {
    object_ = std::move(object);
    bytes_ = bytes;
    Napi::MemoryManagement::AdjustExternalMemory(env, bytes_);
  }

  // Reports that the object takes `bytes` more memory.
  void grow(Napi::Env env, int64_t bytes) {
    bytes_ += bytes;
    Napi::MemoryManagement::AdjustExternalMemory(env, bytes);
  }

  void release(Napi::Env env) {
    if (!object_) return;
    object_.reset();
    Napi::MemoryManagement::AdjustExternalMemory(env, -bytes_);
  }

  const std::shared_ptr<T>& get(const std::string& name) const {
    if (!object_) throw Error("ERR_DISPOSED", "Expected an open " + name + " but it has been disposed");
    return object_;
  }

 private:
  std::shared_ptr<T> object_;
  int64_t bytes_ = 0;
};

// new Dataset(data, device)
class DatasetHandle : public Napi::ObjectWrap<DatasetHandle> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit DatasetHandle(const Napi::CallbackInfo& info);
  void Finalize(Napi::BasicEnv env) override { held_.release(Napi::Env(env)); }
  const std::shared_ptr<Dataset>& dataset() const { return held_.get("Dataset"); }

 private:
  void dispose(const Napi::CallbackInfo& info) { held_.release(info.Env()); }
  Held<Dataset> held_;
};

// new HeldBatch(dataset, batch): a batch that several steps share.
class HeldBatchHandle : public Napi::ObjectWrap<HeldBatchHandle> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit HeldBatchHandle(const Napi::CallbackInfo& info);
  void Finalize(Napi::BasicEnv env) override { held_.release(Napi::Env(env)); }
  const std::shared_ptr<Minibatch>& minibatch() const { return held_.get("HeldBatch"); }

 private:
  void dispose(const Napi::CallbackInfo& info) { held_.release(info.Env()); }
  Held<Minibatch> held_;
};

// Made by Supernet.compile only. Its property `parameters` lists the names of the parameters that the plan samples.
class PlanHandle : public Napi::ObjectWrap<PlanHandle> {
 public:
  static Napi::Function define(Napi::Env env);
  static Napi::Object make(Napi::Env env, std::shared_ptr<const Plan> plan, std::shared_ptr<Supernet> supernet);
  explicit PlanHandle(const Napi::CallbackInfo& info) : ObjectWrap(info) {}
  void Finalize(Napi::BasicEnv env) override { held_.release(Napi::Env(env)); }
  // Throws if the plan was made for another supernet.
  const std::shared_ptr<const Plan>& plan_of(const std::shared_ptr<Supernet>& supernet) const;

 private:
  void dispose(const Napi::CallbackInfo& info) { held_.release(info.Env()); }
  Held<const Plan> held_;
  std::weak_ptr<Supernet> supernet_;
};

// new Supernet(names, shapes, { names, shapes, initial }, { device, arithmetic, precision })
class SupernetHandle : public Napi::ObjectWrap<SupernetHandle> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit SupernetHandle(const Napi::CallbackInfo& info);
  void Finalize(Napi::BasicEnv env) override { held_.release(Napi::Env(env)); }

 private:
  const std::shared_ptr<Supernet>& supernet() const { return held_.get("Supernet"); }
  std::shared_ptr<const Plan> plan_argument(const Napi::Value& value) const;
  // Reports the memory that state is about to take, if its first use allocates it; once for each kind.
  void announce(Napi::Env env, const StateKind& kind);
  void announce_averages(Napi::Env env);
  // Announces the slots of the optimizer and the averages, if the options of an update use them.
  void announce_update(Napi::Env env, const Napi::Value& options);

  Napi::Value distribute(const Napi::CallbackInfo& info);
  Napi::Value compile(const Napi::CallbackInfo& info);
  Napi::Value observe(const Napi::CallbackInfo& info);
  Napi::Value accumulate(const Napi::CallbackInfo& info);
  Napi::Value add_noise(const Napi::CallbackInfo& info);
  Napi::Value record_moments(const Napi::CallbackInfo& info);
  Napi::Value clip(const Napi::CallbackInfo& info);
  Napi::Value update(const Napi::CallbackInfo& info);
  Napi::Value finish_step(const Napi::CallbackInfo& info);
  Napi::Value train_step(const Napi::CallbackInfo& info);
  Napi::Value restart_averages(const Napi::CallbackInfo& info);
  Napi::Value use_weights(const Napi::CallbackInfo& info);
  Napi::Value reset_optimizer(const Napi::CallbackInfo& info);
  Napi::Value discard_gradients(const Napi::CallbackInfo& info);
  Napi::Value snapshot(const Napi::CallbackInfo& info);
  Napi::Value restore(const Napi::CallbackInfo& info);
  Napi::Value displacement_to_gradients(const Napi::CallbackInfo& info);
  Napi::Value evaluate(const Napi::CallbackInfo& info);
  Napi::Value recalibrate(const Napi::CallbackInfo& info);
  Napi::Value logits(const Napi::CallbackInfo& info);
  Napi::Value moments(const Napi::CallbackInfo& info);
  Napi::Value reset_moments(const Napi::CallbackInfo& info);
  Napi::Value read(const Napi::CallbackInfo& info);
  Napi::Value write(const Napi::CallbackInfo& info);
  Napi::Value counts(const Napi::CallbackInfo& info);
  Napi::Value set_counts(const Napi::CallbackInfo& info);
  Napi::Value convolution_seconds(const Napi::CallbackInfo& info);
  void dispose(const Napi::CallbackInfo& info) { held_.release(info.Env()); }

  Held<Supernet> held_;
  std::set<std::string> announced_;  // names of kinds of state, and "trial"
};

// The handle behind a JavaScript value. Throws if the value was not made by the class.
template <class Handle>
Handle* handle_argument(const Napi::Value& value, const Napi::FunctionReference& constructor, const std::string& name) {
  if (!value.IsObject() || !value.As<Napi::Object>().InstanceOf(constructor.Value())) {
    expected("a " + name, "the argument", describe(value));
  }
  return Handle::Unwrap(value.As<Napi::Object>());
}

}  // namespace pada
