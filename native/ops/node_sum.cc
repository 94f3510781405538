#include "ops/node_sum.h"

#include "ops/conv.h"
#include "ops/pool_rows.h"
#include "ops/sum_rows.h"
#include "stopwatch.h"

namespace pada {
namespace {

Family family_of(const Term& term) {
  switch (term.kind) {
    case Term::Kind::Copy:
      return Family::Sum;
    case Term::Kind::AvgPool:
      return Family::Pool;
    case Term::Kind::BatchNorm:
      break;
  }
  return Family::Norm;
}

at::Tensor aten_term(const Term& term, Activations& run) {
  const Stopwatch::Scope scope(family_of(term));
  const at::Tensor& x = run.values[term.input];
  const Window& w = term.window;
  switch (term.kind) {
    case Term::Kind::Copy:
      return x;
    case Term::Kind::AvgPool:
      return at::avg_pool2d(x, {w.kernel, w.kernel}, {w.stride, w.stride}, {w.padding, w.padding}, false, false);
    case Term::Kind::BatchNorm:
      break;
  }
  auto [y, mean, inverse_deviation] = at::native_batch_norm(x, {}, {}, {}, {}, true, 0.0, kEpsilon);
  run.device_statistics[term.input] = {mean, inverse_deviation};
  return y;
}

void aten_forward(const Step& step, Activations& run) {
  at::Tensor sum;
  bool owned = false;  // a copied summand still belongs to its producer
  for (const Term& term : step.terms) {
    at::Tensor y = aten_term(term, run);
    if (!sum.defined()) {
      sum = y;
      owned = term.kind != Term::Kind::Copy;
    } else if (owned) {
      sum.add_(y);
    } else {
      sum = sum.add(y);
      owned = true;
    }
  }
  if (step.relu >= 0) run.values[step.relu] = at::relu(sum);
  run.values[step.output] = sum;
}

void aten_term_backward(const Term& term, const at::Tensor& gradient, Activations& run) {
  const Stopwatch::Scope scope(family_of(term));
  const at::Tensor& x = run.values[term.input];
  const Window& w = term.window;
  if (term.kind == Term::Kind::AvgPool) {
    run.add_gradient(
        term.input, at::avg_pool2d_backward(gradient, run.empty(term.input), {w.kernel, w.kernel}, {w.stride, w.stride},
                                            {w.padding, w.padding}, false, false, {}));
  } else if (term.kind == Term::Kind::BatchNorm) {
    const auto& statistics = run.device_statistics[term.input];
    run.add_gradient(term.input, std::get<0>(at::native_batch_norm_backward(gradient, x, {}, {}, {}, statistics.mean,
                                                                            statistics.inverse_deviation, true,
                                                                            kEpsilon, {true, false, false})));
  }
}

// Statistics of a batch norm's input, unless the convolution that computed it has them.
template <class T>
const ChannelStatistics& statistics_of(int input, Activations& run) {
  ChannelStatistics& statistics = run.statistics[input];
  if (statistics.mean.empty()) {
    const Stopwatch::Scope scope(Family::Norm);
    statistics = channel_statistics(values_of<T>(run.values[input]), run.rows(input), run.plan.shapes[input].channels);
  }
  return statistics;
}

template <class T>
void kernel_forward(const Step& step, Activations& run) {
  std::vector<RowTerm<T>> terms;
  for (const Term& term : step.terms) {
    const Shape& input = run.plan.shapes[term.input];
    RowTerm<T> row{values_of<T>(run.values[term.input]), {}, {}, term.window, input.height, input.width};
    if (term.kind == Term::Kind::BatchNorm) {
      const ChannelStatistics& statistics = statistics_of<T>(term.input, run);
      row.scale = statistics.inverse_deviation;
      for (int64_t c = 0; c < input.channels; c++) row.shift.push_back(-statistics.mean[c] * row.scale[c]);
    }
    terms.push_back(std::move(row));
  }
  T *sum = nullptr, *relu = nullptr;
  if (step.keeps_sum) {
    run.values[step.output] = run.empty(step.output);
    sum = mutable_values_of<T>(run.values[step.output]);
  }
  if (step.relu >= 0) {
    run.values[step.relu] = run.empty(step.relu);
    relu = mutable_values_of<T>(run.values[step.relu]);
  }
  sum_rows(terms, sum, relu, run.batch, run.plan.shapes[step.output]);
}

// Gradient of the summed value from that of its ReLU.
at::Tensor through_relu(const Step& step, Activations& run) {
  at::Tensor gradient = std::move(run.gradients[step.output]);
  if (step.relu < 0 || !run.gradients[step.relu].defined()) return gradient;
  at::Tensor after = std::move(run.gradients[step.relu]);
  const at::Tensor& relu = run.values[step.relu];
  if (!run.kernels) {
    at::Tensor before = at::threshold_backward(after, relu, 0);
    return gradient.defined() ? gradient.add_(before) : before;
  }
  const bool accumulate = gradient.defined();
  if (!accumulate) gradient = after;
  run.with_type([&]<class T>(T) {
    relu_backward(values_of<T>(after), values_of<T>(relu), mutable_values_of<T>(gradient), accumulate,
                  run.elements(step.output));
  });
  return gradient;
}

// dL/dx of a batch norm without affine: s * (g - mean(g) - (x - m) * s^2 * mean(g * (x - m))), an affine map of g and
// x.
ChannelAffine norm_backward(const ChannelStatistics& statistics, const std::vector<double>& gradient_sum,
                            const std::vector<double>& centred_sum, int64_t rows) {
  ChannelAffine affine;
  for (size_t c = 0; c < gradient_sum.size(); c++) {
    const double s = statistics.inverse_deviation[c], slope = s * s * s * centred_sum[c] / rows;
    affine.scale_gradient.push_back(static_cast<float>(s));
    affine.scale_input.push_back(static_cast<float>(-slope));
    affine.shift.push_back(static_cast<float>(slope * statistics.mean[c] - s * gradient_sum[c] / rows));
  }
  return affine;
}

// All at once, because they share the gradient: first its sums, then, norm by norm, the gradient of its input, which a
// convolution takes as it reads it.
template <class T>
void kernel_norms_backward(const Step& step, const at::Tensor& gradient, Activations& run) {
  std::vector<const Term*> norms;
  std::vector<const T*> inputs;
  std::vector<const float*> means;
  for (const Term& term : step.terms) {
    if (term.kind != Term::Kind::BatchNorm || !run.wants_gradient(term.input)) continue;
    norms.push_back(&term);
    inputs.push_back(values_of<T>(run.values[term.input]));
    means.push_back(run.statistics[term.input].mean.data());
  }
  if (norms.empty()) return;
  const Stopwatch::Scope scope(Family::Norm);
  const int64_t rows = run.rows(step.output), channels = run.plan.shapes[step.output].channels;
  const T* g = values_of<T>(gradient);
  const GradientSums sums = gradient_sums(g, inputs, means, rows, channels);
  for (size_t t = 0; t < norms.size(); t++) {
    const int input = norms[t]->input;
    const ChannelAffine affine = norm_backward(run.statistics[input], sums.gradient, sums.centred[t], rows);
    const int conv = norms[t]->conv;
    if (conv >= 0 && conv_backward_through_norm(run.plan.steps[conv], gradient, affine, run)) continue;
    at::Tensor& held = run.gradients[input];
    const bool accumulate = held.defined();
    if (!accumulate) held = norms[t]->overwrites_input ? run.values[input] : run.empty(input);
    apply_affine(g, inputs[t], affine, mutable_values_of<T>(held), accumulate, rows, channels);
  }
}

template <class T>
void kernel_pool_backward(const Term& term, const Step& step, const at::Tensor& gradient, Activations& run) {
  const Stopwatch::Scope scope(Family::Pool);
  at::Tensor& held = run.gradients[term.input];
  const bool accumulate = held.defined();
  if (!accumulate) held = run.empty(term.input);
  average_pool_backward(values_of<T>(gradient), mutable_values_of<T>(held), accumulate, run.batch,
                        run.plan.shapes[step.output], run.plan.shapes[term.input], term.window);
}

}  // namespace

void sum_forward(const Step& step, Activations& run) {
  const Stopwatch::Scope scope(Family::Sum);
  if (run.kernels)
    run.with_type([&]<class T>(T) { kernel_forward<T>(step, run); });
  else
    aten_forward(step, run);
}

void sum_backward(const Step& step, Activations& run) {
  const Stopwatch::Scope scope(Family::Sum);
  at::Tensor gradient = through_relu(step, run);
  if (!gradient.defined()) return;
  if (run.kernels) run.with_type([&]<class T>(T) { kernel_norms_backward<T>(step, gradient, run); });
  const Term* last_copy = nullptr;
  for (const Term& term : step.terms) {
    if (!run.wants_gradient(term.input)) continue;
    if (term.kind == Term::Kind::Copy)
      last_copy = &term;
    else if (!run.kernels)
      aten_term_backward(term, gradient, run);
    else if (term.kind == Term::Kind::AvgPool)
      run.with_type([&]<class T>(T) { kernel_pool_backward<T>(term, step, gradient, run); });
  }
  // Copies come last: the last one may take the gradient's memory over.
  for (const Term& term : step.terms) {
    if (term.kind != Term::Kind::Copy || !run.wants_gradient(term.input)) continue;
    at::Tensor& held = run.gradients[term.input];
    if (!held.defined())
      held = &term == last_copy ? gradient : gradient.clone();
    else if (run.kernels) {
      run.with_type(
          [&]<class T>(T) { add_to(mutable_values_of<T>(held), values_of<T>(gradient), run.elements(term.input)); });
    } else {
      held.add_(gradient);
    }
  }
}

void relu_step_forward(const Step& step, Activations& run) {
  run.values[step.output] = at::relu(run.values[step.input]);
}

void relu_step_backward(const Step& step, Activations& run) {
  if (!run.gradients[step.output].defined() || !run.wants_gradient(step.input)) return;
  run.add_gradient(step.input, at::threshold_backward(run.gradients[step.output], run.values[step.output], 0));
}

}  // namespace pada
