#include "ops/packed_weights.h"

#include <algorithm>

#include "cuda/kernels.h"
#include "cuda/tables.h"
#include "ops/depthwise.h"
#include "runtime/stopwatch.h"

namespace pada {
namespace {

// Weights begin where vectors may, whatever precedes them.
constexpr int64_t kAlignment = 64;
constexpr int64_t kMostScalars = int64_t{1} << 31;

// Starts a kernel on weights and their packed memory.
void launch(const char* kernel, const std::vector<std::pair<int, at::Tensor>>& weights, const at::Tensor& flat,
            Activations& run) {
  const Parameters& parameters = run.parameters;
  std::vector<cuda::Piece> pieces;
  std::vector<cuda::WeightPlace> places;
  for (const auto& [parameter, packed] : weights) {
    cuda::add_pieces(pieces, 0, parameters.size(parameter), places.size());
    const std::vector<int64_t>& shape = parameters.shape(parameter);
    places.push_back({parameters.offset(parameter), const_cast<void*>(packed.const_data_ptr()),
                      static_cast<int>(shape[1]), static_cast<int>(shape[2] * shape[3])});
  }
  if (pieces.empty()) return;
  cuda::Tables tables;
  const size_t list = tables.add(pieces), table = tables.add(places);
  tables.upload(parameters.device());
  const std::string type = run.type() == at::kBFloat16 ? "_bfloat16" : "_float32";
  const cuda::WeightsArguments arguments{tables.at<cuda::Piece>(list), tables.at<cuda::WeightPlace>(table),
                                         flat.mutable_data_ptr<float>()};
  run.packed.kernels->launch(kernel + type, static_cast<int64_t>(pieces.size()), 1, arguments);
}

}  // namespace

void pack_weights(Activations& run) {
  const Parameters& parameters = run.parameters;
  run.packed.kernels = parameters.sweeps();
  if (run.packed.kernels == nullptr) return;
  const Stopwatch::Scope scope(Family::ConvForward);
  std::vector<int> used;
  int64_t total = 0;
  for (const Step& step : run.plan.steps) {
    if (step.kind != Step::Kind::Conv || has_depthwise_kernel(step, run)) continue;
    if (run.packed.weights.contains(step.weight)) continue;
    if (parameters.size(step.weight) >= kMostScalars) continue;
    run.packed.weights.emplace(step.weight, at::Tensor());
    used.push_back(step.weight);
    total += (parameters.size(step.weight) + kAlignment - 1) / kAlignment * kAlignment;
  }
  const at::Tensor memory = at::empty({total}, at::TensorOptions().dtype(run.type()).device(parameters.device()));
  std::vector<std::pair<int, at::Tensor>> weights;
  int64_t first = 0;
  for (const int parameter : used) {
    const int64_t size = parameters.size(parameter);
    const std::vector<int64_t>& s = parameters.shape(parameter);
    const at::Tensor packed = memory.narrow(0, first, size).view({s[0], s[2], s[3], s[1]}).permute({0, 3, 1, 2});
    run.packed.weights[parameter] = packed;
    weights.emplace_back(parameter, packed);
    first += (size + kAlignment - 1) / kAlignment * kAlignment;
  }
  launch("pack_weights", weights, parameters.values, run);
}

at::Tensor conv_weight(int parameter, const Activations& run) {
  const auto packed = run.packed.weights.find(parameter);
  if (packed != run.packed.weights.end()) return packed->second;
  return run.parameters.view(run.parameters.values, parameter).to(run.type());
}

void add_weight_gradient(int parameter, const at::Tensor& gradient, Activations& run) {
  auto& waiting = run.packed.gradients;
  const auto is_same = [&](const auto& entry) { return entry.first == parameter; };
  // Blocks of one launch must not add to the same scalars.
  const bool waits =
      run.packed.defers && run.packed.weights.contains(parameter) && std::ranges::none_of(waiting, is_same);
  if (waits)
    waiting.emplace_back(parameter, gradient.to(run.type()).contiguous(at::MemoryFormat::ChannelsLast));
  else
    run.parameters.view(run.parameters.gradients, parameter).add_(gradient);
}

void add_packed_gradients(Activations& run) {
  if (run.packed.gradients.empty()) return;
  const Stopwatch::Scope scope(Family::ConvBackward);
  launch("add_packed", run.packed.gradients, run.parameters.gradients, run);
  run.packed.gradients.clear();
}

}  // namespace pada
