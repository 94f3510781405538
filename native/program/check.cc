#include "program/check.h"

#include "runtime/errors.h"

namespace pada {
namespace {

constexpr int kMostCoefficients = 1 << 20;

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); i++) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

class Checker {
 public:
  Checker(const Program& program, const Instruction& in, const std::string& name, const ShapeTable& parameters,
          const ShapeTable& buffers)
      : program_(program), in_(in), name_(name), parameters_(parameters), buffers_(buffers) {}

  void check() const {
    const InstructionKind& kind = kind_of(in_.op);
    counted("input", in_.inputs.size(), kind.inputs);
    counted("parameter", in_.parameters.size(), kind.parameters);
    counted("buffer", in_.buffers.size(), kind.buffers);
    switch (in_.op) {
      case Op::Input:
      case Op::Zeros:
        break;
      case Op::Conv2d:
        convolution();
        break;
      case Op::BatchNorm:
        same(in_.shape, input(0));
        norm();
        break;
      case Op::Relu:
      case Op::Relu6:
        same(in_.shape, input(0));
        break;
      case Op::AvgPool2d:
      case Op::MaxPool2d:
        same(in_.shape, windowed(input(0).channels));
        if (in_.window.padding * 2 > in_.window.kernel) {
          refuse("at most half the kernel as padding", std::to_string(in_.window.padding));
        }
        break;
      case Op::Add:
      case Op::Mix:
        for (size_t i = 0; i < in_.inputs.size(); i++) same(in_.shape, input(i));
        if (in_.first_coefficient < 0 || in_.first_coefficient > kMostCoefficients) {
          refuse("the index of a coefficient", std::to_string(in_.first_coefficient));
        }
        break;
      case Op::Concat:
        concatenation();
        break;
      case Op::GlobalAvgPool:
        same(in_.shape, {input(0).channels, 1, 1});
        break;
      case Op::Linear:
        same(input(0), {input(0).channels, 1, 1});
        same(in_.shape, {in_.shape.channels, 1, 1});
        parameter(0, {in_.shape.channels, input(0).channels});
        parameter(1, {in_.shape.channels});
        break;
      case Op::Crop2d:
        crop();
        break;
      case Op::Dropout:
      case Op::DropPath:
        same(in_.shape, input(0));
        if (!(in_.drop_probability >= 0 && in_.drop_probability < 1)) {
          refuse("a probability below 1", std::to_string(in_.drop_probability));
        }
        break;
      case Op::Tap:
        same(in_.shape, input(0));
        tap();
        break;
    }
  }

 private:
  const Shape& input(size_t i) const { return program_.instructions[in_.inputs[i]].shape; }

  [[noreturn]] void refuse(const std::string& wanted, const std::string& received) const {
    expected(wanted, name_, received);
  }

  // The allowed number of one thing in words: "no buffers", "1 to 2 parameters", "at least one input".
  static std::string words(const std::string& thing, Count count) {
    if (count.most == 0) return "no " + thing + "s";
    if (count.most == kAny) return "at least one " + thing;
    if (count.fewest == count.most) return std::to_string(count.most) + " " + thing + (count.most == 1 ? "" : "s");
    return std::to_string(count.fewest) + " to " + std::to_string(count.most) + " " + thing + "s";
  }

  void counted(const std::string& thing, size_t number, Count count) const {
    if (number >= static_cast<size_t>(count.fewest) && number <= static_cast<size_t>(count.most)) return;
    refuse(words(thing, count), number == 0 ? "none" : std::to_string(number));
  }

  void same(const Shape& declared, const Shape& inferred) const {
    if (!(declared == inferred)) refuse("shape " + inferred.text(), declared.text());
  }

