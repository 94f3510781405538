// Data that the addon keeps for one JavaScript environment: the main thread's or a worker thread's.
#pragma once

#include <napi.h>

namespace pada {

class Mailbox;

struct AddonData {
  Mailbox* mailbox = nullptr;  // brings results back; see executor_thread.cc
  Napi::FunctionReference dataset, image_stream, held_batch, plan, supernet, communicator;  // constructors

  static AddonData& of(Napi::Env env) { return *env.GetInstanceData<AddonData>(); }
};

}  // namespace pada
