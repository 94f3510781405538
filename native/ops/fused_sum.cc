#include "ops/fused_sum.h"

#include <algorithm>

#include "cuda/sums.h"
#include "ops/batch_norm.h"
#include "ops/dense.h"
#include "runtime/stopwatch.h"

namespace pada {
namespace {

using cuda::RowSpace;

bool covers(const Step& step, const Activations& run) {
  if (run.fused == nullptr || run.phase.synchronised) return false;
  return step.terms.size() <= cuda::kMostTerms &&
         std::ranges::all_of(step.terms, [&](const Term& term) { return term.drop < 0 && rows_fit(term.input, run); });
}

float* segment(const NamedTensors& names, const at::Tensor& flat, int index) {
  return index < 0 ? nullptr : flat.mutable_data_ptr<float>() + names.offset(index);
}

// Calls body(terms) with at most kMostNorms norms at a time.
template <class Body>
void in_groups(const std::vector<const Term*>& norms, const Body& body) {
  for (size_t first = 0; first < norms.size(); first += cuda::kMostNorms) {
    const size_t last = std::min(norms.size(), first + cuda::kMostNorms);
    body(std::vector<const Term*>(norms.begin() + static_cast<ptrdiff_t>(first),
                                  norms.begin() + static_cast<ptrdiff_t>(last)));
  }
}

at::Tensor empty_floats(at::IntArrayRef shape, const Activations& run) {
  return at::empty(shape, at::TensorOptions().dtype(at::kFloat).device(run.parameters.device()));
}

// Statistics of the inputs of norms, which also move the running statistics.
void batch_statistics(const std::vector<const Term*>& norms, const RowSpace& space, Activations& run) {
  const Stopwatch::Scope scope(Family::Norm);
  cuda::StatisticsArguments arguments{};
  arguments.epsilon = kEpsilon;
  arguments.share = run.phase.momentum.value_or(0);
  for (const Term* term : norms) {
    auto& kept = run.device_statistics[term->input];
    // Several norms of one value have the same statistics, in the same memory.
    if (!kept.mean.defined()) {
      const at::Tensor statistics = empty_floats({2, space.channels}, run);
      kept = {statistics.select(0, 0), statistics.select(0, 1)};
    }
    cuda::NormInput& norm = arguments.norms[arguments.count++];
    norm.x = memory_of(run.values[term->input]);
    norm.mean = kept.mean.mutable_data_ptr<float>();
    norm.inverse_deviation = kept.inverse_deviation.mutable_data_ptr<float>();
    if (!moves_running(*term, run)) continue;
    norm.running_mean = segment(run.buffers, run.buffers.values, term->running_mean);
    norm.running_variance = segment(run.buffers, run.buffers.values, term->running_variance);
  }
  cuda::norm_statistics(*run.fused, space, arguments);
}

cuda::SumTerm sum_term(const Term& term, const Activations& run) {
  cuda::SumTerm result{};
  result.x = memory_of(run.values[term.input]);
  switch (term.kind) {
    case Term::Kind::Copy:
      result.kind = cuda::kCopy;
      return result;
    case Term::Kind::AvgPool:
      result.kind = cuda::kPool;
      result.window = window_on(term.input, term.window, run);
      return result;
    case Term::Kind::BatchNorm:
      break;
  }
  result.kind = cuda::kNorm;
  result.weight = segment(run.parameters, run.parameters.values, term.weight);
  result.bias = segment(run.parameters, run.parameters.values, term.bias);
  if (normalises_by_batch(term, run)) {
    result.mean = run.device_statistics[term.input].mean.const_data_ptr<float>();
    result.deviation = run.device_statistics[term.input].inverse_deviation.const_data_ptr<float>();
  } else {
    result.mean = segment(run.buffers, run.buffers.values, term.running_mean);
    result.deviation = segment(run.buffers, run.buffers.values, term.running_variance);
    result.is_variance = 1;
  }
  return result;
}

// The gradient of the sum through its ReLU. Also adds the gradients of the norms' weights and biases. Returns of each
// norm the coefficients of its input's gradient.
at::Tensor gradient_through(const std::vector<const Term*>& norms, const Step& step, at::Tensor& gradient,
                            Activations& run) {
  const Stopwatch::Scope scope(Family::Norm);
  const RowSpace space = row_space(step.output, run);
  const int64_t count = static_cast<int64_t>(norms.size());
  const at::Tensor coefficients = empty_floats({count, 3, space.channels}, run);
  float* next = coefficients.mutable_data_ptr<float>();
  cuda::GradientArguments arguments{};
  arguments.gradient = memory_of(gradient);
  at::Tensor after;
  if (step.relu >= 0 && run.gradients[step.relu].defined()) {
    after = dense(std::move(run.gradients[step.relu]), run);
    run.values[step.relu] = dense(run.values[step.relu], run);
    arguments.after = memory_of(after);
    arguments.relu = memory_of(run.values[step.relu]);
    arguments.ceiling = step.ceiling;
    // The step owns both gradients, and writes the sum to the memory of one.
    if (!gradient.defined()) gradient = after;
    arguments.total = gradient.mutable_data_ptr();
  }
  const auto launch = [&](const std::vector<const Term*>& group) {
    for (const Term* term : group) {
      const auto& statistics = run.device_statistics[term->input];
      const Parameters& p = run.parameters;
      arguments.norms[arguments.count++] = {memory_of(run.values[term->input]),
                                            statistics.mean.const_data_ptr<float>(),
                                            statistics.inverse_deviation.const_data_ptr<float>(),
                                            segment(p, p.values, term->weight),
                                            segment(p, p.gradients, term->weight),
                                            segment(p, p.gradients, term->bias),
                                            next};
      next += 3 * space.channels;
    }
    cuda::sum_gradients(*run.fused, space, arguments);
    arguments = {};
    arguments.gradient = memory_of(gradient);
  };
  if (norms.empty() && after.defined()) launch({});
  in_groups(norms, launch);
  return coefficients;
}

void pool_backward(const Term& term, const Step& step, const at::Tensor& gradient, Activations& run) {
  const Stopwatch::Scope scope(Family::Pool);
  cuda::PoolGradientArguments arguments{};
  arguments.gradient = memory_of(gradient);
  arguments.out = gradient_memory(term.input, arguments.accumulate, run);
  arguments.window = window_on(term.input, term.window, run);
  arguments.height = static_cast<int>(run.plan.shapes[step.output].height);
  arguments.width = static_cast<int>(run.plan.shapes[step.output].width);
  cuda::pool_gradient(*run.fused, row_space(term.input, run), arguments);
}

// The gradient that a term of the sum writes or adds to. `instead`: memory to write a first gradient to, if defined.
cuda::TermGradient term_gradient(int input, at::Tensor instead, Activations& run) {
  at::Tensor& held = run.gradients[input];
  cuda::TermGradient result{};
  result.accumulate = held.defined();
  if (held.defined())
    held = dense(held, run);
  else
    held = instead.defined() ? std::move(instead) : run.empty(input);
  result.out = held.mutable_data_ptr();
  return result;
}

}  // namespace

bool fused_sum_forward(const Step& step, Activations& run) {
  if (!covers(step, run)) return false;
  std::vector<const Term*> by_batch;
  for (const Term& term : step.terms) {
    run.values[term.input] = dense(run.values[term.input], run);
    if (term.kind != Term::Kind::BatchNorm) continue;
    if (normalises_by_batch(term, run)) by_batch.push_back(&term);
  }
  const RowSpace space = row_space(step.output, run);
  in_groups(by_batch, [&](const std::vector<const Term*>& group) { batch_statistics(group, space, run); });
  cuda::SumArguments arguments{};
  for (const Term& term : step.terms) arguments.terms[arguments.count++] = sum_term(term, run);
  arguments.height = static_cast<int>(run.plan.shapes[step.output].height);
  arguments.width = static_cast<int>(run.plan.shapes[step.output].width);
  arguments.ceiling = step.ceiling;
  arguments.epsilon = static_cast<float>(kEpsilon);
  at::Tensor sum, relu;
  if (step.keeps_sum) {
    sum = run.empty(step.output);
    arguments.sum = sum.mutable_data_ptr();
  }
  if (step.relu >= 0) {
    relu = run.empty(step.relu);
    arguments.relu = relu.mutable_data_ptr();
  }
  cuda::sum_terms(*run.fused, space, arguments);
  if (step.relu >= 0) run.values[step.relu] = std::move(relu);
  run.values[step.output] = std::move(sum);
  return true;
}

bool fused_sum_backward(const Step& step, Activations& run) {
  if (!covers(step, run)) return false;
  at::Tensor gradient = std::move(run.gradients[step.output]);
  if (gradient.defined()) gradient = dense(gradient, run);
  if (!gradient.defined() && (step.relu < 0 || !run.gradients[step.relu].defined())) return true;
  std::vector<const Term*> norms;
  for (const Term& term : step.terms) {
    if (term.kind == Term::Kind::BatchNorm && (run.wants_gradient(term.input) || term.has_affine())) {
      norms.push_back(&term);
    }
  }
  const at::Tensor coefficients = gradient_through(norms, step, gradient, run);
  const auto is_wanted = [&](const Term& term, Term::Kind kind) {
    return term.kind == kind && run.wants_gradient(term.input);
  };
  for (const Term& term : step.terms) {
    if (is_wanted(term, Term::Kind::AvgPool)) pool_backward(term, step, gradient, run);
  }
  cuda::TermGradientArguments arguments{};
  arguments.gradient = memory_of(gradient);
  for (size_t i = 0; i < norms.size(); i++) {
    const Term& term = *norms[i];
    if (!run.wants_gradient(term.input)) continue;
    const at::Tensor& x = run.values[term.input];
    cuda::TermGradient norm = term_gradient(term.input, term.overwrites_input ? x : at::Tensor(), run);
    norm.x = memory_of(x);
    norm.mean = run.device_statistics[term.input].mean.const_data_ptr<float>();
    norm.coefficients = coefficients.const_data_ptr<float>() + coefficients.stride(0) * static_cast<int64_t>(i);
    arguments.terms[arguments.count++] = norm;
  }
  const Term* last_copy = nullptr;
  for (const Term& term : step.terms) {
    if (is_wanted(term, Term::Kind::Copy)) last_copy = &term;
  }
  // Copies come last: the last one may take the gradient's memory over.
  bool takes_over = false;
  for (const Term& term : step.terms) {
    if (!is_wanted(term, Term::Kind::Copy)) continue;
    takes_over = &term == last_copy && !run.gradients[term.input].defined();
    if (!takes_over) arguments.terms[arguments.count++] = term_gradient(term.input, {}, run);
  }
  if (arguments.count > 0) cuda::term_gradients(*run.fused, row_space(step.output, run), arguments);
  if (takes_over) run.gradients[last_copy->input] = std::move(gradient);
  return true;
}

}  // namespace pada
