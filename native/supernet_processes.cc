// What the processes of a training tell each other in a step: the sums of gradients, and the record of the whole batch.
#include <algorithm>
#include <unordered_set>

#include "distributed/gradient_sum.h"
#include "runtime/stopwatch.h"
#include "supernet.h"

namespace pada {

void Supernet::combine(AccumulateRecord& record, const Plan& plan, const Minibatch& batch, bool aligned) {
  Stopwatch::Scope time(Family::Communication);
  const Share share = batch.share();
  std::vector<double> numbers{record.loss,
                              record.total_loss,
                              static_cast<double>(record.correct),
                              static_cast<double>(record.correct5),
                              aligned ? *record.alignment * batch.share_of_loss() : 0,
                              communicator_->stop_requested() ? 1.0 : 0.0};
  numbers.insert(numbers.end(), record.mixing_gradients.begin(), record.mixing_gradients.end());
  const size_t first_importance = numbers.size();
  numbers.resize(first_importance + share.whole);
  std::ranges::copy(record.importance, numbers.begin() + static_cast<ptrdiff_t>(first_importance) + share.first);
  // Synchronised norms have the same statistics in all processes.
  const size_t first_statistic = numbers.size();
  if (!synchronise_norms_) {
    for (int index : plan.buffers) {
      const at::Tensor values = buffers_.segment(buffers_.values, index).to(at::kDouble).cpu();
      numbers.insert(numbers.end(), values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel());
    }
  }
  const at::Tensor sums = at::from_blob(numbers.data(), {static_cast<int64_t>(numbers.size())}, at::kDouble);
  communicator_->sum(sums);

  record.loss = numbers[0];
  record.total_loss = numbers[1];
  record.correct = static_cast<int64_t>(numbers[2]);
  record.correct5 = static_cast<int64_t>(numbers[3]);
  if (aligned) record.alignment = numbers[4];
  record.stop = numbers[5] > 0;
  for (size_t i = 0; i < record.mixing_gradients.size(); i++) {
    record.mixing_gradients[i] = static_cast<float>(numbers[6 + i]);
  }
  const auto importance = numbers.begin() + static_cast<ptrdiff_t>(first_importance);
  record.importance.assign(importance, importance + share.whole);
  int64_t at = static_cast<int64_t>(first_statistic);
  if (synchronise_norms_) return;
  for (int index : plan.buffers) {
    const at::Tensor values = buffers_.segment(buffers_.values, index);
    values.copy_(sums.narrow(0, at, values.numel()).div(communicator_->size()));
    at += values.numel();
  }
}

void Supernet::keep_sums_once() {
  for (int index : summed_) {
    if (communicator_->rank() != 0) parameters_.segment(parameters_.gradients, index).zero_();
    unsummed_.push_back(index);
  }
  summed_.clear();
}

void Supernet::sum_gradients() {
  if (unsummed_.empty()) return;
  Stopwatch::Scope time(Family::Communication);
  GradientSum sum(*communicator_, parameters_);
  std::unordered_set<int> added;
  for (int index : unsummed_) {
    if (!added.insert(index).second) continue;
    sum.add(index);
    summed_.push_back(index);
  }
  unsummed_.clear();
  sum.finish();
}

AccumulateRecord Supernet::accumulate_to_finish(const Plan& plan, Minibatch& batch, std::optional<double> alignment) {
  // Gradients of earlier passes are not yet summed: all are summed when the passes are done.
  if (!communicator_ || !parameters_.pending().empty()) return accumulate(plan, batch, alignment);
  check_batch(plan, batch);
  GradientSum sum(*communicator_, parameters_);
  AccumulateRecord record = accumulate_share(plan, batch, alignment, [&](int parameter) {
    Stopwatch::Scope time(Family::Communication);
    sum.add(parameter);
  });
  combine(record, plan, batch, alignment.has_value());
  Stopwatch::Scope time(Family::Communication);
  sum.finish();
  return record;
}

}  // namespace pada
