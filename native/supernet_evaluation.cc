// What a supernet computes without training: losses, logits, and running statistics.
#include <algorithm>

#include "cuda/kernels.h"
#include "execution/repeated.h"
#include "runtime/errors.h"
#include "supernet.h"

namespace pada {
namespace {

// The numbers of correct samples and the mean loss. `loss`: of all samples of the record.
void read(const Loss& loss, EvaluateRecord& record) {
  Readings readings;
  readings.add(loss.total, [&](const double* total) { record.loss = *total / static_cast<double>(record.count); });
  readings.add(loss.correct, [&](const double* correct) { record.correct = static_cast<int64_t>(*correct); });
  readings.add(loss.correct5, [&](const double* correct) { record.correct5 = static_cast<int64_t>(*correct); });
  readings.read();
}

// Calls work(i, first, size) for each batch i: images first … first + size - 1. There are as few batches of at most
// `largest` images as can be, and they differ by one image at most: a small last batch would have poor statistics.
template <typename Work>
void for_even_batches(int64_t count, int64_t largest, Work work) {
  const int64_t batches = (count + largest - 1) / largest;
  int64_t first = 0;
  for (int64_t i = 0; i < batches; i++) {
    const int64_t size = count / batches + (i < count % batches);
    work(i, first, size);
    first += size;
  }
}

}  // namespace

void Supernet::check_labels(const ImageSource& source, const Plan& plan) {
  const int64_t classes = plan.shapes[plan.logits()].channels;
  if (source.largest_label() >= classes) {
    expected("labels below the number of classes, " + std::to_string(classes), "the data set",
             std::to_string(source.largest_label()));
  }
}

EvaluateRecord Supernet::observe(const Plan& plan, Minibatch& batch) {
  check_labels(batch.source(), plan);
  batch.check_whole("observe");
  const int64_t size = batch.size();
  // Frees the old observation first, so that there are never two in memory.
  observed_.reset();
  Observation observation;
  // Momentum 0: normalise by the batch, leave running statistics unchanged.
  Phase phase = training_phase(batch);
  phase.backward = false;
  phase.momentum = 0;
  phase.mixing.clear();
  Execution run = execution(plan, size, phase, {.keep = &observation});
  const at::Tensor logits = run.forward(batch.images()).front();
  observed_ = std::move(observation);
  Stopwatch::Scope time(Family::Loss);
  const Loss loss = cross_entropy(logits, batch.targets(), false, parameters_.kernels(cuda::Group::Loss));
  EvaluateRecord record{.count = size};
  read(loss, record);
  if (!communicator_) return record;
  const at::Tensor sums = at::empty({3}, at::TensorOptions().dtype(at::kDouble));
  double* values = sums.mutable_data_ptr<double>();
  values[0] = static_cast<double>(record.correct);
  values[1] = static_cast<double>(record.correct5);
  values[2] = record.loss;
  communicator_->sum(sums);
  return {batch.share().whole, static_cast<int64_t>(values[0]), static_cast<int64_t>(values[1]), values[2]};
}

EvaluateRecord Supernet::evaluate(const Plan& training, ImageSource& source, int64_t batch_size, int64_t count,
                                  int64_t part, int64_t parts) {
  const Plan& plan = training.for_evaluation();
  EvaluateRecord record;
  const int64_t images = std::min(count, source.count()), batches = (images + batch_size - 1) / batch_size;
  check_labels(source, plan);
  const at::Device device = parameters_.device();
  const at::Tensor sums = at::zeros({3}, at::TensorOptions().dtype(at::kDouble).device(device));
  const Loss all{.total = sums[0], .correct = sums[1], .correct5 = sums[2]};
  const Activations::PackedWeights packed = execution(plan, batch_size, {}).pack();
  Repeated work(sums, [&](const at::Tensor& batch, const at::Tensor& labels) {
    Execution run = execution(plan, batch.size(0), {});
    run.take(packed);
    const at::Tensor logits = run.forward(batch).front();
    const Stopwatch::Scope time(Family::Loss);
    const Loss loss = cross_entropy(logits, {.labels = labels}, false, parameters_.kernels(cuda::Group::Loss));
    all.total.add_(loss.total);
    all.correct.add_(loss.correct);
    all.correct5.add_(loss.correct5);
  });
  const int64_t begin = batches * part / parts, end = batches * (part + 1) / parts;
  const int64_t last = batches == 0 ? 0 : end * (images / batches) + std::min(end, images % batches);
  for_even_batches(images, batch_size, [&](int64_t batch, int64_t first, int64_t size) {
    if (batch < begin || batch >= end) return;
    record.count += size;
    const int64_t larger = images % batches, same = batch < larger ? std::min(end, larger) : end;
    const at::Tensor labels = source.labels(consecutive(first, size));
    work.run(source.in_order(first, size, last), labels, same - batch - 1);
  });
  if (record.count > 0) read(all, record);
  return record;
}

void Supernet::recalibrate(const Plan& training, const ImageSource& source, const Batch& images, int64_t batch_size) {
  const Plan& plan = training.for_evaluation();
  const int64_t count = static_cast<int64_t>(images.indices.size());
  if (count == 0) expected("at least one image", "recalibrate", "none");
  ImageSource::check_positions(images.indices, images.augmentation);
  if (plan.buffers.empty()) return;
  const at::Tensor before = buffers_.values.clone();
  // Old statistics that are not finite would spoil the new ones.
  for (int buffer : plan.buffers) buffers_.reset(buffer);
  try {
    for_even_batches(count, batch_size, [&](int64_t i, int64_t first, int64_t size) {
      const auto part = [&](const std::vector<int32_t>& all) {
        return std::vector<int32_t>(all.begin() + first, all.begin() + first + size);
      };
      AugmentationList augmentation = images.augmentation;
      // Each batch draws differently.
      augmentation.seed += static_cast<uint64_t>(i);
      if (!augmentation.positions.empty()) augmentation.positions = part(augmentation.positions);
      Phase phase;
      // The batch's share of the images so far: images count equally, and the first batch replaces the old statistics.
      phase.momentum = static_cast<double>(size) / static_cast<double>(first + size);
      execution(plan, size, phase).forward(source.gather(part(images.indices), augmentation));
    });
  } catch (...) {
    buffers_.values.copy_(before);
    throw;
  }
}

std::vector<float> Supernet::logits(const Plan& plan, const ImageSource& source, const std::vector<int32_t>& indices) {
  const int64_t size = static_cast<int64_t>(indices.size());
  Execution run = execution(plan.for_evaluation(), size, {});
  const at::Tensor result = run.forward(source.gather(indices, {})).front().reshape({size, -1}).cpu();
  const float* values = result.const_data_ptr<float>();
  return {values, values + result.numel()};
}

}  // namespace pada
