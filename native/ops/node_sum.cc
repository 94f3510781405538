#include "ops/node_sum.h"

#include "ops/sum_rows.h"

namespace pada {
namespace {

at::Tensor aten_term(const Term& term, Activations& run) {
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

void kernel_forward(const Step& step, Activations& run) {
  std::vector<RowTerm> terms;
  for (const Term& term : step.terms) {
    const Shape& input = run.plan.shapes[term.input];
    RowTerm row{run.values[term.input].const_data_ptr<float>(), {}, {}, term.window, input.height, input.width};
    if (term.kind == Term::Kind::BatchNorm) {
      ChannelStatistics& statistics = run.statistics[term.input];
      statistics = channel_statistics(row.x, run.rows(term.input), input.channels, kEpsilon);
      row.scale = statistics.inverse_deviation;
      for (int64_t c = 0; c < input.channels; c++) row.shift.push_back(-statistics.mean[c] * row.scale[c]);
    }
    terms.push_back(std::move(row));
  }
  float *sum = nullptr, *relu = nullptr;
  if (step.keeps_sum) {
    run.values[step.output] = run.empty(step.output);
    sum = run.values[step.output].mutable_data_ptr<float>();
  }
  if (step.relu >= 0) {
    run.values[step.relu] = run.empty(step.relu);
    relu = run.values[step.relu].mutable_data_ptr<float>();
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
  relu_backward(after.const_data_ptr<float>(), relu.const_data_ptr<float>(), gradient.mutable_data_ptr<float>(),
                accumulate, run.elements(step.output));
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

void kernel_norms_backward(const Step& step, const at::Tensor& gradient, Activations& run) {
  std::vector<const Term*> norms;
  std::vector<const float*> inputs, means;
  for (const Term& term : step.terms) {
    if (term.kind != Term::Kind::BatchNorm || !run.wants_gradient(term.input)) continue;
    norms.push_back(&term);
    inputs.push_back(run.values[term.input].const_data_ptr<float>());
    means.push_back(run.statistics[term.input].mean.data());
  }
  if (norms.empty()) return;
  const int64_t rows = run.rows(step.output), channels = run.plan.shapes[step.output].channels;
  const float* g = gradient.const_data_ptr<float>();
  const GradientSums sums = gradient_sums(g, inputs, means, rows, channels);
  for (size_t t = 0; t < norms.size(); t++) {
    const int input = norms[t]->input;
    at::Tensor& held = run.gradients[input];
    const bool accumulate = held.defined();
    if (!accumulate) held = norms[t]->overwrites_input ? run.values[input] : run.empty(input);
    const ChannelAffine affine = norm_backward(run.statistics[input], sums.gradient, sums.centred[t], rows);
    apply_affine(g, inputs[t], affine, held.mutable_data_ptr<float>(), accumulate, rows, channels);
  }
}

void kernel_pool_backward(const Term& term, const Step& step, const at::Tensor& gradient, Activations& run) {
  at::Tensor& held = run.gradients[term.input];
  const bool accumulate = held.defined();
  if (!accumulate) held = run.empty(term.input);
  average_pool_backward(gradient.const_data_ptr<float>(), held.mutable_data_ptr<float>(), accumulate, run.batch,
                        run.plan.shapes[step.output], run.plan.shapes[term.input], term.window);
}

}  // namespace

void sum_forward(const Step& step, Activations& run) {
  if (run.kernels)
    kernel_forward(step, run);
  else
    aten_forward(step, run);
}

void sum_backward(const Step& step, Activations& run) {
  at::Tensor gradient = through_relu(step, run);
  if (!gradient.defined()) return;
  if (run.kernels) kernel_norms_backward(step, gradient, run);
  const Term* last_copy = nullptr;
  for (const Term& term : step.terms) {
    if (!run.wants_gradient(term.input)) continue;
    if (term.kind == Term::Kind::Copy)
      last_copy = &term;
    else if (!run.kernels)
      aten_term_backward(term, gradient, run);
    else if (term.kind == Term::Kind::AvgPool)
      kernel_pool_backward(term, step, gradient, run);
  }
  // Copies come last: the last one may take the gradient's memory over.
  for (const Term& term : step.terms) {
    if (term.kind != Term::Kind::Copy || !run.wants_gradient(term.input)) continue;
    at::Tensor& held = run.gradients[term.input];
    if (!held.defined())
      held = &term == last_copy ? gradient : gradient.clone();
    else if (run.kernels) {
      add_to(held.mutable_data_ptr<float>(), gradient.const_data_ptr<float>(), run.elements(term.input));
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
