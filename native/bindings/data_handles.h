// Arguments that several sources of images have.
#pragma once

#include "bindings/arguments.h"

namespace pada {

// The array `data[name]`: finite numbers, one per channel.
std::vector<double> per_channel(const Napi::Object& data, const char* name, int64_t channels, bool positive);

}  // namespace pada
