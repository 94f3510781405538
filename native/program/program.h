// A program decoded from JavaScript: instructions in topological order. Each instruction produces one value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "program/instructions.h"

namespace pada {

struct Shape {
  int64_t channels = 0, height = 0, width = 0;
  bool operator==(const Shape&) const = default;
  std::string text() const;
};

// Extent and movement of a convolution's or a pool's window. `groups`: of a convolution's channels.
struct Window {
  int64_t kernel = 0, stride = 0, padding = 0, dilation = 1, groups = 1;

  // Pixels from the first element of the kernel to the last.
  int64_t span() const { return dilation * (kernel - 1) + 1; }
};

struct Instruction {
  Op op;
  std::vector<int> inputs;      // ids of values: indices of earlier instructions
  std::vector<int> parameters;  // indices into the supernet's parameters: weight, then bias
  std::vector<int> buffers;     // indices into the supernet's buffers: running mean, then variance
  Shape shape;                  // of the value produced
  Window window;                // of a convolution or a pool
  int64_t top = 0, left = 0;    // of a crop: its first row and column
  double drop_probability = 0;  // of a dropout or a drop path
  int first_coefficient = 0;    // of a mix: index of its first input's coefficient in Phase::mixing
  int slot = -1;                // of a tap: identifies its value
};

// Logits that the program computes, one channel per class.
struct Output {
  int value = 0;
  double weight = 1;  // of its cross-entropy in the loss
};

struct Program {
  std::vector<Instruction> instructions;
  // The first is the network's result. The others are auxiliary: they have a part in the loss of training, and nothing
  // else reads them.
  std::vector<Output> outputs;
  std::vector<int> sampled;  // every parameter that counts as sampled: used by an instruction, or declared idle
};

// Names and shapes of the supernet's parameters, or of its buffers.
class ShapeTable {
 public:
  virtual ~ShapeTable() = default;
  // Index of a tensor, or -1.
  virtual int find(const std::string& name) const = 0;
  virtual const std::vector<int64_t>& shape(int index) const = 0;
};

// Decodes `code` (layout: EncodedProgram in src/programs/encode-program.ts) and checks every reference and shape.
// Throws an error that names the instruction.
Program decode_program(const int32_t* code, size_t length, const std::vector<std::string>& names,
                       const std::vector<std::string>& idle, const ShapeTable& parameters, const ShapeTable& buffers);

}  // namespace pada
