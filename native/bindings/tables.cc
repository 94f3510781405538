#include "bindings/tables.h"

#include "bindings/arguments.h"
#include "bindings/state_kinds.h"
#include "data/pillow.h"
#include "optim/optimizer.h"
#include "program/instructions.h"
#include "runtime/stopwatch.h"

namespace pada {
namespace {

Napi::Array instructions(Napi::Env env) {
  Napi::Array array = Napi::Array::New(env, kInstructions.size());
  for (size_t i = 0; i < kInstructions.size(); i++) {
    const InstructionKind& kind = kInstructions[i];
    Napi::Object row = Napi::Object::New(env);
    row.Set("name", std::string(kind.name));
    const auto first = kind.attributes.begin();
    row.Set("attributes", to_strings(env, {first, first + static_cast<std::ptrdiff_t>(kind.attribute_count())}));
    array.Set(static_cast<uint32_t>(i), row);
  }
  return array;
}

Napi::Array optimizers(Napi::Env env) {
  Napi::Array array = Napi::Array::New(env);
  for (const OptimizerKind& kind : optimizer_kinds()) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("kind", kind.name);
    std::vector<std::string> slots;
    for (const SlotKind& slot : kind.slots) slots.emplace_back(slot.name);
    row.Set("slots", to_strings(env, slots));
    array.Set(array.Length(), row);
  }
  return array;
}

}  // namespace

Napi::Value tables(const Napi::CallbackInfo& call) {
  Napi::Env env = call.Env();
  return guarded(env, [&] {
    std::vector<std::string> states;
    for (const StateKind& kind : state_kinds()) states.push_back(kind.name);
    Napi::Object object = Napi::Object::New(env);
    object.Set("instructions", instructions(env));
    object.Set("optimizers", optimizers(env));
    object.Set("stateKinds", to_strings(env, states));
    std::vector<std::string> operations;
    for (const NamedOperation& operation : pillow_operations()) operations.push_back(operation.name);
    object.Set("imageOperations", to_strings(env, operations));
    object.Set("families", to_strings(env, {kFamilyNames.begin(), kFamilyNames.end()}));
    return object;
  });
}

}  // namespace pada
