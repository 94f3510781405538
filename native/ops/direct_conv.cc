#include "ops/direct_conv.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

#include "ops/direct_conv_tables.h"
#include "ops/grain.h"
#include "torch.h"

namespace pada {
namespace {

std::atomic<InstructionSet> g_limit{InstructionSet::Avx512};

InstructionSet supported() {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
  if (avx512 && direct_conv_avx512() != nullptr) return InstructionSet::Avx512;
  if (avx2 && direct_conv_avx2() != nullptr) return InstructionSet::Avx2;
#endif
  return InstructionSet::None;
}

const DirectConvKernels* kernels() {
  switch (instruction_set()) {
    case InstructionSet::Avx512:
      return direct_conv_avx512();
    case InstructionSet::Avx2:
      return direct_conv_avx2();
    case InstructionSet::None:
      break;
  }
  return nullptr;
}

ForwardRow forward_kernel(const ConvShape& s) {
  return kernels() ? kernels()->forward_row(s.in_channels, s.out_channels, s.kernel, s.stride) : nullptr;
}

// The convolution that takes the gradient of y to that of x: stride 1, the same extents, channels exchanged.
ConvShape transposed(const ConvShape& s) {
  return {s.batch, s.height, s.width, s.out_channels, s.in_channels, s.kernel, s.stride};
}

int64_t products_per_image(const ConvShape& s) {
  return s.out_height() * s.out_width() * s.in_channels * s.out_channels * s.kernel * s.kernel;
}

// One image with a border of zeros, kept per thread between images.
class PaddedImage {
 public:
  PaddedImage(int64_t height, int64_t width, int64_t channels, int64_t padding)
      : height_(height), line_(width * channels), border_(padding * channels), padding_(padding) {
    if (padding > 0) image_.assign((height + 2 * padding) * row_stride(), 0.f);
  }

  int64_t row_stride() const { return line_ + 2 * border_; }

  // The image in place where there is no border.
  const float* load(const float* x) {
    if (padding_ == 0) return x;
    for (int64_t h = 0; h < height_; h++) {
      std::memcpy(image_.data() + (h + padding_) * row_stride() + border_, x + h * line_, line_ * sizeof(float));
    }
    return image_.data();
  }

