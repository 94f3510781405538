#include "program/fusion.h"

#include <algorithm>
#include <stdexcept>
#include <unordered_map>

namespace pada {
namespace {

bool is_relu(Op op) { return op == Op::Relu || op == Op::Relu6; }

// A tap, or a drop that drops nothing, returns the memory of its input.
bool may_return_input(Op op) { return op == Op::Dropout || op == Op::DropPath || op == Op::Tap; }

}  // namespace

Fusion::Fusion(const Program& program, bool fold, size_t outputs)
    : program_(program),
      fold_(fold),
      outputs_(program.outputs.begin(), program.outputs.begin() + static_cast<ptrdiff_t>(outputs)),
      alias_(program.instructions.size()) {
  merge_equal_relus();
  for (Output& output : outputs_) output.value = alias_[output.value];
  count_uses();
  find_linear_readers();
}

// Two ReLUs of one value become one, and so do two ReLU6s.
void Fusion::merge_equal_relus() {
  std::unordered_map<int, int> relu_of, relu6_of;
  for (int id = 0; id < static_cast<int>(alias_.size()); id++) {
    const Op op = at(id).op;
    alias_[id] = is_relu(op) ? (op == Op::Relu ? relu_of : relu6_of).try_emplace(operand(id, 0), id).first->second : id;
  }
}

void Fusion::count_uses() {
  live_.assign(alias_.size(), false);
  consumers_.resize(alias_.size());
  uses_.assign(alias_.size(), 0);
  for (const Output& output : outputs_) {
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

bool Fusion::only_feeds(int id, Op op) const {
  return uses_[id] == 1 && consumers_[id].size() == 1 && at(consumers_[id][0]).op == op;
}

bool Fusion::folded(int id) const {
  return fold_ && is_relu(at(id).op) && !is_output(id) && std::ranges::all_of(consumers_[id], [&](int consumer) {
           return at(consumer).op == Op::Conv2d || selected(consumer);
         });
}

bool Fusion::pointwise(int id) const {
  const Instruction& in = at(id);
  const Window& w = in.window;
  return in.op == Op::Conv2d && w.kernel == 1 && w.padding == 0 && w.groups == 1 && in.parameters.size() == 1;
}

bool Fusion::selected(int id) const {
  if (!fold_ || at(id).op != Op::Crop2d || is_output(id)) return false;
  // Convolutions select pixels, not channels.
  if (at(id).shape.channels != at(operand(id, 0)).shape.channels) return false;
  return std::ranges::all_of(consumers_[id],
                             [&](int consumer) { return pointwise(consumer) && at(consumer).window.stride > 1; });
}

bool Fusion::spread(int id) const {
  if (!fold_ || at(id).op != Op::Concat || is_output(id)) return false;
  const auto computed = [&](int consumer) { return pointwise(consumer) || selected(consumer); };
  const auto fills_vectors = [&](int input) { return at(alias_[input]).shape.channels % 4 == 0; };
  return std::ranges::all_of(at(id).inputs, fills_vectors) && std::ranges::all_of(consumers_[id], [&](int consumer) {
           return computed(consumer) || (folded(consumer) && std::ranges::all_of(consumers_[consumer], computed));
         });
}

// From the last instruction to the first: what reads a value comes after it.
void Fusion::find_linear_readers() {
  only_feeds_linear_.resize(alias_.size());
  for (int id = static_cast<int>(alias_.size()) - 1; id >= 0; id--) {
    only_feeds_linear_[id] = std::ranges::all_of(consumers_[id], [&](int consumer) {
      const Op op = at(consumer).op;
      return op == Op::Linear || (may_return_input(op) && only_feeds_linear_[consumer]);
    });
  }
}

// A drop path between a batch norm and a sum, each of which has no other reader.
bool Fusion::drops_norm(int id) const {
  return fold_ && at(id).op == Op::DropPath && only_feeds(id, Op::Add) && at(operand(id, 0)).op == Op::BatchNorm &&
         only_feeds(operand(id, 0), Op::DropPath);
}

bool Fusion::absorbed(int id) const {
  const Op op = at(id).op;
  if (drops_norm(id)) return true;
  if (op == Op::BatchNorm && only_feeds(id, Op::DropPath)) return drops_norm(consumers_[id][0]);
  return (op == Op::BatchNorm || op == Op::AvgPool2d) && only_feeds(id, Op::Add);
}

bool Fusion::is_step(int id) const {
  return live_[id] && alias_[id] == id && !absorbed(id) && !folded(id) && !spread(id) && !selected(id);
}

// A mix may return the memory of an input too. (It is not in may_return_input, because in bfloat16 it returns bfloat16
// even if only linear layers read it.)
bool Fusion::is_only_read_by_consumers(int id) const {
  switch (at(id).op) {
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

}  // namespace pada
