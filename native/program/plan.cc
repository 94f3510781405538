#include "program/plan.h"

#include <algorithm>
#include <stdexcept>
#include <unordered_set>

#include "program/fusion.h"
#include "program/separable.h"

namespace pada {
namespace {

class Planner {
 public:
  // `outputs`: how many of the program's outputs the plan computes, from the first one on.
  Planner(const Program& program, const PlanOptions& options, size_t outputs)
      : program_(program), options_(options), fusion_(program, options.fold, outputs) {
    plan_.outputs = fusion_.outputs();
  }

  Plan plan() {
    const int count = static_cast<int>(program_.instructions.size());
    step_of_.assign(count, -1);
    for (int id = 0; id < count; id++) {
      const Instruction& in = program_.instructions[id];
      plan_.shapes.push_back(in.shape);
      if (fusion_.is_step(id)) emit(id, in);
    }
    plan_.sampled = program_.sampled;
    finish();
    if (options_.fold) pair_separable(plan_);
    return std::move(plan_);
  }

 private:
  const Instruction& at(int id) const { return program_.instructions[id]; }
  int operand(int id, size_t i) const { return fusion_.operand(id, i); }

  // The value that the backward pass of a step reads, or -1. Batch norms and mixes read their terms as well.
  static int value_read_backward(const Step& step) {
    switch (step.kind) {
      case Step::Kind::Conv:
      case Step::Kind::Linear:
        return step.input;
      case Step::Kind::Relu:
        return step.output;
      case Step::Kind::Sum:
        return step.relu;
      case Step::Kind::Input:
      case Step::Kind::Zeros:
      case Step::Kind::GlobalAvgPool:
      case Step::Kind::MaxPool:
      case Step::Kind::Concat:
      case Step::Kind::Crop:
      case Step::Kind::Drop:
      case Step::Kind::Mix:
      case Step::Kind::Tap:
        return -1;
    }
    throw std::logic_error("unreachable");
  }

  Term term(int id) const {
    const Instruction& in = at(id);
    const int input = operand(id, 0);
    if (in.op == Op::DropPath) {
      Term norm = term(input);
      norm.drop = id;
      norm.drop_probability = in.drop_probability;
      return norm;
    }
    if (in.op == Op::AvgPool2d) return {Term::Kind::AvgPool, input, in.window};
    Term term{Term::Kind::BatchNorm, input};
    term.overwrites_input = fusion_.uses(input) == 1 && fusion_.is_only_read_by_consumers(input);
    if (at(input).op == Op::Conv2d && fusion_.only_feeds(input, Op::BatchNorm)) term.conv = step_of_[input];
    if (!in.parameters.empty()) {
      term.weight = in.parameters[0];
      term.bias = in.parameters[1];
    }
    if (!in.buffers.empty()) {
      term.running_mean = in.buffers[0];
      term.running_variance = in.buffers[1];
    }
    return term;
  }

  // What a convolution computes of its input as it reads it: a crop, a ReLU, a batch norm, or a concatenation.
  void read_through(Step& step) {
    bool alone = fusion_.uses(step.input) == 1 && !(step.window.kernel == 1 && step.window.stride > 1);
    if (fusion_.selected(step.input)) {
      step.top = at(step.input).top;
      step.left = at(step.input).left;
      step.input = operand(step.input, 0);
    }
    step.relu_input = fusion_.folded(step.input);
    if (step.relu_input) {
      step.ceiling = ceiling_of(at(step.input).op);
      step.input = operand(step.input, 0);
      alone = alone && fusion_.uses(step.input) == 1;
    }
    if (fusion_.spread(step.input)) {
      for (size_t i = 0; i < at(step.input).inputs.size(); i++) step.parts.push_back(operand(step.input, i));
    }
    if (options_.fold && alone && at(step.input).op == Op::BatchNorm) {
      step.norm = step_of_[step.input];
      plan_.steps[step.norm].reader = static_cast<int>(plan_.steps.size());
    }
  }

  static float ceiling_of(Op relu) { return relu == Op::Relu6 ? 6.f : Step::kNoCeiling; }

