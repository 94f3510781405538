#include "ops/head.h"

#include "cuda/kernels.h"

namespace pada {

namespace {

at::ScalarType type_of_output(const Step& step, const Activations& run) {
  return step.stays_float ? at::kFloat : run.type();
}

// An activation as the float32 matrix that a linear layer reads.
at::Tensor rows_of(const at::Tensor& value, const Activations& run) {
  return value.reshape({run.batch, -1}).to(at::kFloat);
}

}  // namespace

void global_pool_forward(const Step& step, Activations& run) {
  run.values[step.output] = run.values[step.input].mean({2, 3}, true, at::kFloat).to(type_of_output(step, run));
}

void global_pool_backward(const Step& step, Activations& run) {
  const at::Tensor& gradient = run.gradients[step.output];
  if (!gradient.defined() || !run.wants_gradient(step.input)) return;
  const Shape& s = run.plan.shapes[step.input];
  at::Tensor spread = run.empty(step.input);
  spread.copy_(gradient.to(at::kFloat)
                   .div(static_cast<double>(s.height * s.width))
                   .expand({run.batch, s.channels, s.height, s.width}));
  run.add_gradient(step.input, std::move(spread));
}

void linear_forward(const Step& step, Activations& run) {
  const Parameters& p = run.parameters;
  const Shape& out = run.plan.shapes[step.output];
  const at::Tensor x = rows_of(run.values[step.input], run);
  run.values[step.output] = at::addmm(p.view(p.values, step.bias), x, p.view(p.values, step.weight).t())
                                .view({run.batch, out.channels, 1, 1})
                                .to(type_of_output(step, run));
}

void linear_backward(const Step& step, Activations& run) {
  if (!run.gradients[step.output].defined()) return;
  const Parameters& p = run.parameters;
  const at::Tensor gradient = rows_of(run.gradients[step.output], run);
  const at::Tensor x = rows_of(run.values[step.input], run);
  p.view(p.gradients, step.weight).add_(gradient.t().mm(x));
  p.view(p.gradients, step.bias).add_(gradient.sum(0));
  if (!run.wants_gradient(step.input)) return;
  const Shape& in = run.plan.shapes[step.input];
  run.add_gradient(step.input, gradient.mm(p.view(p.values, step.weight))
                                   .view({run.batch, in.channels, 1, 1})
                                   .to(run.values[step.input].scalar_type()));
}

namespace {

Loss fused_cross_entropy(const at::Tensor& logits4, const Targets& targets, bool gradient,
                         const cuda::Kernels& kernels) {
  const int64_t batch = logits4.size(0), classes = logits4.size(1);
  const at::Tensor logits = logits4.reshape({batch, classes}).contiguous();
  const auto doubles = logits.options().dtype(at::kDouble);
  const at::Tensor partial = at::empty({batch, 3}, doubles), totals = at::empty({3}, doubles);
  const at::Tensor importance = at::empty({batch}, logits.options());
  const at::Tensor gradients = gradient ? at::empty({batch, classes, 1, 1}, logits.options()) : at::Tensor();
  const auto classes_of = [](const at::Tensor& tensor) {
    static_assert(sizeof(long long) == sizeof(int64_t));
    return tensor.defined() ? reinterpret_cast<const long long*>(tensor.const_data_ptr<int64_t>()) : nullptr;
  };
  const at::Tensor weights = targets.weights.defined() ? targets.weights.contiguous() : at::Tensor();
  const cuda::LossArguments arguments{
      .logits = logits.const_data_ptr<float>(),
      .labels = classes_of(targets.labels),
      .partners = classes_of(targets.partners),
      .weights = weights.defined() ? weights.const_data_ptr<float>() : nullptr,
      .batch = static_cast<int>(batch),
      .classes = static_cast<int>(classes),
      .smoothing = static_cast<float>(targets.smoothing),
      .share = static_cast<float>(targets.share),
      .gradient = gradient ? gradients.mutable_data_ptr<float>() : nullptr,
      .importance = importance.mutable_data_ptr<float>(),
      .partial = partial.mutable_data_ptr<double>(),
      .totals = totals.mutable_data_ptr<double>(),
      .ticket = kernels.tickets(),
  };
  kernels.launch("cross_entropy", batch, 1, arguments);
  Loss loss{.total = totals[0], .correct = totals[1], .correct5 = totals[2]};
  if (!gradient) return loss;
  loss.importance = importance;
  loss.gradient = gradients;
  return loss;
}

}  // namespace

Loss cross_entropy(const at::Tensor& logits4, const Targets& targets, bool gradient, const cuda::Kernels* kernels) {
  if (kernels != nullptr) return fused_cross_entropy(logits4, targets, gradient, *kernels);
  const auto& [labels, weights, smoothing, partners, share] = targets;
  const int64_t batch = logits4.size(0), classes = logits4.size(1);
  const at::Tensor logits = logits4.reshape({batch, classes});
  const at::Tensor log_softmax = at::_log_softmax(logits, 1, false);
  const double elsewhere = smoothing / static_cast<double>(classes);
  // Calls `add` with the columns of labels, and with their shares of the targets beyond `elsewhere`.
  const auto for_labels = [&, smoothing = smoothing, share = share](const auto& add) {
    add(labels.view({batch, 1}), (1 - smoothing) * share);
    if (partners.defined()) add(partners.view({batch, 1}), (1 - smoothing) * (1 - share));
  };
  at::Tensor likelihood;
  for_labels([&](const at::Tensor& column, double part) {
    const at::Tensor term = log_softmax.gather(1, column).view({batch}).mul_(part);
    likelihood = likelihood.defined() ? likelihood.add(term) : term;
  });
  if (smoothing > 0) likelihood = likelihood.add(log_softmax.sum(1), elsewhere);
  if (weights.defined()) likelihood = likelihood.mul(weights);
  Loss loss;
  loss.total = likelihood.sum().neg();
  loss.correct = logits.argmax(1).eq(labels).sum();
  // Not `gt`: a NaN is larger than every logit.
  loss.correct5 = logits.le(logits.gather(1, labels.view({batch, 1}))).logical_not_().sum(1).lt(5).sum();
  if (!gradient) return loss;
  at::Tensor difference = log_softmax.exp().sub_(elsewhere);
  // By the operator that autograd uses, which rounds differently than `difference`.
  const double mean = 1.0 / static_cast<double>(batch);
  at::Tensor upstream = at::full({batch, classes}, -elsewhere * mean, log_softmax.options());
  for_labels([&](const at::Tensor& column, double part) {
    const auto filled = [&](double value) { return at::full({batch, 1}, value, log_softmax.options()); };
    difference.scatter_add_(1, column, filled(-part));
    upstream.scatter_add_(1, column, filled(-part * mean));
  });
  loss.importance = difference.square().sum(1).sqrt();
  if (weights.defined()) upstream.mul_(weights.view({batch, 1}));
  loss.gradient = at::_log_softmax_backward_data(upstream, log_softmax, 1, at::kFloat).view({batch, classes, 1, 1});
  return loss;
}

}  // namespace pada
