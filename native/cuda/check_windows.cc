#include "cuda/comparison.h"
#include "cuda/windows.h"

namespace pada::cuda {
namespace {

constexpr int64_t kBatch = 3;

struct Trial {
  const Kernels& kernels;
  at::ScalarType type;
  int64_t channels;
  Comparison& comparison;

  double rounded() const { return type == at::kFloat ? 1e-4 : 2e-2; }
  at::Tensor activation(int64_t height, int64_t width, int64_t seed) const {
    const at::Tensor values = numbers({kBatch, channels, height, width}, seed, kernels.device());
    return values.to(type).contiguous(at::MemoryFormat::ChannelsLast);
  }
  RowSpace space(const at::Tensor& x) const { return {kBatch * x.size(2) * x.size(3), channels, type}; }
};

// A depthwise convolution, forward and backward; the gradient of the input adds to one that is held.
void compare_depthwise(const Trial& trial, const DepthwiseWindow& window) {
  const auto& [kernels, type, channels, comparison] = trial;
  const PoolWindow& on = window.on;
  const at::Tensor x = trial.activation(on.height, on.width, 1), y = trial.activation(window.height, window.width, 2);
  const at::Tensor gradient = trial.activation(window.height, window.width, 3);
  const at::Tensor weights = numbers({channels, 1, on.kernel, on.kernel}, 4, kernels.device());
  const at::Tensor held = trial.activation(on.height, on.width, 5), x_gradient = held.clone();
  const at::Tensor weight_gradient = weights.clone();
  depthwise(kernels, trial.space(y),
            {.x = x.const_data_ptr(), .weights = floats(weights), .y = y.mutable_data_ptr(), .window = window});
  depthwise_gradient(kernels, trial.space(x),
                     {.gradient = gradient.const_data_ptr(),
                      .weights = floats(weights),
                      .out = x_gradient.mutable_data_ptr(),
                      .accumulate = 1,
                      .window = window});
  depthwise_weight_gradient(kernels, trial.space(y),
                            {.x = x.const_data_ptr(),
                             .gradient = gradient.const_data_ptr(),
                             .weight_gradient = floats(weight_gradient),
                             .window = window});
  const std::vector<int64_t> stride{on.stride, on.stride}, padding{on.padding, on.padding},
      dilation{window.dilation, window.dilation};
  const at::Tensor exact_x = x.to(at::kDouble), exact_weights = weights.to(at::kDouble);
  comparison.add("a depthwise convolution", y,
                 at::convolution(exact_x, exact_weights, {}, stride, padding, dilation, false, {0, 0}, channels),
                 trial.rounded());
  const auto [of_x, of_weights, of_bias] =
      at::convolution_backward(gradient.to(at::kDouble), exact_x, exact_weights, std::nullopt, stride, padding,
                               dilation, false, {0, 0}, channels, {true, true, false});
  comparison.add("a gradient before a depthwise convolution", x_gradient, of_x.add(held), trial.rounded());
  comparison.add("a gradient of depthwise weights", weight_gradient, of_weights.add(weights), 1e-4);
}

// A max pool of numbers many of which are equal.
void compare_max_pool(const Trial& trial, const PoolWindow& window, int height, int width) {
  const auto& [kernels, type, channels, comparison] = trial;
  const at::Tensor x = at::relu(trial.activation(window.height, window.width, 6));
  const at::Tensor y = trial.activation(height, width, 7), gradient = trial.activation(height, width, 8);
  const at::Tensor where = empty_activation(y.sizes(), at::kByte, kernels.device());
  const at::Tensor held = trial.activation(window.height, window.width, 9), x_gradient = held.clone();
  max_pool(kernels, trial.space(y),
           {.x = x.const_data_ptr(),
            .y = y.mutable_data_ptr(),
            .where = where.mutable_data_ptr<uint8_t>(),
            .window = window,
            .height = height,
            .width = width});
  max_pool_gradient(kernels, trial.space(x),
                    {.gradient = gradient.const_data_ptr(),
                     .where = where.const_data_ptr<uint8_t>(),
                     .out = x_gradient.mutable_data_ptr(),
                     .accumulate = 1,
                     .window = window,
                     .height = height,
                     .width = width});
  const std::vector<int64_t> kernel{window.kernel, window.kernel}, stride{window.stride, window.stride},
      padding{window.padding, window.padding};
  const at::Tensor exact = x.to(at::kDouble);
  const auto [largest, indices] = at::max_pool2d_with_indices(exact, kernel, stride, padding, {1, 1}, false);
  comparison.add("a max pool", y, largest, 0);
  const at::Tensor of_x = at::max_pool2d_with_indices_backward(gradient.to(at::kDouble), exact, kernel, stride, padding,
                                                               {1, 1}, false, indices);
  comparison.add("a gradient of a max pool", x_gradient, of_x.add(held), trial.rounded());
}

}  // namespace

void compare_windows(const Kernels& kernels, at::ScalarType type, int64_t channels, Comparison& comparison) {
  const Trial trial{kernels, type, channels, comparison};
  compare_depthwise(trial, {{3, 1, 1, 10, 9}, 1, 10, 9});
  compare_depthwise(trial, {{5, 2, 2, 10, 9}, 1, 5, 5});
  compare_depthwise(trial, {{7, 1, 6, 11, 12}, 2, 11, 12});
  compare_max_pool(trial, {3, 1, 1, 10, 9}, 10, 9);
  compare_max_pool(trial, {3, 2, 1, 10, 9}, 5, 5);
}

}  // namespace pada::cuda