  void emit(int id, const Instruction& in) {
    Step step{};
    step.output = id;
    if (!in.inputs.empty()) step.input = operand(id, 0);
    if (in.op == Op::Conv2d || in.op == Op::Linear) {
      step.weight = in.parameters[0];
      if (in.parameters.size() > 1) step.bias = in.parameters[1];
    }
    step.window = in.window;
    switch (in.op) {
      case Op::Input:
        step.kind = Step::Kind::Input;
        plan_.input = id;
        break;
      case Op::Zeros:
        step.kind = Step::Kind::Zeros;
        break;
      case Op::Conv2d:
        step.kind = Step::Kind::Conv;
        read_through(step);
        step.feeds_norm = fusion_.only_feeds(id, Op::BatchNorm);
        step.norm_has_running = step.feeds_norm && !at(fusion_.consumers(id)[0]).buffers.empty();
        // A batch norm subtracts the mean over the batch, which cancels the bias. A running mean may come from a
        // network that had the bias, which then stays.
        if (!options_.keep_cancelled_biases && step.feeds_norm && !step.norm_has_running) step.bias = -1;
        break;
      case Op::BatchNorm:
      case Op::AvgPool2d:
        step.kind = Step::Kind::Sum;
        step.input = -1;
        step.terms.push_back(term(id));
        break;
      case Op::Add:
        step.kind = Step::Kind::Sum;
        step.input = -1;
        for (size_t i = 0; i < in.inputs.size(); i++) {
          const int input = operand(id, i);
          step.terms.push_back(fusion_.absorbed(input) ? term(input) : Term{Term::Kind::Copy, input});
        }
        break;
      case Op::Concat:
      case Op::Mix:
        step.kind = in.op == Op::Concat ? Step::Kind::Concat : Step::Kind::Mix;
        step.input = -1;
        for (size_t i = 0; i < in.inputs.size(); i++) step.terms.push_back({Term::Kind::Copy, operand(id, i)});
        step.first_coefficient = in.first_coefficient;
        break;
      case Op::Relu:
      case Op::Relu6: {
        const float ceiling = ceiling_of(in.op);
        const int index = step_of_[step.input];
        Step* sum = index >= 0 && plan_.steps[index].kind == Step::Kind::Sum ? &plan_.steps[index] : nullptr;
        // A sum computes one of them, even if both a ReLU and a ReLU6 read it.
        if (sum != nullptr && sum->relu < 0) {
          sum->relu = id;
          sum->ceiling = ceiling;
          sum->keeps_sum = fusion_.uses(step.input) > 1;
          return;
        }
        step.kind = Step::Kind::Relu;
        step.ceiling = ceiling;
        break;
      }
      case Op::MaxPool2d:
        step.kind = Step::Kind::MaxPool;
        break;
      case Op::Crop2d:
        step.kind = Step::Kind::Crop;
        step.top = in.top;
        step.left = in.left;
        break;
      case Op::Dropout:
      case Op::DropPath:
        step.kind = Step::Kind::Drop;
        step.drop_probability = in.drop_probability;
        step.drops_samples = in.op == Op::DropPath;
        break;
      case Op::Tap:
        step.kind = Step::Kind::Tap;
        step.slot = in.slot;
        break;
      case Op::GlobalAvgPool:
        step.kind = Step::Kind::GlobalAvgPool;
        step.stays_float = fusion_.only_feeds_linear(id);
        break;
      case Op::Linear:
        step.kind = Step::Kind::Linear;
        step.stays_float = fusion_.only_feeds_linear(id);
        break;
    }
    step_of_[id] = static_cast<int>(plan_.steps.size());
    plan_.steps.push_back(std::move(step));
  }

  void finish() {
    plan_.requires_gradient.assign(program_.instructions.size(), false);
    plan_.last_use.assign(program_.instructions.size(), -1);
    plan_.read_backward.assign(program_.instructions.size(), false);
    plan_.completes.resize(plan_.steps.size());
    std::unordered_set<int> used;
    for (int index = 0; index < static_cast<int>(plan_.steps.size()); index++) {
      const Step& step = plan_.steps[index];
      const bool mixes = step.kind == Step::Kind::Mix;
      // Coefficients of a mix have gradients, as parameters do.
      bool requires_gradient = step.weight >= 0 || mixes;
      if (mixes) {
        const int end = step.first_coefficient + static_cast<int>(step.terms.size());
        plan_.coefficients = std::max(plan_.coefficients, end);
      }
      auto read = [&](int value) {
        plan_.last_use[value] = index;
        requires_gradient = requires_gradient || plan_.requires_gradient[value];
      };
      auto use = [&](int parameter) {
        if (parameter >= 0 && used.insert(parameter).second) plan_.completes[index].push_back(parameter);
      };
      use(step.weight);
      use(step.bias);
      for (int part : step.parts) {
        read(part);
        plan_.read_backward[part] = true;
        if (plan_.requires_gradient[part]) plan_.requires_gradient[step.input] = true;
      }
      if (step.norm >= 0) read(plan_.steps[step.norm].terms[0].input);
      if (step.input >= 0) read(step.input);
      for (const Term& term : step.terms) {
        use(term.weight);
        use(term.bias);
        read(term.input);
        requires_gradient = requires_gradient || term.has_affine();
        if (term.has_running()) plan_.buffers.insert(plan_.buffers.end(), {term.running_mean, term.running_variance});
        if (term.kind == Term::Kind::BatchNorm || mixes) plan_.read_backward[term.input] = true;
      }
      const int value = value_read_backward(step);
      if (value >= 0) plan_.read_backward[value] = true;
      plan_.requires_gradient[step.output] = requires_gradient;
      if (step.relu >= 0) plan_.requires_gradient[step.relu] = requires_gradient;
    }
    for (const Output& output : plan_.outputs) {
      plan_.last_use[output.value] = static_cast<int>(plan_.steps.size());
    }
    std::ranges::sort(plan_.buffers);
    plan_.buffers.erase(std::ranges::unique(plan_.buffers).begin(), plan_.buffers.end());
  }

  const Program& program_;
  const PlanOptions options_;
  const Fusion fusion_;
  std::vector<int> step_of_;  // by value id: the step that produces it, or -1
  Plan plan_;
};

}  // namespace

Plan make_plan(const Program& program, const PlanOptions& options) {
  Plan plan = Planner(program, options, program.outputs.size()).plan();
  if (program.outputs.size() > 1) {
    plan.without_auxiliary = std::make_shared<const Plan>(Planner(program, options, 1).plan());
  }
  return plan;
}

}  // namespace pada
