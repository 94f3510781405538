#include "ops/node_sum.h"

#include "ops/batch_norm.h"
#include "ops/conv.h"
#include "ops/cpu/pool_rows.h"
#include "ops/cpu/sum_rows.h"
#include "ops/drop.h"
#include "ops/fused_sum.h"
#include "ops/relu.h"
#include "runtime/stopwatch.h"

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
  return aten_norm_forward(term, run);
}

void aten_sum_forward(const Step& step, Activations& run) {
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
  if (step.relu >= 0) run.values[step.relu] = aten_relu(sum, step.ceiling);
  run.values[step.output] = sum;
}

void aten_term_backward(const Term& term, const at::Tensor& gradient, Activations& run) {
  const Stopwatch::Scope scope(family_of(term));
  const Window& w = term.window;
  if (term.kind == Term::Kind::BatchNorm) {
    aten_norm_backward(term, gradient, run);
  } else if (term.kind == Term::Kind::AvgPool && run.wants_gradient(term.input)) {
    run.add_gradient(
        term.input, at::avg_pool2d_backward(gradient, run.empty(term.input), {w.kernel, w.kernel}, {w.stride, w.stride},
                                            {w.padding, w.padding}, false, false, {}));
  }
}

template <class T>
void kernel_forward(const Step& step, Activations& run) {
  if (step.reader >= 0 && conv_reads_through_norm(run.plan.steps[step.reader], run)) {
    run.deferred[step.output].map = norm_forward<T>(step.terms[0], run);
    return;
  }
  std::vector<RowTerm<T>> terms;
  for (const Term& term : step.terms) {
    const Shape& input = run.plan.shapes[term.input];
    RowTerm<T> row{values_of<T>(run.values[term.input]), {}, {}, term.window, input.height, input.width};
    if (term.kind == Term::Kind::BatchNorm) {
      NormMap map = norm_forward<T>(term, run);
      row.scale = std::move(map.scale);
      row.shift = std::move(map.shift);
      if (term.drop >= 0) {
        at::Tensor& factors = run.kept[term.drop];
        factors = sample_factors(term.drop, term.drop_probability, run);
        if (factors.defined()) row.factors = factors.const_data_ptr<float>();
      }
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
  sum_rows(terms, sum, relu, step.ceiling, run.batch, run.plan.shapes[step.output]);
}

// The gradient of the sum, including the gradient that comes through its ReLU.
at::Tensor gradient_of_sum(const Step& step, Activations& run) {
  at::Tensor gradient = std::move(run.gradients[step.output]);
  if (step.relu < 0 || !run.gradients[step.relu].defined()) return gradient;
  at::Tensor after = std::move(run.gradients[step.relu]);
  const at::Tensor& relu = run.values[step.relu];
  if (!run.kernels) {
    at::Tensor before = aten_relu_backward(after, relu, step.ceiling);
    return gradient.defined() ? gradient.add_(before) : before;
  }
  const bool accumulate = gradient.defined();
  if (!accumulate) gradient = after;
  run.with_type([&]<class T>(T) {
    relu_backward(values_of<T>(after), values_of<T>(relu), step.ceiling, mutable_values_of<T>(gradient), accumulate,
                  run.elements(step.output));
  });
  return gradient;
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
  else if (!fused_sum_forward(step, run))
    aten_sum_forward(step, run);
}

void sum_backward(const Step& step, Activations& run) {
  const Stopwatch::Scope scope(Family::Sum);
  if (fused_sum_backward(step, run)) return;
  at::Tensor gradient = gradient_of_sum(step, run);
  if (!gradient.defined()) return;
  if (run.kernels) run.with_type([&]<class T>(T) { norms_backward<T>(step, gradient, run); });
  const Term* last_copy = nullptr;
  for (const Term& term : step.terms) {
    const bool wanted = run.wants_gradient(term.input);
    if (term.kind == Term::Kind::Copy)
      last_copy = wanted ? &term : last_copy;
    else if (!run.kernels)
      aten_term_backward(term, gradient, run);
    else if (term.kind == Term::Kind::AvgPool && wanted)
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

}  // namespace pada
