// Everything that JavaScript can call: the other side of `Binding` in src/native/raw.ts.
#include <ATen/Version.h>
#include <napi.h>
#include <torch/headeronly/version.h>

#include <thread>

#include "bindings/arguments.h"
#include "bindings/communicator_handle.h"
#include "bindings/cuda_kernels.h"
#include "bindings/handles.h"
#include "bindings/stream_handle.h"
#include "bindings/tables.h"
#include "data/content_digest.h"
#include "ops/cpu/conv_kernels.h"
#include "runtime/addon_data.h"
#include "runtime/at_work.h"
#include "runtime/caching_allocator.h"
#include "runtime/executor_thread.h"
#include "runtime/peak_memory.h"
#include "runtime/stopwatch.h"
#include "runtime/torch_cuda.h"

namespace pada {
namespace {

// In the order of InstructionSet.
constexpr const char* kInstructionSets[] = {"none", "avx2", "avx512", "avx512bf16", "amxbf16"};

Napi::Value info(const Napi::CallbackInfo& call) {
  Napi::Env env = call.Env();
  return guarded(env, [&] {
    Napi::Object object = Napi::Object::New(env);
    object.Set("torch", TORCH_VERSION);
    object.Set("cpuCapability", at::get_cpu_capability());
    object.Set("convolutionKernels", kInstructionSets[static_cast<int>(instruction_set())]);
    object.Set("kernelsCompiled", kernels_compiled());
    object.Set("threads", at::get_num_threads());
    object.Set("cudaDevices", to_strings(env, cuda_devices()));
    object.Set("cudaUuids", to_strings(env, cuda_uuids()));
    return object;
  });
}

// OpenMP ends the process if it cannot start as many threads as it was told. The order of sums depends on their number,
// so each machine takes the usual numbers as they are: a run continues with the same results on a smaller one.
int64_t most_threads() {
  constexpr int64_t kAnywhere = 64, kPerProcessor = 8;
  return std::max<int64_t>(kAnywhere, kPerProcessor * std::thread::hardware_concurrency());
}

Napi::Value set_threads(const Napi::CallbackInfo& call) {
  return guarded(call.Env(), [&] {
    const int threads = static_cast<int>(std::min(count_argument(call[0], "threads"), most_threads()));
    return run_on_executor(
        call.Env(),
        [threads] {
          at::set_num_threads(threads);
          return threads;
        },
        [](Napi::Env env, int set) -> Napi::Value { return Napi::Number::New(env, set); });
  });
}

Napi::Value exits(const Napi::CallbackInfo& call) {
  return guarded(call.Env(), [&] {
    process_exits(static_cast<int>(number_argument(call[0], "code")));
    return call.Env().Undefined();
  });
}

Napi::Value set_device(const Napi::CallbackInfo& call) {
  return guarded(call.Env(), [&] {
    set_cuda_device(count_argument(call[0], "index", 0));
    return call.Env().Undefined();
  });
}

Napi::Value limit_kernels(const Napi::CallbackInfo& call) {
  return guarded(call.Env(), [&]() -> Napi::Value {
    const std::string name = string_argument(call[0], "instructionSet");
    const auto* found = std::find(std::begin(kInstructionSets), std::end(kInstructionSets), name);
    if (found == std::end(kInstructionSets))
      expected("\"none\", \"avx2\", \"avx512\", \"avx512bf16\" or \"amxbf16\"", "instructionSet", name);
    const auto most = static_cast<InstructionSet>(found - std::begin(kInstructionSets));
    return run_on_executor(call.Env(), [most] { limit_instruction_set(most); });
  });
}

Napi::Value start_profile(const Napi::CallbackInfo& call) {
  return guarded(call.Env(), [&] {
    const bool cuda = device_argument(call[0]).is_cuda();
    return run_on_executor(call.Env(), [cuda] { Stopwatch::start(cuda ? finish_cuda : nullptr); });
  });
}

Napi::Value take_profile(const Napi::CallbackInfo& call) {
  return guarded(call.Env(), [&] {
    return run_on_executor(
        call.Env(), [] { return Stopwatch::take(); },
        [](Napi::Env env, const Stopwatch::Seconds& seconds) -> Napi::Value {
          return to_array(env, seconds.data(), seconds.size());
        });
  });
}

Napi::Value stop_profile(const Napi::CallbackInfo& call) {
  return guarded(call.Env(), [&] { return run_on_executor(call.Env(), [] { Stopwatch::stop(); }); });
}

Napi::Value reset_peak(const Napi::CallbackInfo& call) {
  return guarded(call.Env(), [&] {
    return run_on_executor(call.Env(), [device = device_argument(call[0])] { reset_peak_memory(device); });
  });
}

Napi::Value peak(const Napi::CallbackInfo& call) {
  return guarded(call.Env(), [&] {
    return run_on_executor(
        call.Env(), [device = device_argument(call[0])] { return peak_memory(device); },
        [](Napi::Env env, int64_t bytes) -> Napi::Value { return Napi::Number::New(env, static_cast<double>(bytes)); });
  });
}

Napi::Value digest(const Napi::CallbackInfo& call) {
  return guarded(call.Env(), [&]() -> Napi::Value {
    const auto bytes = array_argument<uint8_t>(call[0], "bytes");
    return Napi::BigInt::New(call.Env(), content_digest(bytes.Data(), bytes.ByteLength()));
  });
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  prepare_environment(env);
  install_caching_allocator();
  exports.Set("info", Napi::Function::New<info>(env));
  exports.Set("tables", Napi::Function::New<tables>(env));
  exports.Set("setThreads", Napi::Function::New<set_threads>(env));
  exports.Set("processExits", Napi::Function::New<exits>(env));
  exports.Set("setCudaDevice", Napi::Function::New<set_device>(env));
  exports.Set("limitConvolutionKernels", Napi::Function::New<limit_kernels>(env));
  exports.Set("startProfile", Napi::Function::New<start_profile>(env));
  exports.Set("takeProfile", Napi::Function::New<take_profile>(env));
  exports.Set("stopProfile", Napi::Function::New<stop_profile>(env));
  exports.Set("resetPeakMemory", Napi::Function::New<reset_peak>(env));
  exports.Set("peakMemory", Napi::Function::New<peak>(env));
  exports.Set("setCudaKernels", Napi::Function::New<set_cuda_kernels>(env));
  exports.Set("cudaKernels", Napi::Function::New<cuda_kernels>(env));
  exports.Set("compileCudaKernels", Napi::Function::New<compile_cuda_kernels>(env));
  exports.Set("startTrace", Napi::Function::New<start_device_trace>(env));
  exports.Set("endTrace", Napi::Function::New<end_device_trace>(env));
  exports.Set("gpuWork", Napi::Function::New<gpu_work>(env));
  exports.Set("contentDigest", Napi::Function::New<digest>(env));
  exports.Set("inspectImages", Napi::Function::New<inspect_images>(env));
  exports.Set("jpegLibrary", Napi::Function::New<jpeg_library>(env));
  const auto define = [&](const char* name, Napi::Function constructor, Napi::FunctionReference& reference) {
    reference = Napi::Persistent(constructor);
    exports.Set(name, constructor);
  };
  AddonData& addon_data = AddonData::of(env);
  define("Dataset", DatasetHandle::define(env), addon_data.dataset);
  define("ImageStream", ImageStreamHandle::define(env), addon_data.image_stream);
  define("HeldBatch", HeldBatchHandle::define(env), addon_data.held_batch);
  define("Supernet", SupernetHandle::define(env), addon_data.supernet);
  define("Communicator", CommunicatorHandle::define(env), addon_data.communicator);
  // Only Supernet.compile makes plans, so their class is not exported.
  addon_data.plan = Napi::Persistent(PlanHandle::define(env));
  return exports;
}

}  // namespace
}  // namespace pada

static Napi::Object init_addon(Napi::Env env, Napi::Object exports) { return pada::init(env, exports); }
NODE_API_MODULE(pada_native, init_addon)
