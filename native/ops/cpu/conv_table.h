// The convolutions as compiled for each instruction set. Their loops are in conv_*.inc.
#pragma once

#include <vector>

#include "ops/cpu/bfloat16.h"
#include "ops/cpu/conv_kernels.h"

namespace pada {

// Of depthwise convolutions.
inline constexpr int kLargestKernel = 7, kMostTaps = kLargestKernel * kLargestKernel;

// Sums of (y - shift) and of its square over one share's output, per channel. The shift is the share's first pixel and
// keeps the squares small.
struct MomentSums {
  MomentSums() = default;
  explicit MomentSums(int64_t channels) : shift(channels), sum(channels), square(channels) {}

  std::vector<float> shift;
  std::vector<double> sum, square;
  bool started = false;
};

// Images [begin, end) of a batch. Pointers are to the whole batch. Weights are packed, see pack() in conv_weights.cc.
template <class T>
struct ForwardShare {
  const ConvShape& shape;
  int64_t begin, end;
  const ConvInput<T>& input;
  const float* weight;
  T* y;
  MomentSums* moments;  // or null
};

template <class T>
struct BackwardShare {
  const ConvShape& shape;
  int64_t begin, end;
  const ConvInput<T>& input;
  bool with_input;  // some part of the input has a gradient
  const T* gradient;
  // If y is normalised: its gradient is scale_gradient * factor * gradient + scale_output * y + shift. Otherwise null.
  const T* y;
  const float *scale_gradient, *scale_output, *shift;
  const float* factors;    // one per sample; null if all are 1. Only pointwise kernels read them.
  const float* weight;     // packed for the transposed convolution
  double* norm_sums;       // if the input is normalised: this share's sums [2][channels], see GradientSums
  float* weight_gradient;  // sums of this share, in the layout of packed weights
};

template <class T>
struct ConvFunctions {
  void (*direct_forward)(const ForwardShare<T>&);
  void (*direct_backward)(const BackwardShare<T>&);
  void (*winograd_forward)(const ForwardShare<T>&);
  void (*winograd_backward)(const BackwardShare<T>&);
  void (*depthwise_forward)(const ForwardShare<T>&);
  void (*depthwise_backward)(const BackwardShare<T>&);
};

struct ConvTable {
  ConvFunctions<float> float32;
  ConvFunctions<BFloat16> bfloat16;
};

// Null if the compiler cannot target the instruction set. The first two are for bfloat16 only, with weights in pairs.
// Tiles: kernels of 1, also null if the system does not allow tiles. Pairs: kernels of 1 and Winograd's algorithm.
const ConvFunctions<BFloat16>* conv_tiles_amxbf16();
const ConvFunctions<BFloat16>* conv_pairs_avx512bf16();
const ConvTable* conv_table_avx512();
const ConvTable* conv_table_avx2();

}  // namespace pada
