#include "bindings/cuda_kernels.h"

#include <algorithm>

#include "bindings/data_handles.h"
#include "bindings/handles.h"
#include "cuda/compile.h"
#include "cuda/kernels.h"
#include "runtime/device_trace.h"
#include "runtime/executor_thread.h"
#include "runtime/readings.h"
#include "runtime/recording.h"
#include "runtime/torch_cuda.h"

namespace pada {
namespace {

std::string optional_string(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  return value.IsUndefined() ? "" : string_argument(value, name);
}

std::array<bool, cuda::kGroups.size()> enabled_groups(const Napi::Value& names) {
  std::array<bool, cuda::kGroups.size()> enabled{};
  for (const std::string& name : strings_argument(names, "groups")) {
    const auto found = std::ranges::find(cuda::kGroupNames, name);
    if (found == cuda::kGroupNames.end()) expected("groups of kernels", "groups", name);
    enabled[static_cast<size_t>(found - cuda::kGroupNames.begin())] = true;
  }
  return enabled;
}

template <class Item, class Fill>
Napi::Value list_of(Napi::Env env, const std::vector<Item>& items, const Fill& fill) {
  Napi::Array list = Napi::Array::New(env, items.size());
  for (size_t i = 0; i < items.size(); i++) {
    Napi::Object object = Napi::Object::New(env);
    fill(object, items[i]);
    list.Set(static_cast<uint32_t>(i), object);
  }
  return list;
}

}  // namespace

Napi::Value set_cuda_kernels(const Napi::CallbackInfo& call) {
  return guarded(call.Env(), [&] {
    const Napi::Object options = object_argument(call[0], "options");
    const std::string stand_in = optional_string(options, "standIn");
    cuda::set_options({.enabled = enabled_groups(options.Get("groups")),
                       .folder = optional_string(options, "folder"),
                       .stand_in = stand_in});
    const bool records = options.Get("graphs").ToBoolean();
    Recording::set_mode(!records           ? Recording::Mode::Off
                        : stand_in.empty() ? Recording::Mode::On
                                           : Recording::Mode::StandIn);
    search_convolutions(options.Get("searchConvolutions").ToBoolean());
    // As a GPU, whose numbers arrive while the next step begins.
    Readings::set_late_by(stand_in.empty() ? 0 : 3);
    return call.Env().Undefined();
  });
}

Napi::Value cuda_kernels(const Napi::CallbackInfo& call) {
  return guarded(call.Env(), [&] {
    return run_on_executor(
        call.Env(), [device = device_argument(call[0])] { return cuda::status_of(device); },
        [](Napi::Env env, const std::vector<cuda::Status>& list) {
          return list_of(env, list, [](Napi::Object& object, const cuda::Status& status) {
            object.Set("group", status.group);
            if (!status.used) object.Set("why", status.why);
          });
        });
  });
}

Napi::Value compile_cuda_kernels(const Napi::CallbackInfo& call) {
  return guarded(call.Env(), [&] {
    const std::string library = string_argument(call[0], "nvrtc");
    const std::string architecture = string_argument(call[1], "architecture");
    return run_on_executor(
        call.Env(),
        [library, architecture] {
          std::vector<cuda::Compiled> list;
          for (const cuda::Group group : cuda::kGroups) {
            list.push_back(cuda::compile(cuda::open_nvrtc(library), group, architecture, true));
          }
          return list;
        },
        [](Napi::Env env, const std::vector<cuda::Compiled>& list) {
          size_t next = 0;
          return list_of(env, list, [&](Napi::Object& object, const cuda::Compiled& compiled) {
            object.Set("group", cuda::kGroupNames[next++]);
            object.Set("bytes", static_cast<double>(compiled.binary.size()));
            object.Set("log", compiled.log);
          });
        });
  });
}

Napi::Value start_device_trace(const Napi::CallbackInfo& call) {
  return guarded(call.Env(), [&] {
    return run_on_executor(call.Env(), [device = device_argument(call[0])] { start_trace(device); });
  });
}

Napi::Value end_device_trace(const Napi::CallbackInfo& call) {
  return guarded(call.Env(), [&] {
    return run_on_executor(
        call.Env(), [device = device_argument(call[0])] { return end_trace(device); },
        [](Napi::Env env, const std::vector<Traced>& list) {
          return list_of(env, list, [](Napi::Object& object, const Traced& traced) {
            object.Set("name", traced.name);
            object.Set("count", static_cast<double>(traced.count));
            object.Set("seconds", traced.seconds);
          });
        });
  });
}

Napi::Value gpu_work(const Napi::CallbackInfo& call) {
  Napi::Object object = Napi::Object::New(call.Env());
  object.Set("launches", static_cast<double>(cuda::launches()));
  object.Set("waited", Readings::waited());
  object.Set("replays", static_cast<double>(Recording::replays()));
  if (const std::string why = Recording::why_not(); !why.empty()) object.Set("whyNoReplays", why);
  return object;
}

}  // namespace pada
