#include "cuda/check.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty_like.h>

#include <cmath>
#include <cstdio>
#include <cstring>

#include "cuda/images.h"
#include "cuda/sums.h"
#include "cuda/tables.h"

namespace pada::cuda {
namespace {

constexpr double kEpsilon = 1e-5;

// Numbers between -1 and 1 that repeat, the same on any machine.
at::Tensor numbers(at::IntArrayRef shape, int64_t seed, at::Device device) {
  at::Tensor values = at::empty(shape, at::TensorOptions().dtype(at::kFloat));
  float* out = values.mutable_data_ptr<float>();
  for (int64_t i = 0; i < values.numel(); i++) {
    out[i] = static_cast<float>(std::sin(static_cast<double>((i + 1) * (2 * seed + 1)) * 0.7391));
  }
  return values.to(device);
}

// The results of kernels beside those of ATen in float64.
class Comparison {
 public:
  // `tolerance`: of the largest difference, relative to the largest value.
  void add(const char* name, const at::Tensor& found, const at::Tensor& expected, double tolerance) {
    if (!difference_.empty()) return;
    const at::Tensor wanted = expected.to(at::kDouble);
    const double scale = wanted.abs().max().item<double>() + 1e-6;
    const double error = found.to(at::kDouble).sub(wanted).abs().max().item<double>() / scale;
    if (error <= tolerance) return;
    char text[160];
    std::snprintf(text, sizeof(text), "%s differs from ATen by %.2g of the largest value, more than %.2g", name, error,
                  tolerance);
    difference_ = text;
  }
  const std::string& difference() const { return difference_; }

