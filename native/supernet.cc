#include "supernet.h"

#include <algorithm>
#include <cmath>

#include "cuda/kernels.h"
#include "optim/kernel_sweeps.h"
#include "optim/moments.h"
#include "runtime/errors.h"
#include "runtime/torch_cuda.h"
#include "state/trial.h"

namespace pada {
namespace {

// Momentum of running statistics in training; PyTorch's default.
constexpr double kMomentum = 0.1;

std::string content_key(const std::vector<int32_t>& code, const std::vector<std::string>& names,
                        const std::vector<std::string>& idle) {
  std::string key(reinterpret_cast<const char*>(code.data()), code.size() * sizeof(int32_t));
  for (const auto* list : {&names, &idle}) {
    key += '\n';
    for (const std::string& name : *list) (key += name) += '\0';
  }
  return key;
}

// The losses of all outputs of a plan, with gradients by the outputs' weights.
std::vector<Loss> losses_of(const Plan& plan, const std::vector<at::Tensor>& logits, Minibatch& batch,
                            const cuda::Kernels* kernels) {
  Stopwatch::Scope time(Family::Loss);
  std::vector<Loss> losses;
  for (size_t i = 0; i < plan.outputs.size(); i++) {
    Loss& loss = losses.emplace_back(cross_entropy(logits[i], batch.targets(), true, kernels));
    if (plan.outputs[i].weight != 1) loss.gradient.mul_(plan.outputs[i].weight);
  }
  return losses;
}

// Adds the record of a part to the record of its batch. The losses of parts are weighted by their numbers of images.
void add_part(AccumulateRecord& batch, const AccumulateRecord& part) {
  batch.loss += part.loss;
  batch.total_loss += part.total_loss;
  batch.correct += part.correct;
  batch.correct5 += part.correct5;
  batch.importance.insert(batch.importance.end(), part.importance.begin(), part.importance.end());
  batch.mixing_gradients.resize(part.mixing_gradients.size());
  for (size_t i = 0; i < part.mixing_gradients.size(); i++) batch.mixing_gradients[i] += part.mixing_gradients[i];
}

}  // namespace

std::shared_ptr<const Plan> Supernet::compile(const std::vector<int32_t>& code, const std::vector<std::string>& names,
                                              const std::vector<std::string>& idle) {
  std::lock_guard lock(cache_lock_);
  constexpr size_t kSweepAt = 4096;
  if (plans_.size() >= kSweepAt) std::erase_if(plans_, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<const Plan>& cached = plans_[content_key(code, names, idle)];
  if (auto plan = cached.lock()) return plan;
  auto plan = std::make_shared<const Plan>(
      make_plan(decode_program(code.data(), code.size(), names, idle, parameters_, buffers_), {reference_, kernels()}));
  cached = plan;
  return plan;
}

Execution Supernet::execution(const Plan& plan, int64_t batch, const Phase& phase, const Taps& taps) {
  if (parameters_.device().is_cuda()) allow_tensor_float32(precision_ == Precision::TensorFloat32);
  const cuda::Kernels* fused = parameters_.kernels(cuda::Group::Sums);
  return Execution(plan, parameters_, buffers_, batch, phase, {kernels(), precision_, fused}, taps);
}

Phase Supernet::training_phase(const Minibatch& batch) const {
  Phase phase{.backward = true, .momentum = kMomentum, .drop = batch.drop(), .mixing = batch.mixing()};
  if (communicator_ && synchronise_norms_) phase.synchronised = {communicator_.get(), batch.share().whole};
  return phase;
}

void Supernet::check_batch(const Plan& plan, const Minibatch& batch) const {
  check_labels(batch.source(), plan);
  check_raw("a training step");
}

void Supernet::check_raw(const char* what) const {
  if (averages_.in_use()) expected("the raw weights", what, "the averaged ones");
}

AccumulateRecord Supernet::accumulate(const Plan& plan, Minibatch& batch, std::optional<double> alignment) {
  check_batch(plan, batch);
  if (!communicator_) return accumulate_share(plan, batch, alignment, {});
  keep_sums_once();
  AccumulateRecord record = accumulate_share(plan, batch, alignment, {});
  for (const std::vector<int>& parameters : plan.completes) {
    unsummed_.insert(unsummed_.end(), parameters.begin(), parameters.end());
  }
  combine(record, plan, batch, alignment.has_value());
  return record;
}

AccumulateRecord Supernet::accumulate_share(const Plan& plan, Minibatch& batch, std::optional<double> alignment,
                                            const Complete& complete) {
  if (!batch.is_divided()) return accumulate_part(plan, batch, alignment, complete);
  if (alignment) batch.check_whole("alignment");
  if (synchronise_norms_ && communicator_) batch.check_whole("synchronised batch norms");
  AccumulateRecord record;
  std::vector<Minibatch> parts = batch.parts();
  // The last part is the smallest. What it refuses must not come after what other parts have changed.
  execution(plan, parts.back().size(), training_phase(parts.back())).check();
  for (Minibatch& part : parts) {
    add_part(record, accumulate_part(plan, part, std::nullopt, &part == &parts.back() ? complete : Complete()));
  }
  return record;
}

void Supernet::add_readings(const Plan& plan, int64_t size, const Pass& pass, bool aligned, AccumulateRecord& record,
                            Readings& readings) {
  for (size_t i = 0; i < pass.losses.size(); i++) {
    readings.add(pass.losses[i].total,
                 [&record, size, is_first = i == 0, weight = plan.outputs[i].weight](auto* total) {
                   const double mean = *total / static_cast<double>(size);
                   if (is_first) record.loss = mean;
                   record.total_loss += weight * mean;
                 });
  }
  const Loss& loss = pass.losses.front();
  readings.add(loss.correct, [&record](const double* correct) { record.correct = static_cast<int64_t>(*correct); });
  readings.add(loss.correct5, [&record](const double* correct) { record.correct5 = static_cast<int64_t>(*correct); });
  readings.add(loss.importance,
               [&record, size](const double* norms) { record.importance.assign(norms, norms + size); });
  if (aligned) record.alignment = 0;
  if (aligned && pass.taps.compared > 0) {
    readings.add(pass.taps.squares,
                 [&record, count = pass.taps.compared](const double* squares) { record.alignment = *squares / count; });
  }
  record.mixing_gradients.resize(pass.mixing_gradients.size());
  for (size_t i = 0; i < pass.mixing_gradients.size(); i++) {
    if (!pass.mixing_gradients[i].defined()) continue;
    readings.add(pass.mixing_gradients[i],
                 [&record, i](const double* gradient) { record.mixing_gradients[i] = static_cast<float>(*gradient); });
  }
}

AccumulateRecord Supernet::accumulate_part(const Plan& plan, Minibatch& batch, std::optional<double> alignment,
                                           const Complete& complete) {
  const Pass pass = run_pass(plan, batch, alignment, complete);
  // Computing the loss yields the importances, but they count as statistics.
  const Stopwatch::Scope time(Family::Statistics);
  AccumulateRecord record;
  Readings readings;
  add_readings(plan, batch.size(), pass, alignment.has_value(), record, readings);
  readings.read();
  return record;
}

Supernet::Pass Supernet::run_pass(const Plan& plan, Minibatch& batch, std::optional<double> alignment,
                                  const Complete& complete) {
  const at::Tensor& images = batch.images();
  if (alignment && !observed_) expected("a path observed before", "alignment", "none");
  // A share of the batch has that share in the mean over the batch.
  const Taps taps{.towards = alignment ? &*observed_ : nullptr,
                  .weight = alignment.value_or(0) * batch.share_of_loss()};
  const Phase phase = training_phase(batch);
  Execution run = execution(plan, batch.size(), phase, taps);
  std::vector<Loss> losses = losses_of(plan, run.forward(images), batch, parameters_.kernels(cuda::Group::Loss));
  std::vector<at::Tensor> gradients;
  for (const Loss& loss : losses) gradients.push_back(loss.gradient);
  // Before the pass: what an error leaves of gradients can be discarded.
  parameters_.mark_pending(plan.sampled);
  run.backward(gradients, complete);
  return {std::move(losses), run.taps(), run.mixing_gradients()};
}

void Supernet::add_noise(const GradientNoise& noise) {
  sum_gradients();
  Stopwatch::Scope time(Family::Optimizer);
  pada::add_noise(parameters_, noise);
}

void Supernet::record_moments() {
  check_raw("moments");
  sum_gradients();
  Stopwatch::Scope time(Family::Statistics);
  pada::record_moments(parameters_, parameters_.pending());
}

void Supernet::update(const UpdateOptions& options) {
  sum_gradients();
  update(options, {});
}

void Supernet::update(const UpdateOptions& options, const at::Tensor& scale) {
  Stopwatch::Scope time(Family::Optimizer);
  check_raw("an update");
  pada::update(parameters_, averages_, options, scale);
  summed_.clear();
}

ClipRecord Supernet::clip(double max_norm) {
  sum_gradients();
  Stopwatch::Scope time(Family::Optimizer);
  const double total = gradient_norms(parameters_, parameters_.pending()).total;
  const ClipRecord record{total, clip_scale(total, max_norm)};
  scale_gradients(parameters_, parameters_.pending(), record.scale);
  return record;
}

void Supernet::finish(const FinishOptions& options, Finished& finished, Readings& readings) {
  check_raw("an update");
  sum_gradients();
  if (options.noise) add_noise(*options.noise);
  finished.indices = parameters_.pending();
  if (const cuda::Kernels* kernels = parameters_.sweeps(); kernels != nullptr && !finished.indices.empty()) {
    at::Tensor norms;
    {
      Stopwatch::Scope time(Family::Statistics);
      norms = record_and_measure(*kernels, parameters_, finished.indices, options.clip_norm);
    }
    const int64_t count = static_cast<int64_t>(finished.indices.size());
    update(options.update, norms.narrow(0, count + 1, 1));
    readings.add(norms, [&finished, count](const double* numbers) {
      finished.norms = {{numbers, numbers + count}, numbers[count]};
      finished.clip = {numbers[count], numbers[count + 1]};
    });
    return;
  }
  record_moments();
  {
    Stopwatch::Scope time(Family::Statistics);
    finished.norms = gradient_norms(parameters_, finished.indices);
  }
  finished.clip = {finished.norms.total, clip_scale(finished.norms.total, options.clip_norm)};
  {
    Stopwatch::Scope time(Family::Optimizer);
    scale_gradients(parameters_, finished.indices, finished.clip.scale);
  }
  update(options.update);
}

ClipRecord Supernet::finish_step(const FinishOptions& options) {
  Finished finished;
  Readings readings;
  finish(options, finished, readings);
  readings.read();
  return finished.clip;
}

std::unique_ptr<StepUnderWay> Supernet::begin_step(const Plan& plan, Minibatch& batch, const StepOptions& options) {
  auto step = std::make_unique<StepUnderWay>();
  step->sampled_ = plan.sampled;
  if (communicator_ || batch.is_divided()) {
    static_cast<AccumulateRecord&>(step->record_) = accumulate_to_finish(plan, batch, options.alignment);
  } else {
    check_batch(plan, batch);
    const Pass pass = run_pass(plan, batch, options.alignment, {});
    add_readings(plan, batch.size(), pass, options.alignment.has_value(), step->record_, step->readings_);
  }
  finish(options, step->finished_, step->readings_);
  const Stopwatch::Scope time(Family::Statistics);
  step->readings_.begin();
  return step;
}

void StepUnderWay::end() {
  const Stopwatch::Scope time(Family::Statistics);
  readings_.end();
  record_.clip = finished_.clip;
  record_.gradient_norms = finished_.norms.each;
  if (finished_.indices == sampled_) return;
  // Earlier passes left gradients of other parameters, or of these in another order.
  std::unordered_map<int, double> norm_of;
  for (size_t i = 0; i < finished_.indices.size(); i++) norm_of[finished_.indices[i]] = finished_.norms.each[i];
  record_.gradient_norms.clear();
  for (int index : sampled_) record_.gradient_norms.push_back(norm_of[index]);
}

void Supernet::snapshot(const Plan& plan) {
  check_raw("a snapshot");
  Stopwatch::Scope time(Family::Optimizer);
  begin_trial(parameters_, plan.sampled);
}

void Supernet::restore(const Plan& plan, double share, bool reset_optimizer) {
  check_raw("restore");
  Stopwatch::Scope time(Family::Optimizer);
  end_trial(parameters_, plan.sampled, share, reset_optimizer);
}

void Supernet::displacement_to_gradients() {
  // The displacement is the same in all processes.
  sum_gradients();
  Stopwatch::Scope time(Family::Optimizer);
  if (communicator_) {
    const std::vector<int>& displaced = parameters_.trial.displaced;
    summed_.insert(summed_.end(), displaced.begin(), displaced.end());
  }
  pada::displacement_to_gradients(parameters_);
}

}  // namespace pada
