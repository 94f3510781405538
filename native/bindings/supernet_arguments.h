// What calls on a supernet take, read from JavaScript values.
#pragma once

#include "bindings/arguments.h"
#include "supernet.h"

namespace pada {

std::vector<std::vector<int64_t>> shapes_argument(const Napi::Value& value);
Buffers buffers_argument(const Napi::Value& value, at::Device device);

Batch batch_argument(const Napi::Value& value);
SgdOptions sgd_argument(const Napi::Value& value);
double norm_argument(const Napi::Value& value);
// Of a step's options: a number of at least 0, or absent.
std::optional<double> alignment_of(const Napi::Object& options);

// Of a supernet's options.
bool is_reference(const Napi::Object& options);
Precision precision_of(const Napi::Object& options);

}  // namespace pada
