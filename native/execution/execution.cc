#include "execution/execution.h"

#include "ops/arrange.h"
#include "ops/batch_norm.h"
#include "ops/conv.h"
#include "ops/drop.h"
#include "ops/head.h"
#include "ops/max_pool.h"
#include "ops/mix.h"
#include "ops/node_sum.h"
#include "ops/packed_weights.h"
#include "ops/relu.h"
#include "ops/tap.h"
#include "runtime/errors.h"

namespace pada {
namespace {

void input_forward(const Step& step, Activations& run) {
  const Shape& s = run.plan.shapes[step.output];
  const at::Tensor& images = run.images;
  if (const at::Device device = run.parameters.device(); images.device() != device) {
    expected("images on " + device.str(), "the program's input", images.device().str());
  }
  if (images.size(1) != s.channels || images.size(2) != s.height || images.size(3) != s.width) {
    const Shape given{images.size(1), images.size(2), images.size(3)};
    expected("images of shape " + s.text(), "the program's input", given.text());
  }
  run.values[step.output] = images.to(run.type());
}

void zeros_forward(const Step& step, Activations& run) { run.values[step.output] = run.empty(step.output).zero_(); }

// The step reads no value that has a gradient.
void no_backward(const Step&, Activations&) {}

// The passes of a kind of step: forward computes its output, backward the gradients of its inputs.
struct Passes {
  void (*forward)(const Step&, Activations&);
  void (*backward)(const Step&, Activations&);
};

Passes passes_of(Step::Kind kind) {
  switch (kind) {
    case Step::Kind::Input:
      return {input_forward, no_backward};
    case Step::Kind::Zeros:
      return {zeros_forward, no_backward};
    case Step::Kind::Conv:
      return {conv_forward, conv_backward};
    case Step::Kind::Sum:
      return {sum_forward, sum_backward};
    case Step::Kind::Relu:
      return {relu_step_forward, relu_step_backward};
    case Step::Kind::GlobalAvgPool:
      return {global_pool_forward, global_pool_backward};
    case Step::Kind::Linear:
      return {linear_forward, linear_backward};
    case Step::Kind::MaxPool:
      return {max_pool_forward, max_pool_backward};
    case Step::Kind::Concat:
      return {concat_forward, concat_backward};
    case Step::Kind::Crop:
      return {crop_forward, crop_backward};
    case Step::Kind::Drop:
      return {drop_forward, drop_backward};
    case Step::Kind::Mix:
      return {mix_forward, mix_backward};
    case Step::Kind::Tap:
      return {tap_forward, tap_backward};
  }
  throw std::logic_error("unreachable");
}

}  // namespace

Execution::Execution(const Plan& plan, Parameters& parameters, Buffers& buffers, int64_t batch, const Phase& phase,
                     Numerics numerics, const Taps& taps)
    : run_(plan, parameters, buffers, batch, phase, numerics) {
  run_.taps = taps;
}

Activations::PackedWeights Execution::pack() {
  pack_weights(run_);
  return run_.packed;
}

void Execution::check() const {
  for (const Step& step : run_.plan.steps) {
    if (step.kind == Step::Kind::Tap) check_tap(step, run_);
    for (const Term& term : step.terms) {
      if (term.kind == Term::Kind::BatchNorm) check_rows(term, run_);
    }
  }
}

std::vector<at::Tensor> Execution::forward(const at::Tensor& images) {
  const Plan& plan = run_.plan;
  if (static_cast<int>(run_.phase.mixing.size()) != plan.coefficients) {
    expected(std::to_string(plan.coefficients) + " coefficients, as many as the program mixes by,", "mixing",
             std::to_string(run_.phase.mixing.size()));
  }
  check();
  run_.images = images;
  if (run_.packed.kernels == nullptr) pack_weights(run_);
  for (size_t index = 0; index < plan.steps.size(); index++) {
    passes_of(plan.steps[index].kind).forward(plan.steps[index], run_);
    release_after(static_cast<int>(index), plan.steps[index]);
  }
  std::vector<at::Tensor> logits;
  for (const Output& output : plan.outputs) logits.push_back(run_.values[output.value].to(at::kFloat));
  return logits;
}

void Execution::release_after(int index, const Step& step) {
  const Plan& plan = run_.plan;
  auto release = [&](int value) {
    if (value < 0 || plan.last_use[value] > index) return;
    if (!run_.phase.backward || !plan.read_backward[value]) run_.values[value].reset();
  };
  release(step.input);
  for (int part : step.parts) release(part);
  if (step.norm >= 0) release(plan.steps[step.norm].terms[0].input);
  for (const Term& term : step.terms) release(term.input);
  if (step.depthwise >= 0) release_after(index, plan.steps[step.depthwise]);
}

void Execution::backward(const std::vector<at::Tensor>& logits_gradients, const std::function<void(int)>& complete) {
  const Plan& plan = run_.plan;
  // Whoever waits for single gradients wants each at once.
  run_.packed.defers = !complete;
  for (size_t i = 0; i < plan.outputs.size(); i++) {
    const int value = plan.outputs[i].value;
    run_.add_gradient(value, logits_gradients[i].to(run_.values[value].scalar_type()));
  }
  for (size_t index = plan.steps.size(); index-- > 0;) {
    const Step& step = plan.steps[index];
    passes_of(step.kind).backward(step, run_);
    if (complete) {
      for (int parameter : plan.completes[index]) complete(parameter);
    }
    // Both passes have used everything that the step produced.
    for (int value : {step.output, step.relu}) {
      if (value < 0) continue;
      run_.values[value].reset();
      run_.gradients[value].reset();
    }
  }
  add_packed_gradients(run_);
}

}  // namespace pada
