#include "program/plan.h"

#include <algorithm>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>

#include "program/separable.h"

namespace pada {
namespace {

class Planner {
 public:
  // `outputs`: how many of the program's outputs the plan computes, from the first one on.
  Planner(const Program& program, const PlanOptions& options, size_t outputs)
      : program_(program), options_(options), alias_(program.instructions.size()) {
    merge_equal_relus();
    plan_.outputs.assign(program.outputs.begin(), program.outputs.begin() + static_cast<ptrdiff_t>(outputs));
    for (Output& output : plan_.outputs) output.value = alias_[output.value];
    count_uses();
  }

  Plan plan() {
    const int count = static_cast<int>(program_.instructions.size());
    step_of_.assign(count, -1);
    for (int id = 0; id < count; id++) {
      const Instruction& in = program_.instructions[id];
      plan_.shapes.push_back(in.shape);
      if (live_[id] && alias_[id] == id && !absorbed(id) && !folded(id) && !spread(id) && !selected(id)) emit(id, in);
    }
    plan_.sampled = program_.sampled;
    finish();
    if (options_.fold) pair_separable(plan_);
    return std::move(plan_);
  }

 private:
  const Instruction& at(int id) const { return program_.instructions[id]; }
  int operand(int id, size_t i) const { return alias_[at(id).inputs[i]]; }

  static bool is_relu(Op op) { return op == Op::Relu || op == Op::Relu6; }

  // Two ReLUs of one value become one, and so do two ReLU6s.
  void merge_equal_relus() {
    std::unordered_map<int, int> relu_of, relu6_of;
    for (int id = 0; id < static_cast<int>(alias_.size()); id++) {
      const Op op = at(id).op;
      alias_[id] =
          is_relu(op) ? (op == Op::Relu ? relu_of : relu6_of).try_emplace(operand(id, 0), id).first->second : id;
    }
  }

  void count_uses() {
    live_.assign(alias_.size(), false);
    consumers_.resize(alias_.size());
    uses_.assign(alias_.size(), 0);
    for (const Output& output : plan_.outputs) {
      live_[output.value] = true;
      uses_[output.value]++;
    }
    for (int id = static_cast<int>(alias_.size()) - 1; id >= 0; id--) {
      if (!live_[id] || alias_[id] != id) continue;
      for (size_t i = 0; i < at(id).inputs.size(); i++) {
        live_[operand(id, i)] = true;
        uses_[operand(id, i)]++;
        consumers_[operand(id, i)].push_back(id);
      }
    }
  }

  bool only_feeds(int id, Op op) const {
    return uses_[id] == 1 && consumers_[id].size() == 1 && at(consumers_[id][0]).op == op;
  }

  // If only convolutions read a ReLU, they compute it.
  bool folded(int id) const {
    return options_.fold && is_relu(at(id).op) && !is_output(id) &&
           std::ranges::all_of(consumers_[id],
                               [&](int consumer) { return at(consumer).op == Op::Conv2d || selected(consumer); });
  }

  bool is_output(int id) const { return uses_[id] != static_cast<int>(consumers_[id].size()); }

  bool pointwise(int id) const {
    const Instruction& in = at(id);
    const Window& w = in.window;
    return in.op == Op::Conv2d && w.kernel == 1 && w.padding == 0 && w.groups == 1 && in.parameters.size() == 1;
  }

  // If only strided pointwise convolutions read a crop, they select their pixels from what it crops.
  bool selected(int id) const {
    return options_.fold && at(id).op == Op::Crop2d && !is_output(id) &&
           std::ranges::all_of(consumers_[id],
                               [&](int consumer) { return pointwise(consumer) && at(consumer).window.stride > 1; });
  }

  // If only pointwise convolutions read a concatenation, through ReLUs and crops that they compute, they read its
  // parts.
  bool spread(int id) const {
    if (!options_.fold || at(id).op != Op::Concat || is_output(id)) return false;
    const auto computed = [&](int consumer) { return pointwise(consumer) || selected(consumer); };
    const auto fills_vectors = [&](int input) { return at(alias_[input]).shape.channels % 4 == 0; };
    return std::ranges::all_of(at(id).inputs, fills_vectors) && std::ranges::all_of(consumers_[id], [&](int consumer) {
             return computed(consumer) || (folded(consumer) && std::ranges::all_of(consumers_[consumer], computed));
           });
  }

