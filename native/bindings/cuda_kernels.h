// What JavaScript asks of the kernels of GPUs (cuda/).
#pragma once

#include <napi.h>

namespace pada {

// (options: { groups, folder?, standIn?, graphs, searchConvolutions })
Napi::Value set_cuda_kernels(const Napi::CallbackInfo& call);
// (device): Promise<{ group, why? }[]>. A group with a `why` is not used.
Napi::Value cuda_kernels(const Napi::CallbackInfo& call);
// (nvrtc, architecture): Promise<{ group, bytes, log }[]>. Compiles without a GPU.
Napi::Value compile_cuda_kernels(const Napi::CallbackInfo& call);
// (device): Promise<void>, then (device): Promise<{ name, count, seconds }[]>. See runtime/device_trace.h.
Napi::Value start_device_trace(const Napi::CallbackInfo& call);
Napi::Value end_device_trace(const Napi::CallbackInfo& call);
// (): { launches, waited, replays, whyNoReplays? }
Napi::Value gpu_work(const Napi::CallbackInfo& call);

}  // namespace pada
