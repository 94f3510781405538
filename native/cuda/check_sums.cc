#include "cuda/comparison.h"
#include "cuda/sums.h"

namespace pada::cuda {
namespace {

constexpr double kEpsilon = 1e-5;

at::Tensor per_channel(const at::Tensor& values) { return values.to(at::kDouble).view({1, -1, 1, 1}); }

}  // namespace

// A node of two norms, the second of which has running statistics and no affine, a copy and a pool, with a ReLU6,
// forward and backward. There are so many rows that several blocks share them.
void compare_sums(const Kernels& kernels, at::ScalarType type, int64_t channels, Comparison& comparison) {
  constexpr int64_t kBatch = 5, kExtent = 24;
  const at::Device device = kernels.device();
  const at::IntArrayRef channel_shape(&channels, 1);
  const auto activation = [&](int64_t seed, double scale, double shift) {
    const at::Tensor values = numbers({kBatch, channels, kExtent, kExtent}, seed, device).mul(scale).add(shift);
    return values.to(type).contiguous(at::MemoryFormat::ChannelsLast);
  };
  const auto empty = [&] { return empty_activation({kBatch, channels, kExtent, kExtent}, type, device); };
  const auto filled = [&](double value) {
    return at::full(channel_shape, value, at::TensorOptions().dtype(at::kFloat).device(device));
  };
  const RowSpace space{kBatch * kExtent * kExtent, channels, type};
  const at::Tensor x1 = activation(1, 2, 30), x2 = activation(2, 0.5, -1), x3 = activation(3, 1, 0);
  const at::Tensor weight = numbers(channel_shape, 4, device), bias = numbers(channel_shape, 5, device);
  const double fine = 1e-4, rounded = type == at::kFloat ? fine : 2e-2;

  const at::Tensor mean1 = filled(0), inverse1 = filled(0), mean2 = filled(0), inverse2 = filled(0);
  const at::Tensor running_mean = filled(0.5), running_variance = filled(2);
  StatisticsArguments statistics{};
  statistics.count = 2;
  statistics.epsilon = kEpsilon;
  statistics.share = 0.1;
  statistics.norms[0] = {x1.const_data_ptr(), floats(mean1), floats(inverse1), nullptr, nullptr};
  statistics.norms[1] = {x2.const_data_ptr(), floats(mean2), floats(inverse2), floats(running_mean),
                         floats(running_variance)};
  norm_statistics(kernels, space, statistics);
  const auto mean_of = [](const at::Tensor& x) { return x.to(at::kDouble).mean({0, 2, 3}); };
  const auto variance_of = [&](const at::Tensor& x) {
    return x.to(at::kDouble).sub(per_channel(mean_of(x))).square().mean({0, 2, 3});
  };
  const double unbiased = static_cast<double>(space.rows) / static_cast<double>(space.rows - 1);
  const at::Tensor inverse_of_1 = variance_of(x1).add(kEpsilon).rsqrt(),
                   inverse_of_2 = variance_of(x2).add(kEpsilon).rsqrt();
  comparison.add("a mean of the batch", mean1, mean_of(x1), fine);
  comparison.add("a deviation of the batch", inverse1, inverse_of_1, fine);
  comparison.add("another deviation of the batch", inverse2, inverse_of_2, fine);
  comparison.add("a running mean", running_mean, mean_of(x2).mul(0.1).add(0.9 * 0.5), fine);
  comparison.add("a running variance", running_variance, variance_of(x2).mul(0.1 * unbiased).add(0.9 * 2), fine);

  const at::Tensor sum = empty(), relu = empty();
  const PoolWindow window{3, 1, 1, kExtent, kExtent};
  SumArguments forward{};
  forward.count = 4;
  forward.height = forward.width = kExtent;
  forward.sum = sum.mutable_data_ptr();
  forward.relu = relu.mutable_data_ptr();
  forward.ceiling = 1.5;
  forward.epsilon = static_cast<float>(kEpsilon);
  forward.terms[0] = {x1.const_data_ptr(), kNorm, floats(mean1), floats(inverse1), 0, floats(weight), floats(bias), {}};
  forward.terms[1] = {
      x2.const_data_ptr(), kNorm, floats(running_mean), floats(running_variance), 1, nullptr, nullptr, {}};
  forward.terms[2] = {x3.const_data_ptr(), kCopy, nullptr, nullptr, 0, nullptr, nullptr, {}};
  forward.terms[3] = {x3.const_data_ptr(), kPool, nullptr, nullptr, 0, nullptr, nullptr, window};
  sum_terms(kernels, space, forward);
  const auto centred = [](const at::Tensor& x, const at::Tensor& mean) {
    return x.to(at::kDouble).sub(per_channel(mean));
  };
  const auto pooled = [](const at::Tensor& x) {
    return at::avg_pool2d(x.to(at::kDouble), {3, 3}, {1, 1}, {1, 1}, false, false);
  };
  const at::Tensor normalised = centred(x1, mean_of(x1)).mul(per_channel(inverse_of_1));
  const at::Tensor total =
      normalised.mul(per_channel(weight))
          .add(per_channel(bias))
          .add(centred(x2, running_mean).mul(per_channel(running_variance.to(at::kDouble).add(kEpsilon).rsqrt())))
          .add(x3.to(at::kDouble))
          .add(pooled(x3));
  comparison.add("a sum", sum, total, rounded);
  comparison.add("a ReLU", relu, at::hardtanh(total, 0, 1.5), rounded);

  const at::Tensor gradient = activation(6, 1, 0.1), after = activation(7, 1, 0), through = empty();
  const at::Tensor weight_gradient = filled(1), bias_gradient = filled(2);
  const at::Tensor coefficients = at::empty({3, channels}, weight.options());
  GradientArguments backward{};
  backward.count = 1;
  backward.gradient = gradient.const_data_ptr();
  backward.after = after.const_data_ptr();
  backward.relu = relu.const_data_ptr();
  backward.total = through.mutable_data_ptr();
  backward.ceiling = 1.5;
  backward.norms[0] = {x1.const_data_ptr(),     floats(mean1),         floats(inverse1),    floats(weight),
                       floats(weight_gradient), floats(bias_gradient), floats(coefficients)};
  sum_gradients(kernels, space, backward);
  const at::Tensor passed = at::hardtanh_backward(after.to(at::kDouble), relu.to(at::kDouble), 0, 1.5);
  comparison.add("a gradient through a ReLU", through, gradient.to(at::kDouble).add(passed), rounded);
  const at::Tensor g = through.to(at::kDouble);
  comparison.add("a gradient of weights", weight_gradient, g.mul(normalised).sum({0, 2, 3}).add(1), fine);
  comparison.add("a gradient of biases", bias_gradient, g.sum({0, 2, 3}).add(2), fine);

  const at::Tensor x_gradient = empty(), held = activation(8, 1, 0), copied = held.clone();
  TermGradientArguments terms{};
  terms.count = 2;
  terms.gradient = through.const_data_ptr();
  terms.terms[0] = {x1.const_data_ptr(), floats(mean1), floats(coefficients), x_gradient.mutable_data_ptr(), 0};
  terms.terms[1] = {nullptr, nullptr, nullptr, copied.mutable_data_ptr(), 1};
  term_gradients(kernels, space, terms);
  const at::Tensor product = normalised.mul(per_channel(g.mul(normalised).mean({0, 2, 3})));
  const at::Tensor slopes = per_channel(weight).mul(per_channel(inverse_of_1));
  comparison.add("a gradient before a norm", x_gradient, g.sub(per_channel(g.mean({0, 2, 3}))).sub(product).mul(slopes),
                 rounded);
  comparison.add("a gradient of a copy", copied, held.to(at::kDouble).add(g), rounded);

  const at::Tensor pool_input = held.clone();
  PoolGradientArguments pool{};
  pool.gradient = through.const_data_ptr();
  pool.out = pool_input.mutable_data_ptr();
  pool.accumulate = 1;
  pool.window = window;
  pool.height = pool.width = kExtent;
  pool_gradient(kernels, space, pool);
  const at::Tensor of_pool = at::avg_pool2d_backward(g, x3.to(at::kDouble), {3, 3}, {1, 1}, {1, 1}, false, false, {});
  comparison.add("a gradient of a pool", pool_input, held.to(at::kDouble).add(of_pool), rounded);
}

}  // namespace pada::cuda
