// A plan is a program made ready to run: dead instructions removed, batch norms and pools fused into the sum of the
// node they end in, ReLUs fused into the convolutions that read them or else into the step that produces their input,
// biases dropped where a batch norm cancels them.
#pragma once

#include <vector>

#include "program/program.h"

namespace pada {

// One summand of a node.
struct Term {
  enum class Kind { Copy, BatchNorm, AvgPool } kind;
  int input;                      // value id
  Window window{};                // of a pool
  bool overwrites_input = false;  // a batch norm that alone reads its input may leave the gradient in its memory
  int conv = -1;                  // of such a batch norm: the step that computes its input, if that is a convolution
};

struct Step {
  enum class Kind { Input, Zeros, Conv, Sum, Relu, GlobalAvgPool, Linear } kind;
  int output;                  // value id
  int input = -1;              // value id (all but Input, Zeros, Sum)
  int weight = -1, bias = -1;  // parameter indices (Conv, Linear); bias -1: none, or cancelled by a batch norm
  Window window{};             // of a Conv
  bool relu_input = false;     // Conv: reads the ReLU of its input
  bool feeds_norm = false;     // Conv: a batch norm alone reads its output
  std::vector<Term> terms;     // of a Sum
  int relu = -1;               // Sum: value id of the ReLU of the sum, computed in the same pass
  bool keeps_sum = true;       // Sum: whether anything but that ReLU reads the sum itself
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
};

struct PlanOptions {
  bool keep_cancelled_biases;  // add them all the same, for arithmetic in the order of the PyTorch reference
  bool fold_relus;             // into convolutions, for kernels that read their input through a ReLU
};

Plan make_plan(const Program& program, const PlanOptions& options);

}  // namespace pada
