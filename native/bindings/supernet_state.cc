// Reads and writes the state of a supernet: values, gradients, moments, counts, and slots of optimizers.
#include "bindings/handles.h"
#include "bindings/state_kinds.h"
#include "optim/moments.h"
#include "runtime/executor_thread.h"

namespace pada {

Napi::Value SupernetHandle::moments(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return run_on_executor(
        info.Env(),
        [net = supernet()] { return std::pair(net->parameters().times_sampled, mean_variances(net->parameters())); },
        [](Napi::Env env, const std::pair<std::vector<double>, std::vector<double>>& moments) -> Napi::Value {
          Napi::Object object = Napi::Object::New(env);
          object.Set("timesSampled", to_array(env, moments.first));
          object.Set("meanVariance", to_array(env, moments.second));
          return object;
        });
  });
}

Napi::Value SupernetHandle::reset_moments(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return run_on_executor(info.Env(), [net = supernet()] { pada::reset_moments(net->parameters()); });
  });
}

Napi::Value SupernetHandle::read(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const StateKind& kind = state_kind(string_argument(info[0], "kind"));
    announce(info.Env(), kind);
    return run_on_executor(
        info.Env(), [net = supernet(), &kind] { return kind.flat(*net).to(at::kCPU, at::kFloat, false, true); },
        [](Napi::Env env, const at::Tensor& copy) -> Napi::Value {
          return to_array(env, copy.const_data_ptr<float>(), copy.numel());
        });
  });
}

Napi::Value SupernetHandle::write(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const StateKind& kind = state_kind(string_argument(info[0], "kind"));
    std::vector<float> values = copied_array<float>(info[1], "values");
    const int64_t size = kind.of_buffers ? supernet()->buffers().total() : supernet()->parameters().total();
    if (static_cast<int64_t>(values.size()) != size) {
      expected(std::to_string(size) + " numbers", "values", std::to_string(values.size()));
    }
    announce(info.Env(), kind);
    return run_on_executor(info.Env(), [net = supernet(), &kind, values = std::move(values)]() mutable {
      const int64_t count = static_cast<int64_t>(values.size());
      at::Tensor& flat = kind.flat(*net);
      flat.copy_(at::from_blob(values.data(), {count}, at::TensorOptions().dtype(at::kFloat)));
      if (&flat == &net->parameters().gradients) net->parameters().mark_gradients_written();
    });
  });
}

Napi::Value SupernetHandle::restart_averages(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    announce_averages(info.Env());
    return run_on_executor(info.Env(), [net = supernet()] { net->averages().restart(); });
  });
}

Napi::Value SupernetHandle::use_weights(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const std::string which = string_argument(info[0], "weights");
    if (which != "raw" && which != "averaged") expected("\"raw\" or \"averaged\"", "weights", "\"" + which + "\"");
    if (which == "averaged") announce_averages(info.Env());
    return run_on_executor(info.Env(),
                           [net = supernet(), averaged = which == "averaged"] { net->averages().use(averaged); });
  });
}

Napi::Value SupernetHandle::reset_optimizer(const Napi::CallbackInfo& info) {
  return guarded(info.Env(),
                 [&] { return run_on_executor(info.Env(), [net = supernet()] { net->parameters().reset_slots(); }); });
}

Napi::Value SupernetHandle::counts(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return run_on_executor(
        info.Env(),
        [net = supernet()] {
          const Parameters& p = net->parameters();
          return std::tuple(p.times_sampled, p.ever_sampled, p.times_updated);
        },
        [](Napi::Env env, const auto& counts) -> Napi::Value {
          Napi::Object object = Napi::Object::New(env);
          object.Set("timesSampled", to_array(env, std::get<0>(counts)));
          object.Set("everSampled", to_array(env, std::get<1>(counts)));
          object.Set("timesUpdated", to_array(env, std::get<2>(counts)));
          return object;
        });
  });
}

Napi::Value SupernetHandle::set_counts(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    std::vector<double> times = copied_array<double>(info[0], "timesSampled");
    std::vector<uint8_t> ever = copied_array<uint8_t>(info[1], "everSampled");
    std::vector<double> updated = copied_array<double>(info[2], "timesUpdated");
    for (size_t size : {times.size(), ever.size(), updated.size()}) {
      if (size == static_cast<size_t>(supernet()->parameters().count())) continue;
      expected("one count per parameter", "counts", std::to_string(size));
    }
    return run_on_executor(info.Env(), [net = supernet(), times = std::move(times), ever = std::move(ever),
                                        updated = std::move(updated)]() mutable {
      net->parameters().times_sampled = std::move(times);
      net->parameters().ever_sampled = std::move(ever);
      net->parameters().times_updated = std::move(updated);
    });
  });
}

}  // namespace pada
