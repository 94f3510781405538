// A program as decoded from JavaScript: instructions in topological order, each producing one value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pada {

// Same order as OP_CODES in src/program.ts.
enum class Op : int32_t { Input, Zeros, Conv2d, BatchNorm, Relu, AvgPool2d, Add, GlobalAvgPool, Linear };

struct Shape {
  int64_t channels = 0, height = 0, width = 0;
  bool operator==(const Shape&) const = default;
  std::string text() const;
};

// Extent and movement of a convolution's or a pool's window.
struct Window {
  int64_t kernel = 0, stride = 0, padding = 0;
};

struct Instruction {
  Op op;
  std::vector<int> inputs;      // ids of values: indices of earlier instructions
  std::vector<int> parameters;  // indices into the supernet's parameters: weight, then bias
  Shape shape;                  // of the value produced
  Window window;
};

struct Program {
  std::vector<Instruction> instructions;
  int output = 0;
  std::vector<int> sampled;  // every parameter that counts as sampled: used by an instruction, or declared idle
};

// What decoding needs to know of the supernet.
class ParameterTable {
 public:
  virtual ~ParameterTable() = default;
  // Index of a parameter, or -1.
  virtual int find(const std::string& name) const = 0;
  virtual const std::vector<int64_t>& shape(int index) const = 0;
};

// Decodes `code` (layout: EncodedProgram in src/program.ts) and checks every reference and shape. Throws an error that
// names the instruction.
Program decode_program(const int32_t* code, size_t length, const std::vector<std::string>& names,
                       const std::vector<std::string>& idle, const ParameterTable& parameters);

}  // namespace pada
