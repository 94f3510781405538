#include "ops/cpu/conv_passes.h"

#include <algorithm>
#include <limits>

#include "ops/cpu/grain.h"

namespace pada {
namespace {

template <class T>
const ConvFunctions<T>& functions(const ConvShape& s) {
  const ConvTable& table = instruction_set() == InstructionSet::Avx2 ? *conv_table_avx2() : *conv_table_avx512();
  if constexpr (std::is_same_v<T, float>)
    return table.float32;
  else if (by_tiles<T>(s))
    return *conv_tiles_amxbf16();
  else
    return by_pairs<T>(s) ? *conv_pairs_avx512bf16() : table.bfloat16;
}

// Chan, Golub and LeVeque's combination of the shares' means and squares.
ChannelStatistics combine(const std::vector<MomentSums>& parts, const std::vector<int64_t>& counts) {
  const size_t channels = parts[0].sum.size();
  ChannelStatistics statistics(channels);
  for (size_t c = 0; c < channels; c++) {
    double count = 0, mean = 0, square = 0;
    for (size_t part = 0; part < parts.size(); part++) {
      const double n = static_cast<double>(counts[part]), offset = parts[part].sum[c] / n;
      const double delta = parts[part].shift[c] + offset - mean;
      square += parts[part].square[c] - parts[part].sum[c] * offset + delta * delta * count * n / (count + n);
      mean += delta * n / (count + n);
      count += n;
    }
    statistics.set(c, mean, std::max(square, 0.0) / count);
  }
  return statistics;
}

template <class T>
bool has_gradient(const ConvInput<T>& input) {
  return std::ranges::any_of(input.parts, [](const auto& part) { return part.gradient != nullptr; });
}

template <class T>
auto forward_loops(const ConvShape& s) {
  const ConvFunctions<T>& of = functions<T>(s);
  return s.depthwise() ? of.depthwise_forward : by_winograd(s) ? of.winograd_forward : of.direct_forward;
}

template <class T>
auto backward_loops(const ConvShape& s) {
  const ConvFunctions<T>& of = functions<T>(s);
  return s.depthwise() ? of.depthwise_backward : by_winograd(s) ? of.winograd_backward : of.direct_backward;
}

}  // namespace

int64_t share_count(const ConvShape& s) {
  const int64_t weights = s.in_channels / s.groups * s.out_channels * s.kernel * s.kernel;
  const int64_t products = s.out_height() * s.out_width() * weights;
  const int64_t worthwhile = s.batch * products / kProductsPerShare;
  return std::clamp<int64_t>(worthwhile, 1, std::min<int64_t>(s.batch, at::get_num_threads()));
}

template <class T>
ForwardPass<T>::ForwardPass(const ConvShape& shape, const ConvInput<T>& input, const float* weight, int64_t shares)
    : shape_(shape),
      weight_(pack<T>(shape, weight, false, packed_places(input))),
      loops_(forward_loops<T>(shape)),
      moments_(shares),
      counts_(shares) {}

template <class T>
void ForwardPass<T>::run(int64_t share, int64_t begin, int64_t end, const ConvInput<T>& input, T* y, bool moments) {
  MomentSums& sums = moments_[share];
  if (moments && sums.sum.empty()) sums = MomentSums(shape_.out_channels);
  counts_[share] += (end - begin) * shape_.out_height() * shape_.out_width();
  loops_({shape_, begin, end, input, weight_.get(), y, moments ? &sums : nullptr});
}

template <class T>
ChannelStatistics ForwardPass<T>::statistics() const {
  return combine(moments_, counts_);
}

template <class T>
BackwardPass<T>::BackwardPass(const ConvShape& shape, const ConvInput<T>& input, const float* weight, int64_t shares)
    : shape_(shape),
      with_input_(has_gradient(input)),
      places_(packed_places(input)),
      shares_(shares),
      norm_size_(with_input_ && input.norm != nullptr ? 2 * shape.in_channels : 0),
      norm_sums_(shares * norm_size_, 0),
      loops_(backward_loops<T>(shape)) {
  if (with_input_) weight_ = pack<T>(shape, weight, true, places_);
  const int64_t size = shares * size_packed(shape);
  sums_ = memory(size);
  at::parallel_for(0, size, kElementsPerShare,
                   [&](int64_t begin, int64_t end) { std::fill(sums_.get() + begin, sums_.get() + end, 0.f); });
}

template <class T>
void BackwardPass<T>::run(int64_t share, int64_t begin, int64_t end, const ConvInput<T>& input,
                          const OutputGradient<T>& gradient) {
  const auto coefficients = [&](auto member) {
    return gradient.affine == nullptr ? nullptr : (gradient.affine->*member).data();
  };
  loops_({shape_, begin, end, input, with_input_, gradient.gradient, gradient.y,
          coefficients(&ChannelAffine::scale_gradient), coefficients(&ChannelAffine::scale_input),
          coefficients(&ChannelAffine::shift), gradient.factors, weight_.get(),
          norm_size_ == 0 ? nullptr : norm_sums_.data() + share * norm_size_,
          sums_.get() + share * size_packed(shape_)});
}

template <class T>
void BackwardPass<T>::finish(const ConvInput<T>& input, float* weight_gradient) {
  add_unpacked(shape_, std::move(sums_), shares_, places_, weight_gradient);
  if (norm_size_ == 0) return;
  for (int64_t share = 1; share < shares_; share++) {
    for (int64_t i = 0; i < norm_size_; i++) norm_sums_[i] += norm_sums_[share * norm_size_ + i];
  }
  const auto centred = norm_sums_.begin() + shape_.in_channels;
  *input.norm_sums = {{norm_sums_.begin(), centred}, {centred, centred + shape_.in_channels}};
}

template class ForwardPass<float>;
template class ForwardPass<BFloat16>;
template class BackwardPass<float>;
template class BackwardPass<BFloat16>;

}  // namespace pada
