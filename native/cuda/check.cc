#include "cuda/check.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty_like.h>

#include <cstring>

#include "cuda/comparison.h"
#include "cuda/images.h"

namespace pada::cuda {
namespace {

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
    case Group::Windows:
      for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
        for (const int64_t channels : {8, 5, 136}) compare_windows(kernels, type, channels, comparison);
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
