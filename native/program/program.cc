#include "program/program.h"

#include <array>
#include <unordered_set>

#include "errors.h"

namespace pada {
namespace {

constexpr std::array<const char*, 9> kOpNames = {"input",     "zeros", "conv2d",        "batchNorm", "relu",
                                                 "avgPool2d", "add",   "globalAvgPool", "linear"};
constexpr int64_t kMaxExtent = 1 << 20;

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); i++) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

// Reads the code word by word and knows which instruction it is in, for error messages.
class Reader {
 public:
  Reader(const int32_t* code, size_t length) : code_(code), length_(length) {}

  size_t left() const { return length_ - position_; }

  int32_t next(const std::string& what) {
    if (position_ >= length_) expected("more words", what, "the end of the program");
    return code_[position_++];
  }

 private:
  const int32_t* code_;
  size_t length_;
  size_t position_ = 0;
};

class Checker {
 public:
  Checker(const Program& program, const ParameterTable& table) : program_(program), table_(table) {}

  void check(const Instruction& in, const std::string& name) const {
    switch (in.op) {
      case Op::Input:
      case Op::Zeros:
        arity(in, name, 0, 0);
        break;
      case Op::Conv2d: {
        arity(in, name, 1, 2);
        const Shape& x = input(in, 0);
        same(in.shape, windowed(in, x, in.shape.channels, name), name);
        parameter(in.parameters[0], {in.shape.channels, x.channels, in.window.kernel, in.window.kernel}, name);
        if (in.parameters.size() == 2) parameter(in.parameters[1], {in.shape.channels}, name);
        break;
      }
      case Op::BatchNorm:
      case Op::Relu:
        arity(in, name, 1, 0);
        same(in.shape, input(in, 0), name);
        break;
      case Op::AvgPool2d: {
        arity(in, name, 1, 0);
        const Shape& x = input(in, 0);
        same(in.shape, windowed(in, x, x.channels, name), name);
        if (in.window.padding * 2 > in.window.kernel) {
          expected("at most half the kernel as padding", name, std::to_string(in.window.padding));
        }
        break;
      }
      case Op::Add:
        if (in.inputs.empty()) expected("at least one input", name, "none");
        for (size_t i = 0; i < in.inputs.size(); i++) same(in.shape, input(in, i), name);
        break;
      case Op::GlobalAvgPool: {
        arity(in, name, 1, 0);
        same(in.shape, {input(in, 0).channels, 1, 1}, name);
        break;
      }
      case Op::Linear: {
        arity(in, name, 1, 2);
        const Shape& x = input(in, 0);
        same(x, {x.channels, 1, 1}, name);
        same(in.shape, {in.shape.channels, 1, 1}, name);
        parameter(in.parameters[0], {in.shape.channels, x.channels}, name);
        if (in.parameters.size() != 2) expected("a weight and a bias", name, "one parameter");
        parameter(in.parameters[1], {in.shape.channels}, name);
        break;
      }
    }
  }

 private:
  const Shape& input(const Instruction& in, size_t i) const { return program_.instructions[in.inputs[i]].shape; }

  static void arity(const Instruction& in, const std::string& name, size_t inputs, size_t max_parameters) {
    if (in.inputs.size() != inputs) {
      expected(std::to_string(inputs) + " inputs", name, std::to_string(in.inputs.size()));
    }
    const size_t count = in.parameters.size();
    if (count > max_parameters || (max_parameters > 0 && count == 0)) {
      expected(max_parameters == 0 ? "no parameters" : "one or two parameters", name, std::to_string(count));
    }
  }

  static void same(const Shape& declared, const Shape& inferred, const std::string& name) {
    if (!(declared == inferred)) expected("shape " + inferred.text(), name, declared.text());
  }

