// The communicator as JavaScript holds it.
#pragma once

#include "bindings/handles.h"
#include "distributed/communicator.h"

namespace pada {

// new Communicator({ file | host, port, isServer }, { prefix, rank, size, connect, silence, patience })
class CommunicatorHandle : public Napi::ObjectWrap<CommunicatorHandle> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit CommunicatorHandle(const Napi::CallbackInfo& info);
  void Finalize(Napi::BasicEnv env) override { held_.release(Napi::Env(env)); }
  const std::shared_ptr<Communicator>& communicator() const { return held_.get("Communicator"); }

 private:
  static Napi::Value nccl_id(const Napi::CallbackInfo& info);
  Napi::Value connect(const Napi::CallbackInfo& info);
  Napi::Value connect_nccl(const Napi::CallbackInfo& info);
  Napi::Value sum(const Napi::CallbackInfo& info);
  Napi::Value set(const Napi::CallbackInfo& info);
  Napi::Value get(const Napi::CallbackInfo& info);
  Napi::Value add(const Napi::CallbackInfo& info);
  Napi::Value check(const Napi::CallbackInfo& info);
  Napi::Value fail(const Napi::CallbackInfo& info);
  Napi::Value request_stop(const Napi::CallbackInfo& info);
  Napi::Value fall_silent(const Napi::CallbackInfo& info);
  Napi::Value traffic(const Napi::CallbackInfo& info);
  void dispose(const Napi::CallbackInfo& info) { held_.release(info.Env()); }

  Held<Communicator> held_;
};

}  // namespace pada