 private:
  const int64_t height_, line_, border_, padding_;
  std::vector<float> image_;
};

std::vector<float> pack(const ConvShape& s, const float* weight) {
  const int64_t taps = s.kernel * s.kernel;
  std::vector<float> packed(taps * s.in_channels * s.out_channels);
  for (int64_t o = 0; o < s.out_channels; o++) {
    for (int64_t i = 0; i < s.in_channels; i++) {
      for (int64_t t = 0; t < taps; t++) {
        packed[(t * s.in_channels + i) * s.out_channels + o] = weight[(o * s.in_channels + i) * taps + t];
      }
    }
  }
  return packed;
}

// Packed for the transposed convolution: channels exchanged, taps reversed. `s` is the forward shape.
std::vector<float> pack_transposed(const ConvShape& s, const float* weight) {
  const int64_t taps = s.kernel * s.kernel;
  std::vector<float> packed(taps * s.in_channels * s.out_channels);
  for (int64_t o = 0; o < s.out_channels; o++) {
    for (int64_t i = 0; i < s.in_channels; i++) {
      for (int64_t t = 0; t < taps; t++) {
        packed[((taps - 1 - t) * s.out_channels + o) * s.in_channels + i] = weight[(o * s.in_channels + i) * taps + t];
      }
    }
  }
  return packed;
}

void run_forward(const ConvShape& s, const float* x, const std::vector<float>& weight, float* y, bool accumulate) {
  const ForwardRow row = forward_kernel(s);
  const int64_t line_out = s.out_width() * s.out_channels;
  at::parallel_for(0, s.batch, grain(products_per_image(s), kProductsPerShare), [&](int64_t begin, int64_t end) {
    if (s.kernel == 1) {  // rows of all images are one row
      const int64_t pixels = s.height * s.width;
      row(x + begin * pixels * s.in_channels, 0, weight.data(), s.out_channels, y + begin * pixels * s.out_channels,
          (end - begin) * pixels, accumulate);
      return;
    }
    PaddedImage padded(s.height, s.width, s.in_channels, s.padding());
    for (int64_t n = begin; n < end; n++) {
      const float* image = padded.load(x + n * s.height * s.width * s.in_channels);
      for (int64_t h = 0; h < s.out_height(); h++) {
        row(image + h * s.stride * padded.row_stride(), padded.row_stride(), weight.data(), s.out_channels,
            y + (n * s.out_height() + h) * line_out, s.out_width(), accumulate);
      }
    }
  });
}

}  // namespace

InstructionSet instruction_set() {
  static const InstructionSet best = supported();
  return std::min(best, g_limit.load());
}

void limit_instruction_set(InstructionSet most) { g_limit = most; }

bool has_direct_conv(const ConvShape& s) {
  return forward_kernel(s) != nullptr && kernels()->weight_gradient_image(s.out_channels) != nullptr;
}

bool has_direct_input_gradient(const ConvShape& s) { return s.stride == 1 && forward_kernel(transposed(s)) != nullptr; }

void direct_conv_forward(const ConvShape& s, const float* x, const float* weight, float* y) {
  run_forward(s, x, pack(s, weight), y, false);
}

void direct_conv_input_gradient(const ConvShape& s, const float* y_gradient, const float* weight, float* x_gradient,
                                bool accumulate) {
  run_forward(transposed(s), y_gradient, pack_transposed(s, weight), x_gradient, accumulate);
}

void direct_conv_weight_gradient(const ConvShape& s, const float* x, const float* y_gradient, float* weight_gradient) {
  const WeightGradientImage kernel = kernels()->weight_gradient_image(s.out_channels);
  const int64_t taps = s.kernel * s.kernel, size = taps * s.in_channels * s.out_channels;
  // One share of the batch per thread, summed in order, so that results repeat.
  const int64_t worthwhile = s.batch * products_per_image(s) / kProductsPerShare;
  const int64_t shares = std::clamp<int64_t>(worthwhile, 1, std::min<int64_t>(s.batch, at::get_num_threads()));
  std::vector<float> sums(shares * size, 0.f);
  at::parallel_for(0, shares, 1, [&](int64_t first, int64_t last) {
    for (int64_t share = first; share < last; share++) {
      PaddedImage padded(s.height, s.width, s.in_channels, s.padding());
      const int64_t begin = s.batch * share / shares, end = s.batch * (share + 1) / shares;
      if (s.kernel == 1 && s.stride == 1) {
        const int64_t pixels = (end - begin) * s.height * s.width, skipped = begin * s.height * s.width;
        kernel(x + skipped * s.in_channels, 0, y_gradient + skipped * s.out_channels, s.in_channels, s.out_channels, 1,
               1, 1, pixels, sums.data() + share * size);
        continue;
      }
      for (int64_t n = begin; n < end; n++) {
        kernel(padded.load(x + n * s.height * s.width * s.in_channels), padded.row_stride(),
               y_gradient + n * s.out_height() * s.out_width() * s.out_channels, s.in_channels, s.out_channels,
               s.kernel, s.stride, s.out_height(), s.out_width(), sums.data() + share * size);
      }
    }
  });
  for (int64_t o = 0; o < s.out_channels; o++) {
    for (int64_t i = 0; i < s.in_channels; i++) {
      for (int64_t t = 0; t < taps; t++) {
        float total = 0;
        for (int64_t share = 0; share < shares; share++) {
          total += sums[share * size + (t * s.in_channels + i) * s.out_channels + o];
        }
        weight_gradient[(o * s.in_channels + i) * taps + t] += total;
      }
    }
  }
}

}  // namespace pada