  Shape windowed(int64_t channels) const {
    const Window& w = in_.window;
    const Shape& x = input(0);
    if (w.kernel < 1 || w.stride < 1 || w.dilation < 1 || w.padding < 0 || w.padding >= w.span()) {
      refuse("kernel, stride and dilation of at least 1 and padding below the kernel's span",
             std::to_string(w.kernel) + ", " + std::to_string(w.stride) + ", " + std::to_string(w.dilation) + ", " +
                 std::to_string(w.padding));
    }
    const int64_t height = x.height + 2 * w.padding - w.span(), width = x.width + 2 * w.padding - w.span();
    if (height < 0 || width < 0) refuse("an input of at least the kernel's span", x.text());
    // oneDNN asks for memory by the stride, and fails for all later programs if that is beyond all bounds.
    constexpr int64_t kLargestStride = 1024;
    if (w.stride > kLargestStride) refuse("a stride of at most 1024", std::to_string(w.stride));
    return {channels, height / w.stride + 1, width / w.stride + 1};
  }

  void convolution() const {
    const Window& w = in_.window;
    const int64_t from = input(0).channels, to = in_.shape.channels;
    same(in_.shape, windowed(to));
    if (w.groups < 1 || from % w.groups != 0 || to % w.groups != 0) {
      refuse("groups that divide the channels",
             std::to_string(w.groups) + " for " + std::to_string(from) + " to " + std::to_string(to) + " channels");
    }
    parameter(0, {to, from / w.groups, w.kernel, w.kernel});
    if (in_.parameters.size() == 2) parameter(1, {to});
  }

  void norm() const {
    if (in_.parameters.size() == 1) refuse("a weight and a bias, or neither", "one parameter");
    for (size_t i = 0; i < in_.parameters.size(); i++) parameter(i, {in_.shape.channels});
    if (in_.buffers.size() != 0 && in_.buffers.size() != 2) {
      refuse("a running mean and a running variance, or neither", std::to_string(in_.buffers.size()) + " buffers");
    }
    for (int buffer : in_.buffers) tensor("buffer", buffers_.shape(buffer), {in_.shape.channels});
  }

  void concatenation() const {
    Shape whole{0, input(0).height, input(0).width};
    for (size_t i = 0; i < in_.inputs.size(); i++) {
      same(input(i), {input(i).channels, whole.height, whole.width});
      whole.channels += input(i).channels;
    }
    same(in_.shape, whole);
  }

  void crop() const {
    const Shape& x = input(0);
    const bool inside = in_.shape.channels <= x.channels && in_.top >= 0 && in_.left >= 0 &&
                        in_.top + in_.shape.height <= x.height && in_.left + in_.shape.width <= x.width;
    if (!inside) {
      refuse("a part of " + x.text(),
             in_.shape.text() + " at " + std::to_string(in_.top) + ", " + std::to_string(in_.left));
    }
  }

  // Values are kept by slot, so a program may use each slot once.
  void tap() const {
    if (in_.slot < 0) refuse("a slot of at least 0", std::to_string(in_.slot));
    for (const Instruction& earlier : program_.instructions) {
      if (earlier.op == Op::Tap && earlier.slot == in_.slot) {
        refuse("a slot that no other tap has", std::to_string(in_.slot));
      }
    }
  }

  void parameter(size_t i, const std::vector<int64_t>& shape) const {
    tensor("parameter", parameters_.shape(in_.parameters[i]), shape);
  }

  void tensor(const std::string& kind, const std::vector<int64_t>& given, const std::vector<int64_t>& shape) const {
    if (given != shape) refuse("a " + kind + " of shape " + shape_text(shape), shape_text(given));
  }

  const Program& program_;
  const Instruction& in_;
  const std::string& name_;
  const ShapeTable& parameters_;
  const ShapeTable& buffers_;
};

}  // namespace

void check_instruction(const Program& program, const Instruction& in, const std::string& name,
                       const ShapeTable& parameters, const ShapeTable& buffers) {
  Checker(program, in, name, parameters, buffers).check();
}

}  // namespace pada
