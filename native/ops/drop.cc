#include "ops/drop.h"

#include "ops/cpu/grain.h"
#include "ops/cpu/scale_samples.h"
#include "runtime/random.h"
#include "runtime/torch_cuda.h"

namespace pada {
namespace {

// 0 for dropped values, 1 / (1 - p) for the others: one factor per sample, or per number in the order of memory
// (sample, row, column, channel). Factor i of a batch depends only on the step's seed, the instruction's index in the
// program, and i. It is the same on any device and thread, and if the batch is computed in parts.
at::Tensor factors(int value, double p, const Shape& s, const Activations& run) {
  const at::Device device = run.parameters.device();
  const at::Tensor result =
      staged({run.batch, s.channels, s.height, s.width}, at::kFloat, device, at::MemoryFormat::ChannelsLast);
  float* out = result.mutable_data_ptr<float>();
  const uint64_t stream = hash(run.phase.drop->seed * kGolden + hash(static_cast<uint64_t>(value)));
  const float scale = static_cast<float>(1 / (1 - p));
  const int64_t first = run.phase.drop->first_sample * (result.numel() / run.batch);
  at::parallel_for(0, result.numel(), kElementsPerShare, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      out[i] = uniform(hash(stream + static_cast<uint64_t>(first + i) * kGolden)) < p ? 0.f : scale;
    }
  });
  return uploaded(result, device);
}

// Multiplies in float32 and rounds once. `in_place`: may write to x. The backward pass may, because the holder of a
// gradient owns it.
at::Tensor scaled(const Step& step, at::Tensor x, const at::Tensor& factor, bool in_place, const Activations& run) {
  const bool has_kernel = run.kernels && step.drops_samples && x.scalar_type() == run.type();
  if (!has_kernel) return x.mul(factor).to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
  at::Tensor result = in_place ? x : run.empty(step.output);
  run.with_type([&]<class T>(T) {
    scale_samples(values_of<T>(x), factor.const_data_ptr<float>(), mutable_values_of<T>(result), run.batch,
                  run.elements(step.output) / run.batch);
  });
  return result;
}

at::Tensor number_factors(const Step& step, const Activations& run) {
  if (!run.phase.drop || step.drop_probability == 0) return {};
  return factors(step.output, step.drop_probability, run.plan.shapes[step.output], run);
}

}  // namespace

at::Tensor sample_factors(int value, double p, const Activations& run) {
  if (!run.phase.drop || p * run.phase.drop->path_scale == 0) return {};
  return factors(value, p * run.phase.drop->path_scale, {1, 1, 1}, run);
}

void drop_forward(const Step& step, Activations& run) {
  const at::Tensor& x = run.values[step.input];
  at::Tensor factor =
      step.drops_samples ? sample_factors(step.output, step.drop_probability, run) : number_factors(step, run);
  run.values[step.output] = factor.defined() ? scaled(step, x, factor, false, run) : x;
  run.kept[step.output] = std::move(factor);
}

void drop_backward(const Step& step, Activations& run) {
  const at::Tensor factor = std::move(run.kept[step.output]);
  if (!run.gradients[step.output].defined() || !run.wants_gradient(step.input)) return;
  at::Tensor gradient = std::move(run.gradients[step.output]);
  if (factor.defined()) gradient = scaled(step, std::move(gradient), factor, true, run);
  run.add_gradient(step.input, std::move(gradient));
}

}  // namespace pada
