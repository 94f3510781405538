// A plan is a program made ready to run. Dead instructions are removed. Batch norms and pools are fused into the sum of
// the node that they end in, and so are drop paths of batch norms. ReLUs are fused into the convolutions that read
// them, with a batch norm before them, or else into the sum that they read. Concatenations are fused into the pointwise
// convolutions that read them, and so are depthwise convolutions. Biases that a batch norm cancels are dropped.
#pragma once

#include <limits>
#include <memory>
#include <vector>

#include "program/program.h"

namespace pada {

// One summand of a node, or (a copy) one part of a concatenation or of a mix.
struct Term {
  enum class Kind { Copy, BatchNorm, AvgPool } kind;
  int input;                                     // value id
  Window window{};                               // of a pool
  bool overwrites_input = false;                 // BatchNorm: alone reads its input, so its gradient may overwrite it
  int conv = -1;                                 // BatchNorm: index of the Conv step whose output only it reads, or -1
  int weight = -1, bias = -1;                    // parameter indices of a batch norm's affine, or -1
  int running_mean = -1, running_variance = -1;  // buffer indices of its running statistics, or -1
  int drop = -1;                // BatchNorm: value id of the drop path that reads it and is computed with it, or -1
  double drop_probability = 0;  // of that drop path

  bool has_affine() const { return weight >= 0; }
  bool has_running() const { return running_mean >= 0; }
};

struct Step {
  enum class Kind { Input, Zeros, Conv, Sum, Relu, GlobalAvgPool, Linear, MaxPool, Concat, Crop, Drop, Mix, Tap } kind;
  int output;                     // value id
  int input = -1;                 // value id; -1 for Input, Zeros and steps with terms
  int weight = -1, bias = -1;     // parameter indices (Conv, Linear); bias -1: none, or cancelled by a batch norm
  Window window{};                // of a Conv or a MaxPool
  bool relu_input = false;        // Conv: reads the ReLU of its input
  bool feeds_norm = false;        // Conv: only a batch norm reads its output
  bool norm_has_running = false;  // Conv: that batch norm has running statistics
  std::vector<int> parts;         // Conv: value ids whose concatenation is its input, which no step computes
  int norm = -1;                  // Conv: index of the Sum that is only a batch norm and has no other reader, or -1
  int depthwise = -1;             // pointwise Conv: index of the depthwise Conv whose output only it reads, or -1
  int pointwise = -1;             // depthwise Conv: index of the Conv whose `depthwise` it is, or -1
  std::vector<Term> terms;        // of a Sum, a Concat or a Mix
  int reader = -1;                // Sum: index of the Conv whose `norm` it is, or -1
  int relu = -1;                  // Sum: value id of the ReLU of the sum, computed in the same pass
  bool keeps_sum = true;          // Sum: something other than that ReLU reads the sum
  float ceiling = kNoCeiling;     // Relu, or ReLU of a Sum or of the input of a Conv: largest value
  int64_t top = 0, left = 0;      // of a Crop, or of a Conv that reads every stride-th pixel of its input from there on
  bool stays_float = false;       // GlobalAvgPool, Linear: the output is float32 in any precision
  double drop_probability = 0;    // of a Drop
  bool drops_samples = false;     // Drop: whole samples, not single numbers
  int first_coefficient = 0;      // Mix: index of its first term's coefficient in Phase::mixing
  int slot = -1;                  // of a Tap

  static constexpr float kNoCeiling = std::numeric_limits<float>::infinity();
};

struct Plan {
  std::vector<Step> steps;
  std::vector<Shape> shapes;            // by value id
  std::vector<bool> requires_gradient;  // by value id: depends on a parameter or a coefficient
  // By value id: index of the last step that reads the value in the forward pass; true if the backward pass reads it.
  std::vector<int> last_use;
  std::vector<bool> read_backward;
  int input = -1;               // value id of the images, -1 if the program ignores them
  std::vector<Output> outputs;  // see Program
  std::vector<int> sampled;     // parameter indices, see Program
  int coefficients = 0;         // number of coefficients that the plan's mixes need
  // By step: the parameters whose gradients are complete when the backward pass has done the step, which are those that
  // no step before it uses. Idle parameters are at no step.
  std::vector<std::vector<int>> completes;
  std::vector<int> buffers;  // buffer indices of the running statistics that steps use, each once
  // The plan without auxiliary outputs and the steps that only they need; null if the program has none.
  std::shared_ptr<const Plan> without_auxiliary;

  int logits() const { return outputs.front().value; }
  const Plan& for_evaluation() const { return without_auxiliary ? *without_auxiliary : *this; }
};

struct PlanOptions {
  bool keep_cancelled_biases;  // add biases that a batch norm cancels, as the PyTorch reference does
  bool fold;  // fuse what only kernels can: drop paths, concatenations, ReLUs of convolutions, depthwise ones
};

Plan make_plan(const Program& program, const PlanOptions& options);

}  // namespace pada
