#include "bindings/communicator_handle.h"

#include "bindings/data_handles.h"
#include "runtime/executor_thread.h"

namespace pada {
namespace {

CommunicatorOptions options_argument(const Napi::Value& place_value, const Napi::Value& options_value) {
  const Napi::Object place = object_argument(place_value, "place");
  const Napi::Object options = object_argument(options_value, "options");
  CommunicatorOptions result;
  if (const Napi::Value file = place.Get("file"); !file.IsUndefined()) {
    result.place.file = string_argument(file, "file");
  } else {
    result.place.host = string_argument(place.Get("host"), "host");
    const int64_t port = count_argument(place.Get("port"), "port");
    if (port > UINT16_MAX) expected("a port of at most 65535", "port", std::to_string(port));
    result.place.port = static_cast<uint16_t>(port);
    result.place.is_server = place.Get("isServer").ToBoolean();
  }
  result.place.prefix = string_argument(options.Get("prefix"), "prefix");
  const int64_t size = count_argument(options.Get("size"), "size"),
                rank = count_argument(options.Get("rank"), "rank", 0);
  if (size > INT32_MAX) expected("at most 2^31 processes", "size", std::to_string(size));
  if (rank >= size) expected("a rank below " + std::to_string(size), "rank", std::to_string(rank));
  result.size = static_cast<int>(size);
  result.rank = static_cast<int>(rank);
  const auto seconds = [&](const char* name) {
    const double value = number_argument(options.Get(name), name);
    if (!(value > 0 && value < 1e6))
      expected("a number of seconds above 0 and below 1,000,000", name, describe(options.Get(name)));
    return value;
  };
  result.connect = seconds("connect");
  result.silence = seconds("silence");
  result.patience = seconds("patience");
  return result;
}

}  // namespace

Napi::Function CommunicatorHandle::define(Napi::Env env) {
  using H = CommunicatorHandle;
  return DefineClass(env, "Communicator",
                     {StaticMethod<&H::nccl_id>("ncclId"), InstanceMethod<&H::connect>("connect"),
                      InstanceMethod<&H::connect_nccl>("connectNccl"), InstanceMethod<&H::sum>("sum"),
                      InstanceMethod<&H::set>("set"), InstanceMethod<&H::get>("get"), InstanceMethod<&H::add>("add"),
                      InstanceMethod<&H::check>("check"), InstanceMethod<&H::fail>("fail"),
                      InstanceMethod<&H::request_stop>("requestStop"), InstanceMethod<&H::fall_silent>("fallSilent"),
                      InstanceMethod<&H::traffic>("traffic"), InstanceMethod<&H::dispose>("dispose")});
}

CommunicatorHandle::CommunicatorHandle(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  guarded(info.Env(), [&] {
    CommunicatorOptions options = options_argument(info[0], info[1]);
    const std::string place = options.place.text();
    try {
      held_.hold(info.Env(), std::make_shared<Communicator>(std::move(options)), 0);
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      const std::string reason = error.what();
      throw Error("ERR_STORE", "Expected a store at " + place + " but received " + reason.substr(0, reason.find('\n')));
    }
  });
}

Napi::Value CommunicatorHandle::connect(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return run_on_executor(info.Env(), [communicator = communicator()] { communicator->connect(); });
  });
}

Napi::Value CommunicatorHandle::nccl_id(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const std::string id = NcclGroup::make_id(string_argument(info[0], "library"));
    return Napi::Buffer<char>::Copy(info.Env(), id.data(), id.size());
  });
}

Napi::Value CommunicatorHandle::connect_nccl(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const std::string library = string_argument(info[0], "library");
    const auto bytes = array_argument<uint8_t>(info[1], "id");
    const std::string id(reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength());
    return run_on_executor(
        info.Env(),
        [communicator = communicator(), library, id, device = device_argument(info[2])] {
          return communicator->connect_nccl(library, id, device);
        },
        [](Napi::Env env, const std::string& version) -> Napi::Value { return Napi::String::New(env, version); });
  });
}

Napi::Value CommunicatorHandle::sum(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return run_on_executor(
        info.Env(),
        [communicator = communicator(), numbers = copied_array<double>(info[0], "numbers")]() mutable {
          communicator->sum(at::from_blob(numbers.data(), {static_cast<int64_t>(numbers.size())}, at::kDouble));
          return std::move(numbers);
        },
        [](Napi::Env env, const std::vector<double>& numbers) -> Napi::Value { return to_array(env, numbers); });
  });
}

Napi::Value CommunicatorHandle::set(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    communicator()->store().set(string_argument(info[0], "key"), string_argument(info[1], "value"));
    return info.Env().Undefined();
  });
}

Napi::Value CommunicatorHandle::get(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto value = communicator()->store().get(string_argument(info[0], "key"));
    return value ? Napi::String::New(info.Env(), *value) : info.Env().Undefined();
  });
}

Napi::Value CommunicatorHandle::add(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const int64_t amount = count_argument(info[1], "amount", 0);
    const int64_t sum = communicator()->store().add(string_argument(info[0], "key"), amount);
    return Napi::Number::New(info.Env(), static_cast<double>(sum));
  });
}

Napi::Value CommunicatorHandle::check(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    communicator()->check();
    return info.Env().Undefined();
  });
}

Napi::Value CommunicatorHandle::fail(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    communicator()->fail(string_argument(info[0], "reason"));
    return info.Env().Undefined();
  });
}

Napi::Value CommunicatorHandle::request_stop(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    communicator()->request_stop();
    return info.Env().Undefined();
  });
}

Napi::Value CommunicatorHandle::fall_silent(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    communicator()->fall_silent();
    return info.Env().Undefined();
  });
}

Napi::Value CommunicatorHandle::traffic(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    Napi::Object object = Napi::Object::New(info.Env());
    object.Set("bytes", static_cast<double>(communicator()->bytes()));
    object.Set("waitedSeconds", communicator()->waited());
    return object;
  });
}

}  // namespace pada
