// The table of instructions, which defines op codes, names and the checks of decoding. `INSTRUCTIONS` of
// src/programs/instructions.ts is the same table; a test compares the two.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pada {

// The fewest and the most allowed.
struct Count {
  int fewest, most;
};
inline constexpr int kAny = 1 << 20;

// A row: op, name, inputs, parameters, buffers, then the names of the attributes. Append only: the position of a row is
// its op code.
#define PADA_INSTRUCTIONS(X)                                                                       \
  X(Input, "input", (0, 0), (0, 0), (0, 0))                                                        \
  X(Zeros, "zeros", (0, 0), (0, 0), (0, 0))                                                        \
  X(Conv2d, "conv2d", (1, 1), (1, 2), (0, 0), "kernel", "stride", "padding", "dilation", "groups") \
  X(BatchNorm, "batchNorm", (1, 1), (0, 2), (0, 2))                                                \
  X(Relu, "relu", (1, 1), (0, 0), (0, 0))                                                          \
  X(AvgPool2d, "avgPool2d", (1, 1), (0, 0), (0, 0), "kernel", "stride", "padding")                 \
  X(Add, "add", (1, kAny), (0, 0), (0, 0))                                                         \
  X(GlobalAvgPool, "globalAvgPool", (1, 1), (0, 0), (0, 0))                                        \
  X(Linear, "linear", (1, 1), (2, 2), (0, 0))                                                      \
  X(Relu6, "relu6", (1, 1), (0, 0), (0, 0))                                                        \
  X(MaxPool2d, "maxPool2d", (1, 1), (0, 0), (0, 0), "kernel", "stride", "padding")                 \
  X(Concat, "concat", (1, kAny), (0, 0), (0, 0))                                                   \
  X(Crop2d, "crop2d", (1, 1), (0, 0), (0, 0), "top", "left")                                       \
  X(Dropout, "dropout", (1, 1), (0, 0), (0, 0), "p")                                               \
  X(DropPath, "dropPath", (1, 1), (0, 0), (0, 0), "p")                                             \
  X(Mix, "mix", (1, kAny), (0, 0), (0, 0), "firstCoefficient")                                     \
  X(Tap, "tap", (1, 1), (0, 0), (0, 0), "slot")

#define PADA_OP(op, ...) op,
enum class Op : int32_t { PADA_INSTRUCTIONS(PADA_OP) };
#undef PADA_OP

struct InstructionKind {
  Op op;
  std::string_view name;
  Count inputs, parameters, buffers;
  std::array<std::string_view, 5> attributes{};  // unused ones are empty

  constexpr size_t attribute_count() const {
    size_t count = 0;
    while (count < attributes.size() && !attributes[count].empty()) count++;
    return count;
  }
};

#define PADA_COUNT(fewest, most) \
  Count { fewest, most }
#define PADA_ROW(op, name, inputs, parameters, buffers, ...) \
  InstructionKind{Op::op, name, PADA_COUNT inputs, PADA_COUNT parameters, PADA_COUNT buffers, {__VA_ARGS__}},
inline constexpr std::array kInstructions = {PADA_INSTRUCTIONS(PADA_ROW)};
#undef PADA_ROW
#undef PADA_COUNT
#undef PADA_INSTRUCTIONS

constexpr const InstructionKind& kind_of(Op op) { return kInstructions[static_cast<size_t>(op)]; }

constexpr bool rows_stand_at_their_op() {
  for (size_t i = 0; i < kInstructions.size(); i++) {
    const InstructionKind& kind = kInstructions[i];
    if (static_cast<size_t>(kind.op) != i || kind.name.empty()) return false;
    for (const Count& count : {kind.inputs, kind.parameters, kind.buffers}) {
      if (count.fewest < 0 || count.most < count.fewest) return false;
    }
  }
  return true;
}
static_assert(rows_stand_at_their_op());

}  // namespace pada
