// The lists that C++ and TypeScript both have. A test checks that they are equal.
#pragma once

#include <napi.h>

namespace pada {

// { instructions: { name, attributes }[], optimizers: { kind, slots }[], stateKinds, imageOperations,
// families }
Napi::Value tables(const Napi::CallbackInfo& call);

}  // namespace pada
