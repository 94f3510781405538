// An event on a GPU's stream, which any thread may free.
#pragma once

#include <c10/core/DeviceGuard.h>
#include <c10/core/Event.h>

#include <memory>

namespace pada {

// To free an event, torch goes to its GPU and then returns to the thread's own, which is the first one unless the
// thread chose another. CUDA would open that GPU, if nothing is computed on it: half a gigabyte, and a wait.
struct FreeEvent {
  void operator()(c10::Event* event) const noexcept {
    if (event->device_index() < 0) {
      delete event;  // it was never recorded
      return;
    }
    try {
      const c10::OptionalDeviceGuard guard(event->device());
      delete event;
    } catch (const std::exception&) {
      // The GPU has failed, and with it the event.
    }
  }
};

using DeviceEvent = std::unique_ptr<c10::Event, FreeEvent>;

// An event that is reached when the stream has done all that it has so far.
inline DeviceEvent record_event(const c10::Stream& stream) {
  DeviceEvent event(new c10::Event(stream.device_type()));
  event->record(stream);
  return event;
}

}  // namespace pada
