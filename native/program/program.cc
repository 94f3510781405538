#include "program/program.h"

#include <cmath>
#include <cstring>
#include <unordered_set>

#include "program/check.h"
#include "runtime/errors.h"

namespace pada {
namespace {

constexpr int64_t kMaxExtent = 1 << 20;
constexpr double kProbabilityUnits = 1 << 30;  // as in src/programs/instructions.ts

// Reads the code word by word. `name`: of the instruction or value being read, for error messages.
class Reader {
 public:
  Reader(const int32_t* code, size_t length) : code_(code), length_(length) {}

  size_t left() const { return length_ - position_; }

  int32_t next(const std::string& name) {
    if (position_ >= length_) expected("more words", name, "the end of the program");
    return code_[position_++];
  }

  // A count, then that many words.
  std::vector<int32_t> list(const std::string& name) {
    std::vector<int32_t> words;
    for (int32_t left = next(name); left > 0; left--) words.push_back(next(name));
    return words;
  }

 private:
  const int32_t* code_;
  size_t length_;
  size_t position_ = 0;
};

int resolve(const std::string& tensor, const std::string& kind, const std::string& user, const ShapeTable& table) {
  const int index = table.find(tensor);
  if (index < 0) expected("a " + kind + " of the supernet", user, "\"" + tensor + "\"");
  return index;
}

// Tensors of an instruction, from indices into `names` to indices into `table`.
std::vector<int> resolve(const std::vector<int32_t>& words, const std::vector<std::string>& names,
                         const std::string& kind, const std::string& user, const ShapeTable& table) {
  std::vector<int> indices;
  for (int32_t word : words) {
    if (word < 0 || word >= static_cast<int32_t>(names.size())) {
      expected("the index of a " + kind + " name", user, std::to_string(word));
    }
    indices.push_back(resolve(names[word], kind, user, table));
  }
  return indices;
}

void set_attributes(Instruction& in, const std::vector<int32_t>& words, const std::string& name) {
  const size_t count = kind_of(in.op).attribute_count();
  if (words.size() != count) expected(std::to_string(count) + " attributes", name, std::to_string(words.size()));
  switch (in.op) {
    case Op::Conv2d:
      in.window = {words[0], words[1], words[2], words[3], words[4]};
      break;
    case Op::AvgPool2d:
    case Op::MaxPool2d:
      in.window = {words[0], words[1], words[2]};
      break;
    case Op::Crop2d:
      in.top = words[0];
      in.left = words[1];
      break;
    case Op::Dropout:
    case Op::DropPath:
      in.drop_probability = words[0] / kProbabilityUnits;
      break;
    case Op::Mix:
      in.first_coefficient = words[0];
      break;
    case Op::Tap:
      in.slot = words[0];
      break;
    case Op::Input:
    case Op::Zeros:
    case Op::BatchNorm:
    case Op::Relu:
    case Op::Relu6:
    case Op::Add:
    case Op::Concat:
    case Op::GlobalAvgPool:
    case Op::Linear:
      break;
  }
}

Instruction read_instruction(Reader& reader, int id, std::string& name, const std::vector<std::string>& names,
                             const ShapeTable& parameters, const ShapeTable& buffers) {
  name = "instruction " + std::to_string(id);
  const int32_t op = reader.next(name);
  if (op < 0 || op >= static_cast<int32_t>(kInstructions.size())) expected("a known op code", name, std::to_string(op));
  Instruction in{};
  in.op = static_cast<Op>(op);
  name += " (" + std::string(kind_of(in.op).name) + ")";
  for (int32_t input : reader.list(name)) {
    if (input < 0 || input >= id) expected("the value of an earlier instruction", name, std::to_string(input));
    in.inputs.push_back(input);
  }
  in.parameters = resolve(reader.list(name), names, "parameter", name, parameters);
  in.buffers = resolve(reader.list(name), names, "buffer", name, buffers);
  in.shape.channels = reader.next(name);
  in.shape.height = reader.next(name);
  in.shape.width = reader.next(name);
  for (int64_t extent : {in.shape.channels, in.shape.height, in.shape.width}) {
    if (extent < 1 || extent > kMaxExtent) expected("a positive shape", name, in.shape.text());
  }
  set_attributes(in, reader.list(name), name);
  return in;
}

std::vector<Output> read_outputs(Reader& reader) {
  std::vector<Output> outputs;
  for (int32_t left = reader.next("the number of outputs"); left > 0; left--) {
    Output output;
    output.value = reader.next("an output");
    const int32_t words[2] = {reader.next("an output's weight"), reader.next("an output's weight")};
    static_assert(sizeof words == sizeof output.weight);
    std::memcpy(&output.weight, words, sizeof words);
    outputs.push_back(output);
  }
  if (outputs.empty()) expected("at least one output", "the program", "none");
  return outputs;
}

void check_output(const Program& program, const Output& output) {
  const int count = static_cast<int>(program.instructions.size());
  if (output.value < 0 || output.value >= count) {
    expected("the value of an instruction", "a program's output", std::to_string(output.value));
  }
  const Shape& logits = program.instructions[output.value].shape;
  if (logits.height != 1 || logits.width != 1) expected("shape Cx1x1", "a program's output", logits.text());
  const Shape& first = program.instructions[program.outputs.front().value].shape;
  if (!(logits == first)) expected("shape " + first.text(), "an auxiliary output", logits.text());
  if (!(output.weight >= 0) || std::isinf(output.weight)) {
    expected("a number of at least 0", "the weight of a program's output", std::to_string(output.weight));
  }
}

}  // namespace

std::string Shape::text() const {
  return std::to_string(channels) + "x" + std::to_string(height) + "x" + std::to_string(width);
}

Program decode_program(const int32_t* code, size_t length, const std::vector<std::string>& names,
                       const std::vector<std::string>& idle, const ShapeTable& parameters, const ShapeTable& buffers) {
  Program program;
  Reader reader(code, length);
  program.outputs = read_outputs(reader);
  while (reader.left() > 0) {
    std::string name;
    const int id = static_cast<int>(program.instructions.size());
    Instruction in = read_instruction(reader, id, name, names, parameters, buffers);
    check_instruction(program, in, name, parameters, buffers);
    program.instructions.push_back(std::move(in));
  }

  for (const Output& output : program.outputs) check_output(program, output);

  for (const Instruction& in : program.instructions) {
    program.sampled.insert(program.sampled.end(), in.parameters.begin(), in.parameters.end());
  }
  for (const std::string& parameter : idle) {
    program.sampled.push_back(resolve(parameter, "parameter", "an idle parameter", parameters));
  }
  // Each parameter once, used ones first: a parameter that several instructions share has one gradient.
  std::vector<int> unique;
  std::unordered_set<int> seen;
  for (int parameter : program.sampled) {
    if (seen.insert(parameter).second) unique.push_back(parameter);
  }
  program.sampled = std::move(unique);
  return program;
}

}  // namespace pada
