#include "execution/aten_convolutions.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <tuple>

#include "ops/select.h"
#include "runtime/torch.h"
#include "runtime/torch_cuda.h"

namespace pada {
namespace {

using Clock = std::chrono::steady_clock;

// One convolution and its tensors.
class Convolution {
 public:
  Convolution(const Shape& in, const Shape& out, const Window& window, bool bias, bool input_gradient, int64_t batch,
              at::TensorOptions options)
      : window_(window), channels_(out.channels), input_gradient_(input_gradient) {
    const auto image = [&](const Shape& s) {
      // Numbers as a batch norm gives them: zeros and subnormal numbers might take other times.
      return at::randn({batch, s.channels, s.height, s.width}, options).contiguous(at::MemoryFormat::ChannelsLast);
    };
    input_ = image(in);
    gradient_ = image(out);
    weight_ = at::randn({out.channels, in.channels / window.groups, window.kernel, window.kernel}, options);
    if (bias) bias_ = at::randn({out.channels}, options);
  }

  void forward() const {
    const Window& w = window_;
    at::convolution(input_, weight_, bias_, {w.stride, w.stride}, {w.padding, w.padding}, {w.dilation, w.dilation},
                    false, {0, 0}, w.groups);
  }

  void backward() const {
    const Window& w = window_;
    at::OptionalIntArrayRef bias_sizes;
    if (bias_) bias_sizes = at::IntArrayRef(&channels_, 1);
    at::convolution_backward(gradient_, input_, weight_, bias_sizes, {w.stride, w.stride}, {w.padding, w.padding},
                             {w.dilation, w.dilation}, false, {0, 0}, w.groups,
                             {input_gradient_, true, bias_.has_value()});
  }

 private:
  Window window_;
  int64_t channels_;
  bool input_gradient_;
  at::Tensor input_, gradient_, weight_;
  std::optional<at::Tensor> bias_;
};

struct Group {
  Convolution convolution;
  int64_t count;
};

// Cells repeat convolutions, and equal convolutions take equal time. Each distinct one runs once per round and counts
// as often as the plan has it. (Running all of them in the plan's order gave the same sum within the noise.)
std::vector<Group> groups_of(const Plan& plan, const at::TensorOptions& options, const ConvolutionTiming& timing) {
  using Key = std::tuple<int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, bool, bool>;
  std::map<Key, size_t> known;
  std::vector<Group> groups;
  for (const Step& step : plan.steps) {
    if (step.kind != Step::Kind::Conv) continue;
    Shape in = plan.shapes[step.input];
    const Shape& out = plan.shapes[step.output];
    Window w = step.window;
    if (w.kernel == 1 && (in.height + 2 * w.padding - 1) / w.stride + 1 != out.height) {
      // It reads through a crop: the input is larger than what it reads.
      in.height = (out.height - 1) * w.stride + 1 - 2 * w.padding;
      in.width = (out.width - 1) * w.stride + 1 - 2 * w.padding;
    }
    if (is_misread(w, in.channels, options.device())) {
      // The convolution of the pixels that it reads.
      in = {in.channels, out.height, out.width};
      w.stride = 1;
      w.padding = 0;
    }
    const bool bias = step.bias >= 0, input_gradient = plan.requires_gradient[step.input];
    const Key key{in.channels, in.height,  in.width, out.channels, w.kernel,      w.stride,
                  w.padding,   w.dilation, w.groups, bias,         input_gradient};
    const auto [place, is_new] = known.try_emplace(key, groups.size());
    if (is_new) {
      groups.push_back({Convolution(in, out, w, bias, input_gradient, timing.batch, options), 1});
    } else {
      groups[place->second].count++;
    }
  }
  return groups;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<int64_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

}  // namespace

double time_aten_convolutions(const Plan& plan, const Parameters& parameters, Precision precision,
                              const ConvolutionTiming& timing) {
  const bool cuda = parameters.device().is_cuda();
  const auto options = at::TensorOptions()
                           .dtype(precision == Precision::BFloat16 ? at::kBFloat16 : at::kFloat)
                           .device(parameters.device());
  const std::vector<Group> groups = groups_of(plan, options, timing);
  const auto now = [cuda] {
    if (cuda) finish_cuda();
    return Clock::now();
  };
  const auto round = [&] {
    double total = 0;
    for (const auto& [convolution, count] : groups) {
      const Clock::time_point start = now();
      convolution.forward();
      if (timing.training) convolution.backward();
      total += std::chrono::duration<double>(now() - start).count() * static_cast<double>(count);
    }
    return total;
  };
  for (int64_t i = 0; i < timing.warmup; i++) round();
  std::vector<double> rounds(timing.repetitions);
  for (double& seconds : rounds) seconds = round();
  return median(std::move(rounds));
}

}  // namespace pada
