// Reads the arguments of a supernet's calls from JavaScript values.
#pragma once

#include "bindings/arguments.h"
#include "supernet.h"

namespace pada {

std::vector<std::vector<int64_t>> shapes_argument(const Napi::Value& value);
Buffers buffers_argument(const Napi::Value& value, at::Device device);

std::shared_ptr<ImageSource> dataset_argument(const Napi::Value& value);
Batch batch_argument(const Napi::Value& value);
// The batch of a HeldBatch, or a new batch of a Dataset.
std::shared_ptr<Minibatch> minibatch_argument(const Napi::Value& held_or_dataset, const Napi::Value& batch);
// { learningRate, optimizer: { kind, ... }, unsampled, averageDecay? }
UpdateOptions update_argument(const Napi::Value& value);
// The kind of the optimizer in these options.
const OptimizerKind& optimizer_kind_argument(const Napi::Value& value);
// The same options with clipNorm and noise.
FinishOptions finish_argument(const Napi::Value& value, const Parameters& parameters);
StepOptions step_argument(const Napi::Value& value, const Parameters& parameters);
GradientNoise noise_argument(const Napi::Value& value, const Parameters& parameters);
double norm_argument(const Napi::Value& value);
// `alignment` of a step's options: a number of at least 0, or absent.
std::optional<double> alignment_of(const Napi::Object& options);

// `arithmetic` and `precision` of a supernet's options.
bool is_reference(const Napi::Object& options);
Precision precision_of(const Napi::Object& options, at::Device device);

}  // namespace pada
