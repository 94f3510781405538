// The lists that both sides have, for a test that they are the same.
#pragma once

#include <napi.h>

namespace pada {

// { instructions: { name, attributes }[], optimizers: { kind, slots }[], stateKinds, families }
Napi::Value tables(const Napi::CallbackInfo& call);

}  // namespace pada
