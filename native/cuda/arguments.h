// What kernels are called with: structs that the addon and the source of the kernels share. Pointers are to the memory
// of the device; activations are rows of `channels` contiguous values, float32 or bfloat16.
#pragma once

// Defines its text for the addon, and makes a string of it for the source of the kernels. The preprocessor takes
// comments off and makes one line of it.
#define PADA_CUDA_SHARED(...) \
  __VA_ARGS__                 \
  inline constexpr const char* kArgumentsSource = #__VA_ARGS__ "\n";

namespace pada::cuda {

// clang-format off
PADA_CUDA_SHARED(

constexpr int kThreads = 256;   // of every block
constexpr int kMostNorms = 4;   // batch norms of one reduction
constexpr int kMostTerms = 8;   // summands of one pass
enum { kWidest = 7 };         // windows of depthwise convolutions; a constant would be unused in other programs

// How threads share rows, of which there are fewer than 2^31. A block has kThreads / lanes rows of threads. Each thread
// has a vector of neighbouring channels, which is one of the `lanes` vectors of a tile; blockIdx.y is the tile.
struct Rows {
  long long count;
  int channels;
  int lanes;
};

// The sums of blocks, [block][norm][2][channels], and a counter per tile, 0 before and after: the block that comes last
// adds the sums up.
struct Reduction {
  float* partial;
  unsigned* tickets;
};

struct NormInput {
  const void* x;
  float* mean;               // results, [channels]
  float* inverse_deviation;
  float* running_mean;       // moved; null: none
  float* running_variance;
};
struct StatisticsArguments {
  NormInput norms[kMostNorms];
  int count;
  Rows rows;
  Reduction reduction;
  double epsilon;
  double share;              // of the batch in running statistics
};

// What a summand is: a copy of x, its batch norm, or its average pool.
enum TermKind { kCopy, kNorm, kPool };

// A window of a pool or a depthwise convolution, on images of height x width. Average pools do not count padding.
struct PoolWindow {
  int kernel;
  int stride;
  int padding;
  int height;
  int width;
};
struct SumTerm {
  const void* x;
  int kind;
  const float* mean;         // of a norm: [channels]
  const float* deviation;    // its inverse; or the variance, if is_variance
  int is_variance;
  const float* weight;       // null: 1
  const float* bias;         // null: 0
  PoolWindow window;         // of a pool
};
struct SumArguments {
  SumTerm terms[kMostTerms];
  int count;
  Rows rows;
  int height;                // of the sum
  int width;
  void* sum;                 // null: not wanted
  void* relu;                // null: none
  float ceiling;
  float epsilon;
};

// The gradient of a sum is `gradient` (null: none) plus `after` (null: none) where 0 < relu < ceiling. It is written to
// `total`, which may be one of the two; null: `gradient` alone is the gradient of the sum.
struct NormGradient {
  const void* x;
  const float* mean;
  const float* inverse_deviation;
  const float* weight;       // null: 1
  float* weight_gradient;    // added to; null: no weight
  float* bias_gradient;
  // Result, [3][channels]: the gradient of x is [0] * gradient + [1] * (x - mean) + [2].
  float* coefficients;
};
struct GradientArguments {
  NormGradient norms[kMostNorms];
  int count;
  Rows rows;
  Reduction reduction;
  const void* gradient;
  const void* after;
  const void* relu;
  void* total;
  float ceiling;
};

struct TermGradient {
  const void* x;             // null: a copy
  const float* mean;         // [channels]
  const float* coefficients; // of NormGradient
  void* out;                 // may be x
  int accumulate;            // adds to `out`
};
struct TermGradientArguments {
  TermGradient terms[kMostTerms];
  int count;
  Rows rows;
  const void* gradient;
};

struct PoolGradientArguments {
  const void* gradient;      // of the pool's output
  void* out;                 // gradient of its input
  int accumulate;
  Rows rows;                 // of the input
  PoolWindow window;         // its height and width are the input's
  int height;                // of the output
  int width;
};

// A max pool. Of windows that hold NaN, the last NaN is the largest; of equal values, the first is.
struct MaxPoolArguments {
  const void* x;
  void* y;                   // result
  unsigned char* where;      // result, of each number of y: row * kernel + column in its window; null: not wanted
  Rows rows;                 // of y
  PoolWindow window;
  int height;                // of y
  int width;
};
struct MaxPoolGradientArguments {
  const void* gradient;      // of y
  const unsigned char* where;
  void* out;                 // gradient of x
  int accumulate;
  Rows rows;                 // of x
  PoolWindow window;
  int height;                // of y
  int width;
};

// A depthwise convolution, whose kernel is at most kWidest wide.
struct DepthwiseWindow {
  PoolWindow on;             // the image read
  int dilation;
  int height;                // of the output
  int width;
};
struct DepthwiseArguments {
  const void* x;
  const float* weights;      // [channels][kernel][kernel]
  void* y;                   // result
  Rows rows;                 // of y
  DepthwiseWindow window;
};
struct DepthwiseGradientArguments {
  const void* gradient;      // of y
  const float* weights;
  void* out;                 // gradient of x
  int accumulate;
  Rows rows;                 // of x
  DepthwiseWindow window;
};
// Blocks of one row of the kernel each: blockIdx.y is tile * kernel + row.
struct DepthwiseWeightArguments {
  const void* x;
  const void* gradient;      // of y
  float* weight_gradient;    // added to
  Rows rows;                 // of y
  DepthwiseWindow window;
  float* partial;            // [block][kernel][kernel][channels]
  unsigned* tickets;         // one per blockIdx.y, 0 before and after
};

// A piece of one parameter in flat memory.
struct Piece {
  long long offset;
  int size;
  int position;              // of its parameter in the list
};
// Of each piece the sum of squared gradients and, if `mean` is not null, Welford's update of the gradients' moments.
// Then of each parameter the norm, the norm of all, and the factor that clips it.
struct NormsArguments {
  const Piece* pieces;       // one per block
  const int* first_piece;    // [parameters + 1]
  const float* inverse_times; // of each parameter: 1 / number of observations
  int parameters;
  const float* gradients;
  float* mean;
  float* m2;
  float max_norm;
  double* partial;           // one per piece
  double* norms;             // results, [parameters + 2]: of each, of all, the factor
  unsigned* ticket;          // 0 before and after
};

// Numbers of one parameter; which ones, its optimizer says.
struct UpdateNumbers {
  float at[4];
};
struct UpdateArguments {
  const Piece* pieces;
  const UpdateNumbers* of_parameter;
  float* values;
  float* gradients;          // zero afterwards
  float* slots[2];
  const double* scale;       // of the gradients; null: 1
  float numbers[4];          // of all parameters
  int flag;
};

// The weights of a convolution, outputs x channels x window scalars: in flat memory, and packed, in the type of
// activations and with channels innermost. The offset of a piece is that of its first scalar in the weights.
struct WeightPlace {
  long long offset;          // of its first scalar in flat memory
  void* packed;
  int channels;
  int window;                // height * width
};
struct WeightsArguments {
  const Piece* pieces;       // one per block
  const WeightPlace* weights;
  float* flat;
};

// The cross-entropy of a batch; see Targets and Loss of ops/head.h.
struct LossArguments {
  const float* logits;       // [batch][classes]
  const long long* labels;
  const long long* partners; // null: none
  const float* weights;      // null: 1
  int batch;
  int classes;
  float smoothing;
  float share;
  float* gradient;           // results: [batch][classes]; null: not wanted
  float* importance;         // [batch]
  double* partial;           // [batch][3]
  double* totals;            // results: sum of losses, correct, correct of five
  unsigned* ticket;          // 0 before and after
};

// Where an image of a batch comes from: `index` of the images, moved and perhaps mirrored. Pixel (h, w) is that of row
// h + down and column w + right, or width - 1 - w + right if mirrored; outside of the image it is 0.
struct Placement {
  int index;
  int down;
  int right;
  int mirrored;
};
struct ImagesArguments {
  const void* images;        // bytes, or floats if `table` is null; channels innermost
  const float* table;        // by channel * 256 + byte
  const Placement* placements;
  float* out;
  unsigned pixels;           // of the batch, fewer than 2^31
  int channels;
  int height;
  int width;
};
)
// clang-format on

}  // namespace pada::cuda
