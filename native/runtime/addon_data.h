// What the addon keeps for each JavaScript environment: the main thread's, and one per worker thread that loads it.
#pragma once

#include <napi.h>

namespace pada {

class Mailbox;

struct AddonData {
  Mailbox* mailbox = nullptr;                                   // the way results come back; see executor_thread.cc
  Napi::FunctionReference dataset, held_batch, plan, supernet;  // constructors

  static AddonData& of(Napi::Env env) { return *env.GetInstanceData<AddonData>(); }
};

}  // namespace pada
