#include "execution/execution.h"

#include "runtime/errors.h"
#include "ops/arrange.h"
#include "ops/conv.h"
#include "ops/drop.h"
#include "ops/head.h"
#include "ops/max_pool.h"
#include "ops/mix.h"
#include "ops/node_sum.h"
#include "ops/relu.h"
#include "ops/tap.h"

namespace pada {

Execution::Execution(const Plan& plan, Parameters& parameters, Buffers& buffers, int64_t batch, const Phase& phase,
                     Numerics numerics, const Taps& taps)
    : run_(plan, parameters, buffers, batch, phase, numerics) {
  run_.taps = taps;
}

at::Tensor Execution::forward(const at::Tensor& images) {
  const Plan& plan = run_.plan;
  if (static_cast<int>(run_.phase.mixing.size()) != plan.coefficients) {
    expected(std::to_string(plan.coefficients) + " coefficients, as many as the program mixes by,", "mixing",
             std::to_string(run_.phase.mixing.size()));
  }
  for (size_t index = 0; index < plan.steps.size(); index++) {
    forward_step(plan.steps[index], images);
    release_after(static_cast<int>(index), plan.steps[index]);
  }
  return run_.values[plan.output].to(at::kFloat);
}

void Execution::forward_step(const Step& step, const at::Tensor& images) {
  switch (step.kind) {
    case Step::Kind::Input: {
      const Shape& s = run_.plan.shapes[step.output];
      if (images.size(1) != s.channels || images.size(2) != s.height || images.size(3) != s.width) {
        const Shape given{images.size(1), images.size(2), images.size(3)};
        expected("images of shape " + s.text(), "the program's input", given.text());
      }
      run_.values[step.output] = images.to(run_.type());
      break;
    }
    case Step::Kind::Zeros:
      run_.values[step.output] = run_.empty(step.output).zero_();
      break;
    case Step::Kind::Conv:
      conv_forward(step, run_);
      break;
    case Step::Kind::Sum:
      sum_forward(step, run_);
      break;
    case Step::Kind::Relu:
      relu_step_forward(step, run_);
      break;
    case Step::Kind::GlobalAvgPool:
      global_pool_forward(step, run_);
      break;
    case Step::Kind::Linear:
      linear_forward(step, run_);
      break;
    case Step::Kind::MaxPool:
      max_pool_forward(step, run_);
      break;
    case Step::Kind::Concat:
      concat_forward(step, run_);
      break;
    case Step::Kind::Crop:
      crop_forward(step, run_);
      break;
    case Step::Kind::Drop:
      drop_forward(step, run_);
      break;
    case Step::Kind::Mix:
      mix_forward(step, run_);
      break;
    case Step::Kind::Tap:
      tap_forward(step, run_);
      break;
  }
}

void Execution::release_after(int index, const Step& step) {
  const Plan& plan = run_.plan;
  auto release = [&](int value) {
    if (value < 0 || plan.last_use[value] > index) return;
    if (!run_.phase.backward || !plan.read_backward[value]) run_.values[value].reset();
  };
  release(step.input);
  for (const Term& term : step.terms) release(term.input);
}

void Execution::backward(const at::Tensor& logits_gradient) {
  const Plan& plan = run_.plan;
  run_.gradients[plan.output] = logits_gradient.to(run_.values[plan.output].scalar_type());
  for (size_t index = plan.steps.size(); index-- > 0;) {
    const Step& step = plan.steps[index];
    switch (step.kind) {
      case Step::Kind::Input:
      case Step::Kind::Zeros:
        break;
      case Step::Kind::Conv:
        conv_backward(step, run_);
        break;
      case Step::Kind::Sum:
        sum_backward(step, run_);
        break;
      case Step::Kind::Relu:
        relu_step_backward(step, run_);
        break;
      case Step::Kind::GlobalAvgPool:
        global_pool_backward(step, run_);
        break;
      case Step::Kind::Linear:
        linear_backward(step, run_);
        break;
      case Step::Kind::MaxPool:
        max_pool_backward(step, run_);
        break;
      case Step::Kind::Concat:
        concat_backward(step, run_);
        break;
      case Step::Kind::Crop:
        crop_backward(step, run_);
        break;
      case Step::Kind::Drop:
        drop_backward(step, run_);
        break;
      case Step::Kind::Mix:
        mix_backward(step, run_);
        break;
      case Step::Kind::Tap:
        tap_backward(step, run_);
        break;
    }
    // Everything the step produced has been used in both directions.
    for (int value : {step.output, step.relu}) {
      if (value < 0) continue;
      run_.values[value].reset();
      run_.gradients[value].reset();
    }
  }
}

std::vector<float> Execution::mixing_gradients() const {
  std::vector<float> result(run_.mixing_gradients.size(), 0.f);
  std::vector<at::Tensor> defined;
  for (const at::Tensor& gradient : run_.mixing_gradients) {
    if (gradient.defined()) defined.push_back(gradient);
  }
  if (defined.empty()) return result;
  const at::Tensor host = at::stack(defined).cpu();
  const float* value = host.const_data_ptr<float>();
  for (size_t i = 0; i < result.size(); i++) {
    if (run_.mixing_gradients[i].defined()) result[i] = *value++;
  }
  return result;
}

}  // namespace pada
