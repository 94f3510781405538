// A plan is a program made ready to run: dead instructions removed, batch norms and pools fused into the sum of the
// node they end in, ReLUs fused into the convolutions that read them or else into the step that produces their input,
// biases dropped where a batch norm cancels them.
#pragma once

#include <limits>
#include <vector>

#include "program/program.h"

namespace pada {

// One summand of a node, or (a copy) one part of a concatenation or of a mix.
struct Term {
  enum class Kind { Copy, BatchNorm, AvgPool } kind;
  int input;                                     // value id
  Window window{};                               // of a pool
  bool overwrites_input = false;                 // a batch norm that alone reads its input may leave the gradient there
  int conv = -1;                                 // of such a batch norm: the step that computes its input, if a Conv
  int weight = -1, bias = -1;                    // parameter indices of a batch norm's affine, or -1
  int running_mean = -1, running_variance = -1;  // buffer indices of its running statistics, or -1

  bool has_affine() const { return weight >= 0; }
  bool has_running() const { return running_mean >= 0; }
};

struct Step {
  enum class Kind { Input, Zeros, Conv, Sum, Relu, GlobalAvgPool, Linear, MaxPool, Concat, Crop, Drop, Mix, Tap } kind;
  int output;                     // value id
  int input = -1;                 // value id (all but Input, Zeros, and those with terms)
  int weight = -1, bias = -1;     // parameter indices (Conv, Linear); bias -1: none, or cancelled by a batch norm
  Window window{};                // of a Conv or a MaxPool
  bool relu_input = false;        // Conv: reads the ReLU of its input
  bool feeds_norm = false;        // Conv: a batch norm alone reads its output,
  bool norm_has_running = false;  // one that has running statistics
  std::vector<Term> terms;        // of a Sum, a Concat or a Mix
  int relu = -1;                  // Sum: value id of the ReLU of the sum, computed in the same pass
  bool keeps_sum = true;          // Sum: whether anything but that ReLU reads the sum itself
  float ceiling = kNoCeiling;     // of a Relu, or of the ReLU of a Sum: no value is above it
  int64_t top = 0, left = 0;      // of a Crop
  bool stays_float = false;       // GlobalAvgPool, Linear: the output is float32 in any precision
  double drop_probability = 0;    // of a Drop
  bool drops_samples = false;     // Drop: whole samples, not single numbers
  int first_coefficient = 0;      // Mix: index of its first term's among those of the step
  int slot = -1;                  // of a Tap

  static constexpr float kNoCeiling = std::numeric_limits<float>::infinity();
};

struct Plan {
  std::vector<Step> steps;
  std::vector<Shape> shapes;            // by value id
  std::vector<bool> requires_gradient;  // by value id: depends on a parameter
  // By value id: index of the last step that reads the value going forward, and whether the backward pass reads it.
  std::vector<int> last_use;
  std::vector<bool> read_backward;
  int input = -1;  // value id of the images, -1 when the program ignores them
  int output = 0;
  std::vector<int> sampled;  // parameter indices, see Program
  int coefficients = 0;      // how many of them the mixes of the plan read
  std::vector<int> buffers;  // buffer indices of the running statistics that steps use, each once
};

struct PlanOptions {
  bool keep_cancelled_biases;  // add them all the same, for arithmetic in the order of the PyTorch reference
  bool fold_relus;             // into convolutions, for kernels that read their input through a ReLU
};

Plan make_plan(const Program& program, const PlanOptions& options);

}  // namespace pada
