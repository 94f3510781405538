// What becomes of each instruction of a program before it is planned: dead and equal ones are left out, and others are
// computed by the instructions that read them.
#pragma once

#include <vector>

#include "program/plan.h"

namespace pada {

class Fusion {
 public:
  // `outputs`: how many of the program's outputs are computed, from the first one on.
  Fusion(const Program& program, bool fold, size_t outputs);

  // The first `outputs` of the program.
  const std::vector<Output>& outputs() const { return outputs_; }

  // The i-th input of an instruction. Of equal instructions, the first stands for all.
  int operand(int id, size_t i) const { return alias_[at(id).inputs[i]]; }
  int uses(int id) const { return uses_[id]; }
  const std::vector<int>& consumers(int id) const { return consumers_[id]; }

  // True if the instruction needs a step of its own.
  bool is_step(int id) const;

  bool only_feeds(int id, Op op) const;

  // If only convolutions read a ReLU, they compute it.
  bool folded(int id) const;

  // If only strided pointwise convolutions read a crop, they select their pixels from what it crops.
  bool selected(int id) const;

  // If only pointwise convolutions read a concatenation, through ReLUs and crops that they compute, they read its
  // parts.
  bool spread(int id) const;

  // If a batch norm or pool feeds only a sum, the sum computes it, with a drop path between them.
  bool absorbed(int id) const;

  // Linear layers compute in float32 in any precision. A value that only they read stays float32 too.
  bool only_feeds_linear(int id) const { return only_feeds_linear_[id]; }

  // True if only its consumers read a value's memory. The instruction must not read it in the backward pass, and no
  // other value may share it.
  bool is_only_read_by_consumers(int id) const;

 private:
  const Instruction& at(int id) const { return program_.instructions[id]; }
  void merge_equal_relus();
  void count_uses();
  void find_linear_readers();
  bool is_output(int id) const { return uses_[id] != static_cast<int>(consumers_[id].size()); }
  bool pointwise(int id) const;
  bool drops_norm(int id) const;

  const Program& program_;
  const bool fold_;
  std::vector<Output> outputs_;
  std::vector<int> alias_;  // by value id: the instruction that stands for it
  std::vector<bool> live_;
  std::vector<int> uses_;
  std::vector<std::vector<int>> consumers_;
  std::vector<bool> only_feeds_linear_;
};

}  // namespace pada
