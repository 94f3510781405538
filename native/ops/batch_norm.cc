#include "ops/batch_norm.h"

#include <algorithm>
#include <cmath>

#include "distributed/communicator.h"
#include "ops/conv.h"
#include "runtime/errors.h"
#include "runtime/stopwatch.h"

namespace pada {

bool moves_running(const Term& term, const Activations& run) {
  return term.has_running() && run.phase.momentum.value_or(0) > 0;
}

bool normalises_by_batch(const Term& term, const Activations& run) {
  return !term.has_running() || run.phase.momentum.has_value();
}

void check_rows(const Term& term, const Activations& run) {
  if (moves_running(term, run) && run.norm_rows(term.input) < 2) {
    expected("more than one value per channel", "a batch norm with running statistics", "1");
  }
}

namespace {

std::optional<at::Tensor> parameter(int index, const Activations& run) {
  if (index < 0) return std::nullopt;
  return run.parameters.segment(run.parameters.values, index);
}

std::optional<at::Tensor> buffer(int index, const Activations& run) {
  if (index < 0) return std::nullopt;
  return run.buffers.segment(run.buffers.values, index);
}

const float* parameter_values(int index, const Activations& run) {
  return index < 0 ? nullptr : parameter(index, run)->const_data_ptr<float>();
}

// Sums numbers over all processes.
void sum_over_processes(std::vector<double>& numbers, const Activations& run) {
  const Stopwatch::Scope scope(Family::Communication);
  run.phase.synchronised->communicator->sum(
      at::from_blob(numbers.data(), {static_cast<int64_t>(numbers.size())}, at::kDouble));
}

// Replaces the statistics of this process's rows by those of all processes' rows.
void synchronise(ChannelStatistics& statistics, int input, Activations& run) {
  const size_t channels = statistics.mean.size();
  const double rows = static_cast<double>(run.rows(input)), all = static_cast<double>(run.norm_rows(input));
  std::vector<double> sums(2 * channels);
  for (size_t c = 0; c < channels; c++) {
    const double mean = statistics.mean[c];
    sums[c] = rows * mean;
    sums[channels + c] = rows * (statistics.variance[c] + mean * mean);
  }
  sum_over_processes(sums, run);
  for (size_t c = 0; c < channels; c++) {
    const double mean = sums[c] / all;
    // In this order: a NaN stays one.
    statistics.set(c, mean, std::max(sums[channels + c] / all - mean * mean, 0.0));
  }
  run.is_synchronised[input] = 1;
}

// Statistics of a batch norm's input. The convolution that computed the input may have stored them already.
template <class T>
const ChannelStatistics& batch_statistics(int input, Activations& run) {
  ChannelStatistics& statistics = run.statistics[input];
  if (statistics.mean.empty()) {
    const Stopwatch::Scope scope(Family::Norm);
    statistics = channel_statistics(values_of<T>(run.values[input]), run.rows(input), run.plan.shapes[input].channels);
  }
  if (run.phase.synchronised && !run.is_synchronised[input]) synchronise(statistics, input, run);
  return statistics;
}

// Updates running statistics as PyTorch does: the variance is an unbiased estimate.
void move_running(const Term& term, const ChannelStatistics& batch, Activations& run) {
  const double share = *run.phase.momentum, rows = static_cast<double>(run.norm_rows(term.input));
  float* mean = buffer(term.running_mean, run)->mutable_data_ptr<float>();
  float* variance = buffer(term.running_variance, run)->mutable_data_ptr<float>();
  for (size_t c = 0; c < batch.mean.size(); c++) {
    mean[c] = static_cast<float>((1 - share) * mean[c] + share * batch.mean[c]);
    variance[c] = static_cast<float>((1 - share) * variance[c] + share * batch.variance[c] * (rows / (rows - 1)));
  }
}

ChannelStatistics running_statistics(const Term& term, const Activations& run) {
  const at::Tensor mean = *buffer(term.running_mean, run), variance = *buffer(term.running_variance, run);
  const int64_t channels = mean.numel();
  ChannelStatistics statistics(channels);
  for (int64_t c = 0; c < channels; c++) {
    statistics.set(c, mean.const_data_ptr<float>()[c], variance.const_data_ptr<float>()[c]);
  }
  return statistics;
}

// dL/dx of a batch norm: w * s * (g - mean(g) - (x - m) * s^2 * mean(g * (x - m))). This is an affine map of g and x.
// w: weight of the batch norm, or 1 (null).
ChannelAffine input_gradient(const ChannelStatistics& statistics, const float* weight,
                             const std::vector<double>& gradient_sum, const std::vector<double>& centred_sum,
                             int64_t rows) {
  ChannelAffine affine;
  for (size_t c = 0; c < gradient_sum.size(); c++) {
    const double gain = weight == nullptr ? 1 : weight[c], s = statistics.inverse_deviation[c];
    const double slope = gain * s * s * s * centred_sum[c] / rows;
    affine.scale_gradient.push_back(static_cast<float>(gain * s));
    affine.scale_input.push_back(static_cast<float>(-slope));
    affine.shift.push_back(static_cast<float>(slope * statistics.mean[c] - gain * s * gradient_sum[c] / rows));
  }
  return affine;
}

// The sums of norms over the rows of all processes. Gradients of weights keep this process's sums, which are summed
// later.
std::vector<GradientSums> sums_over_processes(std::vector<GradientSums> norms, const Activations& run) {
  std::vector<double> numbers;
  for (GradientSums& sums : norms) {
    for (std::vector<double>* list : {&sums.gradient, &sums.centred}) {
      numbers.insert(numbers.end(), list->begin(), list->end());
    }
  }
  sum_over_processes(numbers, run);
  auto next = numbers.begin();
  for (GradientSums& sums : norms) {
    for (std::vector<double>* list : {&sums.gradient, &sums.centred}) {
      for (double& sum : *list) sum = *next++;
    }
  }
  return norms;
}

void add_affine_gradients(const Term& term, const std::vector<double>& gradient_sum,
                          const std::vector<double>& centred_sum, Activations& run) {
  const std::vector<float>& s = run.statistics[term.input].inverse_deviation;
  const Parameters& parameters = run.parameters;
  float* weight = parameters.segment(parameters.gradients, term.weight).mutable_data_ptr<float>();
  float* bias = parameters.segment(parameters.gradients, term.bias).mutable_data_ptr<float>();
  for (size_t c = 0; c < gradient_sum.size(); c++) {
    weight[c] += static_cast<float>(s[c] * centred_sum[c]);
    bias[c] += static_cast<float>(gradient_sum[c]);
  }
}

// A number per channel, shaped to meet an activation.
at::Tensor per_channel(const at::Tensor& values) { return values.view({1, -1, 1, 1}); }

// Sums of an activation's channels over the rows of all processes, float64 on the CPU: those of each tensor.
std::vector<at::Tensor> channel_sums(const std::vector<at::Tensor>& tensors, const Activations& run) {
  std::vector<at::Tensor> sums;
  for (const at::Tensor& tensor : tensors) sums.push_back(tensor.sum({0, 2, 3}, false, at::kDouble).cpu());
  const at::Tensor all = at::stack(sums);
  const Stopwatch::Scope scope(Family::Communication);
  run.phase.synchronised->communicator->sum(all);
  return all.unbind(0);
}

// A synchronised batch norm by ATen, from PyTorch's formulas.
at::Tensor synchronised_norm_forward(const Term& term, Activations& run) {
  const at::Tensor x = run.values[term.input].to(at::kFloat);
  const int64_t rows = run.norm_rows(term.input);
  const std::vector<at::Tensor> sums = channel_sums({x, x.to(at::kDouble).square()}, run);
  const at::Tensor mean = sums[0].div(rows), variance = sums[1].div(rows).sub(mean.square()).clamp_min_(0);
  if (moves_running(term, run)) {
    const double share = *run.phase.momentum;
    const auto move = [&](int index, const at::Tensor& towards) {
      at::Tensor running = *buffer(index, run);
      running.mul_(1 - share).add_(towards.to(running.device(), at::kFloat), share);
    };
    move(term.running_mean, mean);
    move(term.running_variance, variance.mul(static_cast<double>(rows) / static_cast<double>(rows - 1)));
  }
  const auto on_device = [&](const at::Tensor& values) { return values.to(x.device(), at::kFloat); };
  const at::Tensor inverse = on_device(variance.add(kEpsilon).rsqrt());
  run.device_statistics[term.input] = {on_device(mean), inverse};
  at::Tensor y = x.sub(per_channel(on_device(mean))).mul_(per_channel(inverse));
  if (term.has_affine()) {
    y.mul_(per_channel(*parameter(term.weight, run))).add_(per_channel(*parameter(term.bias, run)));
  }
  return y.to(run.values[term.input].scalar_type());
}

void synchronised_norm_backward(const Term& term, const at::Tensor& gradient, Activations& run) {
  const auto& statistics = run.device_statistics[term.input];
  const at::Tensor g = gradient.to(at::kFloat);
  const at::Tensor normalised = run.values[term.input]
                                    .to(at::kFloat)
                                    .sub(per_channel(statistics.mean))
                                    .mul_(per_channel(statistics.inverse_deviation));
  const at::Tensor product = g.mul(normalised);
  if (term.has_affine()) {
    const Parameters& parameters = run.parameters;
    parameters.segment(parameters.gradients, term.weight).add_(product.sum({0, 2, 3}));
    parameters.segment(parameters.gradients, term.bias).add_(g.sum({0, 2, 3}));
  }
  const std::vector<at::Tensor> sums = channel_sums({g, product}, run);
  if (!run.wants_gradient(term.input)) return;
  const double rows = static_cast<double>(run.norm_rows(term.input));
  const auto mean = [&](const at::Tensor& sum) { return per_channel(sum.div(rows).to(g.device(), at::kFloat)); };
  at::Tensor x_gradient = g.sub(mean(sums[0])).sub_(normalised.mul(mean(sums[1])));
  x_gradient.mul_(per_channel(statistics.inverse_deviation));
  if (term.has_affine()) x_gradient.mul_(per_channel(*parameter(term.weight, run)));
  run.add_gradient(term.input, x_gradient.to(gradient.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast));
}

}  // namespace

at::Tensor aten_norm_forward(const Term& term, Activations& run) {
  const bool by_batch = normalises_by_batch(term, run);
  if (by_batch && run.phase.synchronised) return synchronised_norm_forward(term, run);
  // Statistics that stay are not given: 0 times a batch's NaN would change them.
  const bool running = !by_batch || moves_running(term, run);
  auto [y, mean, inverse_deviation] = at::native_batch_norm(
      run.values[term.input], parameter(term.weight, run), parameter(term.bias, run),
      running ? buffer(term.running_mean, run) : std::nullopt,
      running ? buffer(term.running_variance, run) : std::nullopt, by_batch, run.phase.momentum.value_or(0), kEpsilon);
  if (by_batch) run.device_statistics[term.input] = {mean, inverse_deviation};
  return y;
}

void aten_norm_backward(const Term& term, const at::Tensor& gradient, Activations& run) {
  const bool with_input = run.wants_gradient(term.input), with_affine = term.has_affine();
  if (!with_input && !with_affine) return;
  const auto& statistics = run.device_statistics[term.input];
  if (run.phase.synchronised) return synchronised_norm_backward(term, gradient, run);
  auto [x_gradient, weight_gradient, bias_gradient] = at::native_batch_norm_backward(
      gradient, run.values[term.input], parameter(term.weight, run), {}, {}, statistics.mean,
      statistics.inverse_deviation, true, kEpsilon, {with_input, with_affine, with_affine});
  if (with_affine) {
    const Parameters& parameters = run.parameters;
    parameters.segment(parameters.gradients, term.weight).add_(weight_gradient);
    parameters.segment(parameters.gradients, term.bias).add_(bias_gradient);
  }
  if (with_input) run.add_gradient(term.input, x_gradient);
}

template <class T>
NormMap norm_forward(const Term& term, Activations& run) {
  const bool by_batch = normalises_by_batch(term, run);
  const ChannelStatistics running = by_batch ? ChannelStatistics() : running_statistics(term, run);
  const ChannelStatistics& statistics = by_batch ? batch_statistics<T>(term.input, run) : running;
  if (moves_running(term, run)) move_running(term, statistics, run);
  NormMap map{statistics.inverse_deviation, {}};
  const float *weight = parameter_values(term.weight, run), *bias = parameter_values(term.bias, run);
  for (size_t c = 0; c < map.scale.size(); c++) {
    if (weight != nullptr) map.scale[c] *= weight[c];
    const float shift = -statistics.mean[c] * map.scale[c];
    map.shift.push_back(bias == nullptr ? shift : shift + bias[c]);
  }
  return map;
}

template <class T>
void norms_backward(const Step& step, const at::Tensor& gradient, Activations& run) {
  std::vector<const Term*> norms;
  std::vector<NormalisedInput<T>> inputs;
  for (const Term& term : step.terms) {
    if (term.kind != Term::Kind::BatchNorm || !(run.wants_gradient(term.input) || term.has_affine())) continue;
    norms.push_back(&term);
    inputs.push_back({values_of<T>(run.values[term.input]), run.statistics[term.input].mean.data()});
    if (term.drop >= 0 && run.kept[term.drop].defined()) {
      inputs.back().factors = run.kept[term.drop].const_data_ptr<float>();
    }
  }
  if (norms.empty()) return;
  const Stopwatch::Scope scope(Family::Norm);
  const int64_t rows = run.rows(step.output), channels = run.plan.shapes[step.output].channels;
  const T* g = values_of<T>(gradient);
  GradientSums& deferred = run.deferred[step.output].sums;
  const std::vector<GradientSums> own = deferred.gradient.empty() ? gradient_sums(g, inputs, run.batch, rows, channels)
                                                                  : std::vector<GradientSums>{std::move(deferred)};
  const std::optional<std::vector<GradientSums>> synchronised =
      run.phase.synchronised ? std::optional(sums_over_processes(own, run)) : std::nullopt;
  const int64_t all_rows = run.norm_rows(step.output);
  for (size_t t = 0; t < norms.size(); t++) {
    const Term& norm = *norms[t];
    const int input = norm.input;
    const GradientSums &sums = own[t], &all = synchronised ? (*synchronised)[t] : sums;
    if (norm.has_affine()) add_affine_gradients(norm, sums.gradient, sums.centred, run);
    if (!run.wants_gradient(input)) continue;
    const float* factors = inputs[t].factors;
    const ChannelAffine affine =
        input_gradient(run.statistics[input], parameter_values(norm.weight, run), all.gradient, all.centred, all_rows);
    if (norm.conv >= 0 && conv_backward_through_norm(run.plan.steps[norm.conv], gradient, affine, factors, run)) {
      continue;
    }
    at::Tensor& held = run.gradients[input];
    const bool accumulate = held.defined();
    if (!accumulate) held = norm.overwrites_input ? run.values[input] : run.empty(input);
    apply_affine(g, inputs[t].x, affine, factors, mutable_values_of<T>(held), accumulate, run.batch, rows, channels);
  }
}

#define PADA_INSTANTIATE(T)                                    \
  template NormMap norm_forward<T>(const Term&, Activations&); \
  template void norms_backward<T>(const Step&, const at::Tensor&, Activations&);
PADA_INSTANTIATE(float)
PADA_INSTANTIATE(BFloat16)
#undef PADA_INSTANTIATE

}  // namespace pada