  static Shape windowed(const Instruction& in, const Shape& x, int64_t channels, const std::string& name) {
    const Window& w = in.window;
    if (w.kernel < 1 || w.stride < 1 || w.padding < 0 || w.padding >= w.kernel) {
      expected("kernel and stride of at least 1 and padding below the kernel", name,
               std::to_string(w.kernel) + ", " + std::to_string(w.stride) + ", " + std::to_string(w.padding));
    }
    const int64_t height = x.height + 2 * w.padding - w.kernel, width = x.width + 2 * w.padding - w.kernel;
    if (height < 0 || width < 0) expected("an input of at least the kernel's extent", name, x.text());
    return {channels, height / w.stride + 1, width / w.stride + 1};
  }

  void parameter(int index, const std::vector<int64_t>& shape, const std::string& name) const {
    if (table_.shape(index) != shape) {
      expected("a parameter of shape " + shape_text(shape), name, shape_text(table_.shape(index)));
    }
  }

  const Program& program_;
  const ParameterTable& table_;
};

int resolve(const std::string& parameter, const std::string& user, const ParameterTable& table) {
  const int index = table.find(parameter);
  if (index < 0) expected("a parameter of the supernet", user, "\"" + parameter + "\"");
  return index;
}

}  // namespace

std::string Shape::text() const {
  return std::to_string(channels) + "x" + std::to_string(height) + "x" + std::to_string(width);
}

Program decode_program(const int32_t* code, size_t length, const std::vector<std::string>& names,
                       const std::vector<std::string>& idle, const ParameterTable& table) {
  Program program;
  Reader reader(code, length);
  while (reader.left() > 1) {
    const int id = static_cast<int>(program.instructions.size());
    std::string name = "instruction " + std::to_string(id);
    const int32_t op = reader.next(name);
    if (op < 0 || op >= static_cast<int32_t>(kOpNames.size())) expected("a known op code", name, std::to_string(op));
    name += std::string(" (") + kOpNames[op] + ")";

    Instruction in{};
    in.op = static_cast<Op>(op);
    for (int32_t left = reader.next(name); left > 0; left--) {
      const int32_t input = reader.next(name);
      if (input < 0 || input >= id) expected("the value of an earlier instruction", name, std::to_string(input));
      in.inputs.push_back(input);
    }
    for (int32_t left = reader.next(name); left > 0; left--) {
      const int32_t index = reader.next(name);
      if (index < 0 || index >= static_cast<int32_t>(names.size())) {
        expected("the index of a parameter name", name, std::to_string(index));
      }
      in.parameters.push_back(resolve(names[index], name, table));
    }
    in.shape.channels = reader.next(name);
    in.shape.height = reader.next(name);
    in.shape.width = reader.next(name);
    for (int64_t extent : {in.shape.channels, in.shape.height, in.shape.width}) {
      if (extent < 1 || extent > kMaxExtent) expected("a positive shape", name, in.shape.text());
    }
    in.window.kernel = reader.next(name);
    in.window.stride = reader.next(name);
    in.window.padding = reader.next(name);
    Checker(program, table).check(in, name);
    program.instructions.push_back(std::move(in));
  }

  program.output = reader.next("the program's output");
  const int count = static_cast<int>(program.instructions.size());
  if (program.output < 0 || program.output >= count) {
    expected("the value of an instruction", "the program's output", std::to_string(program.output));
  }
  const Shape& logits = program.instructions[program.output].shape;
  if (logits.height != 1 || logits.width != 1) expected("shape Cx1x1", "the program's output", logits.text());

  for (const Instruction& in : program.instructions) {
    program.sampled.insert(program.sampled.end(), in.parameters.begin(), in.parameters.end());
  }
  for (const std::string& parameter : idle) program.sampled.push_back(resolve(parameter, "an idle parameter", table));
  // Each once, used ones first: a parameter that several instructions share has one gradient.
  std::vector<int> unique;
  std::unordered_set<int> seen;
  for (int parameter : program.sampled) {
    if (seen.insert(parameter).second) unique.push_back(parameter);
  }
  program.sampled = std::move(unique);
  return program;
}

}  // namespace pada
