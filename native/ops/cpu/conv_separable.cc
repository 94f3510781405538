#include "ops/cpu/conv_separable.h"

#include <algorithm>

#include "ops/cpu/conv_passes.h"
#include "ops/cpu/scratch.h"

namespace pada {
namespace {

// Of what lies between the convolutions: a small part of a core's second-level cache.
constexpr int64_t kBlockBytes = int64_t{1} << 18;

// Memory for some images of what lies between the convolutions, as if it were that of the whole batch.
template <class T>
class Between {
 public:
  explicit Between(const ConvShape& pointwise)
      : image_(pointwise.height * pointwise.width * pointwise.in_channels),
        images_(std::max<int64_t>(1, kBlockBytes / (image_ * int64_t{sizeof(T)}))) {}

  // Calls body(first image, end) for blocks of images.
  template <class Body>
  void for_blocks(int64_t begin, int64_t end, const Body& body) const {
    for (int64_t first = begin; first < end; first += images_) body(first, std::min(end, first + images_));
  }

  // Where the batch would begin if image `first` began the memory of a slot.
  T* batch(int slot, int64_t first) const {
    const int64_t bytes = images_ * image_ * int64_t{sizeof(T)};
    float* memory = Scratch::of_thread().slot(slot, bytes / int64_t{sizeof(float)} + 1);
    return reinterpret_cast<T*>(memory) - first * image_;
  }

 private:
  const int64_t image_, images_;
};

// The loops of both convolutions use lower slots.
constexpr int kValues = 6, kGradients = 7;

}  // namespace

template <class T>
void separable_forward(const SeparableShape& shape, const ConvInput<T>& input, const SeparableWeights& weights, T* y,
                       ChannelStatistics* statistics) {
  const ConvShape& s = shape.pointwise;
  const int64_t shares = share_count(s);
  const Between<T> between(s);
  ConvInput<T> values;
  values.parts.push_back({nullptr, s.in_channels});
  ForwardPass<T> depthwise(shape.depthwise, input, weights.depthwise, shares);
  ForwardPass<T> pointwise(s, values, weights.pointwise, shares);
  for_shares(s.batch, shares, [&](int64_t share, int64_t first, int64_t last) {
    between.for_blocks(first, last, [&](int64_t begin, int64_t end) {
      T* batch = between.batch(kValues, begin);
      depthwise.run(share, begin, end, input, batch, false);
      ConvInput<T> block = values;
      block.parts[0].x = batch;
      pointwise.run(share, begin, end, block, y, statistics != nullptr);
    });
  });
  if (statistics != nullptr) *statistics = pointwise.statistics();
}

template <class T>
void separable_backward(const SeparableShape& shape, const ConvInput<T>& input, const OutputGradient<T>& gradient,
                        const SeparableWeights& weights, const SeparableGradients& weight_gradients) {
  const ConvShape& s = shape.pointwise;
  const int64_t shares = share_count(s);
  const Between<T> between(s);
  ConvInput<T> values;
  values.parts.push_back({nullptr, s.in_channels, between.batch(kGradients, 0)});
  ForwardPass<T> again(shape.depthwise, input, weights.depthwise, shares);
  BackwardPass<T> depthwise(shape.depthwise, input, weights.depthwise, shares);
  BackwardPass<T> pointwise(s, values, weights.pointwise, shares);
  for_shares(s.batch, shares, [&](int64_t share, int64_t first, int64_t last) {
    between.for_blocks(first, last, [&](int64_t begin, int64_t end) {
      ConvInput<T> block = values;
      T* batch = between.batch(kValues, begin);
      T* gradients = between.batch(kGradients, begin);
      block.parts[0].x = batch;
      block.parts[0].gradient = gradients;
      again.run(share, begin, end, input, batch, false);
      pointwise.run(share, begin, end, block, gradient);
      depthwise.run(share, begin, end, input, {gradients});
    });
  });
  pointwise.finish(values, weight_gradients.pointwise);
  depthwise.finish(input, weight_gradients.depthwise);
}

#define PADA_INSTANTIATE(T)                                                                                \
  template void separable_forward(const SeparableShape&, const ConvInput<T>&, const SeparableWeights&, T*, \
                                  ChannelStatistics*);                                                     \
  template void separable_backward(const SeparableShape&, const ConvInput<T>&, const OutputGradient<T>&,   \
                                   const SeparableWeights&, const SeparableGradients&);
PADA_INSTANTIATE(float)
PADA_INSTANTIATE(BFloat16)
#undef PADA_INSTANTIATE

}  // namespace pada