  // Linear layers compute in float32 in any precision. A value that only they read stays float32 too.
  bool only_feeds_linear(int id) const {
    return std::ranges::all_of(consumers_[id], [&](int consumer) {
      const Op op = at(consumer).op;
      return op == Op::Linear || (may_return_input(op) && only_feeds_linear(consumer));
    });
  }

  // A drop path between a batch norm and a sum, each of which has no other reader.
  bool drops_norm(int id) const {
    return options_.fold && at(id).op == Op::DropPath && only_feeds(id, Op::Add) &&
           at(operand(id, 0)).op == Op::BatchNorm && only_feeds(operand(id, 0), Op::DropPath);
  }

  // If a batch norm or pool feeds only a sum, the sum computes it, with a drop path between them.
  bool absorbed(int id) const {
    const Op op = at(id).op;
    if (drops_norm(id)) return true;
    if (op == Op::BatchNorm && only_feeds(id, Op::DropPath)) return drops_norm(consumers_[id][0]);
    return (op == Op::BatchNorm || op == Op::AvgPool2d) && only_feeds(id, Op::Add);
  }

  // A tap, or a drop that drops nothing, returns the memory of its input.
  static bool may_return_input(Op op) { return op == Op::Dropout || op == Op::DropPath || op == Op::Tap; }

  // True if only its consumers read a value's memory. The instruction must not read it in the backward pass, and no
  // other value may share it. A mix may return the memory of an input too. (It is not in may_return_input, because in
  // bfloat16 it returns bfloat16 even if only linear layers read it.)
  static bool is_only_read_by_consumers(Op op) {
    switch (op) {
      case Op::Input:
      case Op::Relu:
      case Op::Relu6:
      case Op::Dropout:
      case Op::DropPath:
      case Op::Mix:
      case Op::Tap:
        return false;
      case Op::Zeros:
      case Op::Conv2d:
      case Op::BatchNorm:
      case Op::AvgPool2d:
      case Op::Add:
      case Op::GlobalAvgPool:
      case Op::Linear:
      case Op::MaxPool2d:
      case Op::Concat:
      case Op::Crop2d:
        return true;
    }
    throw std::logic_error("unreachable");
  }

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
    term.overwrites_input = uses_[input] == 1 && is_only_read_by_consumers(at(input).op);
    if (at(input).op == Op::Conv2d && only_feeds(input, Op::BatchNorm)) term.conv = step_of_[input];
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
    bool alone = uses_[step.input] == 1 && !(step.window.kernel == 1 && step.window.stride > 1);
    if (selected(step.input)) {
      step.top = at(step.input).top;
      step.left = at(step.input).left;
      step.input = operand(step.input, 0);
    }
    step.relu_input = folded(step.input);
    if (step.relu_input) {
      step.ceiling = ceiling_of(at(step.input).op);
      step.input = operand(step.input, 0);
      alone = alone && uses_[step.input] == 1;
    }
    if (spread(step.input)) {
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
        step.feeds_norm = only_feeds(id, Op::BatchNorm);
        step.norm_has_running = step.feeds_norm && !at(consumers_[id][0]).buffers.empty();
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
          step.terms.push_back(absorbed(input) ? term(input) : Term{Term::Kind::Copy, input});
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
          sum->keeps_sum = uses_[step.input] > 1;
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
        step.stays_float = only_feeds_linear(id);
        break;
      case Op::Linear:
        step.kind = Step::Kind::Linear;
        step.stays_float = only_feeds_linear(id);
        break;
    }
    step_of_[id] = static_cast<int>(plan_.steps.size());
    plan_.steps.push_back(std::move(step));
  }

  void finish() {
    plan_.requires_gradient.assign(alias_.size(), false);
    plan_.last_use.assign(alias_.size(), -1);
    plan_.read_backward.assign(alias_.size(), false);
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
  std::vector<int> alias_;
  std::vector<bool> live_;
  std::vector<int> uses_;
  std::vector<std::vector<int>> consumers_;
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
