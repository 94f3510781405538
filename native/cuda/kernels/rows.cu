R"cuda(
// Activations as rows of channels, one row per pixel: where a thread is in them.

// Rows that a thread reads before it computes: enough reads are under way at a time.
constexpr int kTogether = 4;

// The place of a thread in the rows of a tile.
template <int V>
struct Place {
  __device__ explicit Place(const Rows& rows) : Place(rows, blockIdx.y) {}
  __device__ Place(const Rows& rows, int tile)
      : threads(kThreads / rows.lanes),
        lane(threadIdx.x % rows.lanes),
        row(threadIdx.x / rows.lanes),
        channel((tile * rows.lanes + lane) * V),
        is_active(row < threads && channel < rows.channels),
        first(static_cast<long long>(blockIdx.x) * threads + row),
        step(static_cast<long long>(gridDim.x) * threads) {}

  int threads;  // rows of threads in a block
  int lane, row, channel;
  bool is_active;
  long long first, step;  // of the rows of this thread
};

// The pixel that a row is, of images of height x width.
struct Pixel {
  __device__ Pixel(long long row, int height, int width) {
    // Fewer than 2^31 rows: division of 32 bits is faster.
    const unsigned pixel = static_cast<unsigned>(row), line = pixel / width;
    image = line / height;
    h = line % height;
    w = pixel % width;
  }
  int image, h, w;
};

// Numbers begin … end - 1.
struct Range {
  int begin, end;
};
// The part of a window that lies in an image: along one side, of `extent` pixels. `at`: of the output.
__device__ __forceinline__ Range window_at(int at, const PoolWindow& window, int extent) {
  const int first = at * window.stride - window.padding;
  return {max(0, first), min(extent, first + window.kernel)};
}
// The outputs, of `extent`, whose windows cover pixel `at` of the image.
__device__ __forceinline__ Range windows_over(int at, const PoolWindow& window, int extent) {
  const int from = at + window.padding;
  return {from < window.kernel ? 0 : (from - window.kernel) / window.stride + 1,
          min(extent, from / window.stride + 1)};
}

// By type and number of channels of a vector.
#define FOR_TYPES(name, Arguments)                                    \
  KERNEL(name##_float32_4, Arguments) { name<float, 4>(a); }          \
  KERNEL(name##_float32_1, Arguments) { name<float, 1>(a); }          \
  KERNEL(name##_bfloat16_4, Arguments) { name<bfloat16, 4>(a); }      \
  KERNEL(name##_bfloat16_1, Arguments) { name<bfloat16, 1>(a); }
)cuda"