 private:
  std::string difference_;
};

at::Tensor per_channel(const at::Tensor& values) { return values.to(at::kDouble).view({1, -1, 1, 1}); }

float* floats(const at::Tensor& tensor) { return tensor.mutable_data_ptr<float>(); }

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

// Two parameters, the second of two pieces, with a gap between them that stays as it is.
void compare_sweeps(const Kernels& kernels, Comparison& comparison) {
  constexpr int64_t kScalars = 5000, kFirst = 700, kSecond = 800;
  const at::Device device = kernels.device();
  const auto upload = [&]<class T>(const std::vector<T>& list) {
    const at::Tensor bytes =
        at::empty({static_cast<int64_t>(list.size() * sizeof(T))}, at::TensorOptions().dtype(at::kByte));
    std::memcpy(bytes.mutable_data_ptr(), list.data(), list.size() * sizeof(T));
    return bytes.to(device);
  };
  const at::Tensor pieces = upload(std::vector<Piece>{{0, kFirst, 0}, {kSecond, 4000, 1}, {kSecond + 4000, 200, 1}});
  const at::Tensor first_piece = upload(std::vector<int>{0, 1, 3}), inverse = upload(std::vector<float>{1.f, 0.25f});
  const at::Tensor of_parameter = upload(std::vector<UpdateNumbers>{{{0.1f, 0.2f, 1.5f}}, {{0.f, 0.3f, 2.f}}});
  const at::Tensor g = numbers({kScalars}, 1, device), mean = numbers({kScalars}, 2, device);
  const at::Tensor m2 = numbers({kScalars}, 3, device).abs();
  const auto doubles = at::TensorOptions().dtype(at::kDouble).device(device);
  const at::Tensor partial = at::empty({3}, doubles), norms = at::empty({4}, doubles);
  const auto part = [&](const at::Tensor& x, int parameter) {
    return parameter == 0 ? x.narrow(0, 0, kFirst) : x.narrow(0, kSecond, kScalars - kSecond);
  };

  const at::Tensor new_mean = mean.to(at::kDouble), new_m2 = m2.to(at::kDouble);
  const at::Tensor wanted = at::empty({4}, doubles);
  for (int i = 0; i < 2; i++) {
    const at::Tensor before = part(g, i).to(at::kDouble).sub(part(new_mean, i));
    part(new_mean, i).add_(before, i == 0 ? 1 : 0.25);
    part(new_m2, i).addcmul_(before, part(g, i).to(at::kDouble).sub(part(new_mean, i)));
    wanted[i].copy_(at::linalg_vector_norm(part(g, i).to(at::kDouble)));
  }
  wanted[2].copy_(at::linalg_vector_norm(wanted.narrow(0, 0, 2)));
  wanted[3].copy_(wanted[2].add(1e-6).reciprocal().mul(5));
  NormsArguments measured{};
  measured.pieces = static_cast<const Piece*>(pieces.const_data_ptr());
  measured.first_piece = static_cast<const int*>(first_piece.const_data_ptr());
  measured.inverse_times = static_cast<const float*>(inverse.const_data_ptr());
  measured.parameters = 2;
  measured.gradients = floats(g);
  measured.mean = floats(mean);
  measured.m2 = floats(m2);
  measured.max_norm = 5;
  measured.partial = partial.mutable_data_ptr<double>();
  measured.norms = norms.mutable_data_ptr<double>();
  measured.ticket = kernels.tickets();
  kernels.launch("norms_and_moments", 3, 1, measured);
  comparison.add("a norm of gradients", norms, wanted, 1e-5);
  comparison.add("a clipping factor", norms[3], wanted[3], 1e-5);
  comparison.add("a mean of gradients", mean, new_mean, 1e-5);
  comparison.add("a variance of gradients", m2, new_m2, 1e-5);

  const at::Tensor scale = at::full({}, 0.5, doubles);
  struct Updated {
    at::Tensor value, first, second;
  };
  // `formula`: of the kernel in float64, given the clipped gradient and the numbers of a parameter.
  const auto compare_update = [&](const char* kernel, const std::array<float, 4>& given, int flag,
                                  const auto& formula) {
    const Updated found{numbers({kScalars}, 4, device), numbers({kScalars}, 5, device).abs().add(0.1),
                        numbers({kScalars}, 6, device).abs().add(0.1)};
    const Updated expected{found.value.to(at::kDouble), found.first.to(at::kDouble), found.second.to(at::kDouble)};
    const at::Tensor gradients = g.clone();
    UpdateArguments arguments{};
    arguments.pieces = measured.pieces;
    arguments.of_parameter = static_cast<const UpdateNumbers*>(of_parameter.const_data_ptr());
    arguments.values = floats(found.value);
    arguments.gradients = floats(gradients);
    arguments.slots[0] = floats(found.first);
    arguments.slots[1] = floats(found.second);
    arguments.scale = scale.const_data_ptr<double>();
    std::copy(given.begin(), given.end(), arguments.numbers);
    arguments.flag = flag;
    kernels.launch(kernel, 3, 1, arguments);
    for (int i = 0; i < 2; i++) {
      const double of[3] = {i == 0 ? 0.1 : 0, i == 0 ? 0.2 : 0.3, i == 0 ? 1.5 : 2};
      formula({part(expected.value, i), part(expected.first, i), part(expected.second, i)},
              part(g, i).to(at::kDouble).mul(0.5), of);
      comparison.add("a gradient after an update", part(gradients, i).abs().max(), at::zeros({}, doubles), 1e-5);
    }
    comparison.add(kernel, found.value, expected.value, 1e-5);
    comparison.add("a slot of an optimizer", found.first, expected.first, 1e-5);
    comparison.add("another slot of an optimizer", found.second, expected.second, 1e-5);
  };
  for (const int nesterov : {0, 1}) {
    compare_update("update_sgd", {0.05f, 0.9f}, nesterov,
                   [&](Updated at, const at::Tensor& gradient, const double* of) {
                     const at::Tensor decayed = gradient.add(at.value, of[0]);
                     at.first.mul_(0.9).add_(decayed);
                     at.value.sub_(nesterov ? decayed.add(at.first, 0.9) : at.first, 0.05);
                   });
  }
  compare_update("update_adamw", {0.1f, 0.01f, 1e-3f}, 0, [](Updated at, const at::Tensor& gradient, const double* of) {
    at.first.add_(gradient.sub(at.first), 0.1);
    at.second.add_(gradient.square().sub(at.second), 0.01);
    at.value.mul_(of[0]).sub_(at.first.div(at.second.sqrt().mul(of[2]).add(1e-3)), of[1]);
  });
  compare_update("update_rmsprop_tf", {0.05f, 0.9f, 0.1f, 1e-3f}, 0,
                 [](Updated at, const at::Tensor& gradient, const double* of) {
                   const at::Tensor decayed = gradient.add(at.value, of[0]);
                   at.first.add_(decayed.square().sub(at.first), 0.1);
                   at.second.mul_(0.9).add_(decayed.div(at.first.add(1e-3).sqrt()), 0.05);
                   at.value.sub_(at.second);
                 });
}

// The weights of two convolutions: the second of several pieces.
void compare_weights(const Kernels& kernels, at::ScalarType type, Comparison& comparison) {
  const at::Device device = kernels.device();
  const std::vector<std::vector<int64_t>> shapes{{5, 3, 1, 1}, {30, 20, 3, 3}};
  constexpr int64_t kScalars = 7 + 15 + 5400;
  const at::Tensor flat = numbers({kScalars}, 1, device), before = flat.clone();
  std::vector<at::Tensor> packed, wanted;
  std::vector<Piece> pieces;
  std::vector<WeightPlace> places;
  int64_t offset = 7;
  for (const std::vector<int64_t>& shape : shapes) {
    const int64_t size = shape[0] * shape[1] * shape[2] * shape[3];
    wanted.push_back(before.narrow(0, offset, size).view(shape).to(type));
    packed.push_back(empty_activation(shape, type, device));
    add_pieces(pieces, 0, size, places.size());
    places.push_back(
        {offset, packed.back().mutable_data_ptr(), static_cast<int>(shape[1]), static_cast<int>(shape[2] * shape[3])});
    offset += size;
  }
  Tables tables;
  const size_t list = tables.add(pieces), table = tables.add(places);
  tables.upload(device);
  const WeightsArguments arguments{tables.at<Piece>(list), tables.at<WeightPlace>(table), floats(flat)};
  const std::string suffix = type == at::kBFloat16 ? "_bfloat16" : "_float32";
  kernels.launch("pack_weights" + suffix, static_cast<int64_t>(pieces.size()), 1, arguments);
  for (size_t i = 0; i < packed.size(); i++) comparison.add("packed weights", packed[i], wanted[i], 0);
  kernels.launch("add_packed" + suffix, static_cast<int64_t>(pieces.size()), 1, arguments);
  const at::Tensor sum = before.to(at::kDouble);
  sum.narrow(0, 7, kScalars - 7).add_(before.narrow(0, 7, kScalars - 7).to(type));
  comparison.add("gradients of packed weights", flat, sum, 1e-6);
}

// A batch of three samples and 300 classes, smoothed, mixed and weighted.
void compare_loss(const Kernels& kernels, Comparison& comparison) {
  constexpr int64_t kBatch = 3, kClasses = 300;
  constexpr double kSmoothing = 0.1, kShare = 0.7;
  const at::Device device = kernels.device();
  const at::Tensor logits = numbers({kBatch, kClasses}, 1, device).mul(4),
                   weights = numbers({kBatch}, 2, device).add(2);
  const at::Tensor best = logits.argmax(1);
  // The first label has the largest logit.
  const at::Tensor labels = best.mul(at::arange(kBatch, best.options()).eq(0)), partners = labels.add(17);
  const at::Tensor importance = at::empty({kBatch}, weights.options()), gradient = at::empty_like(logits);
  const auto doubles = weights.options().dtype(at::kDouble);
  const at::Tensor partial = at::empty({kBatch, 3}, doubles), totals = at::empty({3}, doubles);
  const auto indices = [](const at::Tensor& tensor) {
    return reinterpret_cast<const long long*>(tensor.const_data_ptr<int64_t>());
  };
  kernels.launch("cross_entropy", kBatch, 1,
                 LossArguments{.logits = floats(logits),
                               .labels = indices(labels),
                               .partners = indices(partners),
                               .weights = floats(weights),
                               .batch = kBatch,
                               .classes = kClasses,
                               .smoothing = kSmoothing,
                               .share = kShare,
                               .gradient = floats(gradient),
                               .importance = floats(importance),
                               .partial = partial.mutable_data_ptr<double>(),
                               .totals = totals.mutable_data_ptr<double>(),
                               .ticket = kernels.tickets()});
  const at::Tensor exact = logits.to(at::kDouble), likelihood = at::_log_softmax(exact, 1, false);
  const at::Tensor target = at::full({kBatch, kClasses}, kSmoothing / kClasses, doubles);
  const auto add = [&](const at::Tensor& classes, double share) {
    target.scatter_add_(1, classes.view({kBatch, 1}), at::full({kBatch, 1}, (1 - kSmoothing) * share, doubles));
  };
  add(labels, kShare);
  add(partners, 1 - kShare);
  const at::Tensor difference = likelihood.exp().sub(target), column = weights.to(at::kDouble).view({kBatch, 1});
  const at::Tensor label_logits = logits.gather(1, labels.view({kBatch, 1}));
  comparison.add("a loss", totals[0], target.mul(likelihood).mul(column).sum().neg(), 1e-5);
  comparison.add("a number of correct samples", totals[1], best.eq(labels).sum(), 0);
  comparison.add("a number of nearly correct samples", totals[2], logits.gt(label_logits).sum(1).lt(5).sum(), 0);
  comparison.add("an importance", importance, difference.square().sum(1).sqrt(), 1e-5);
  comparison.add("a gradient of logits", gradient, difference.mul(column).div(kBatch), 1e-5);
}

// Four images of bytes and of floats, moved and mirrored, beside loops.
void compare_images(const Kernels& kernels, Comparison& comparison) {
  constexpr int64_t kCount = 4, kChannels = 3, kHeight = 5, kWidth = 7, kImage = kHeight * kWidth * kChannels;
  const at::Device device = kernels.device();
  const std::vector<Placement> placements{{2, 0, 0, 0}, {0, 1, -2, 0}, {3, -2, 3, 1}, {3, 9, 0, 1}, {1, 0, 0, 1}};
  const int64_t batch = static_cast<int64_t>(placements.size());
  const at::Tensor bytes = at::empty({kCount * kImage}, at::TensorOptions().dtype(at::kByte));
  const at::Tensor table = numbers({kChannels * 256}, 1, at::kCPU), values = numbers({kCount * kImage}, 2, at::kCPU);
  for (int64_t i = 0; i < bytes.numel(); i++) bytes.mutable_data_ptr<uint8_t>()[i] = static_cast<uint8_t>(i * 37);
  const at::Tensor list =
      at::empty({batch * static_cast<int64_t>(sizeof(Placement))}, at::TensorOptions().dtype(at::kByte));
  std::memcpy(list.mutable_data_ptr(), placements.data(), list.numel());
  const at::Tensor on_device = list.to(device), table_on_device = table.to(device);
  for (const bool has_bytes : {true, false}) {
    const at::Tensor images = (has_bytes ? bytes : values).to(device);
    const at::Tensor found = at::empty({batch * kImage}, at::TensorOptions().dtype(at::kFloat).device(device));
    gather_images(kernels, {.images = images.const_data_ptr(),
                            .table = has_bytes ? floats(table_on_device) : nullptr,
                            .placements = static_cast<const Placement*>(on_device.const_data_ptr()),
                            .out = floats(found),
                            .pixels = static_cast<unsigned>(batch * kHeight * kWidth),
                            .channels = kChannels,
                            .height = kHeight,
                            .width = kWidth});
    const at::Tensor expected = at::empty({batch * kImage}, at::TensorOptions().dtype(at::kFloat));
    for (int64_t i = 0; i < expected.numel(); i++) {
      const Placement& from = placements[i / kImage];
      const int64_t c = i % kChannels, w = i / kChannels % kWidth, h = i / kChannels / kWidth % kHeight;
      const int64_t row = h + from.down, column = (from.mirrored ? kWidth - 1 - w : w) + from.right;
      const bool is_inside = row >= 0 && row < kHeight && column >= 0 && column < kWidth;
      const int64_t at = ((from.index * kHeight + row) * kWidth + column) * kChannels + c;
      const uint8_t byte = is_inside && has_bytes ? bytes.const_data_ptr<uint8_t>()[at] : 0;
      const float value = is_inside && !has_bytes ? values.const_data_ptr<float>()[at] : 0;
      floats(expected)[i] = has_bytes ? floats(table)[c * 256 + byte] : value;
    }
    comparison.add("a batch of images", found.cpu(), expected, 0);
  }
}

}  // namespace

std::string difference_to_aten(Group group, const Kernels& kernels) {
  Comparison comparison;
  switch (group) {
    case Group::Sums:
      for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
        for (const int64_t channels : {12, 5, 136}) compare_sums(kernels, type, channels, comparison);
      }
      break;
    case Group::Sweeps:
      compare_sweeps(kernels, comparison);
      for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) compare_weights(kernels, type, comparison);
      break;
    case Group::Loss:
      compare_loss(kernels, comparison);
      break;
    case Group::Images:
      compare_images(kernels, comparison);
      break;
  }
  return comparison.difference();
}

}  // namespace pada::cuda
