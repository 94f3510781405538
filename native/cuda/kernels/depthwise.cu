R"cuda(
// Depthwise convolutions, forward and backward. Threads of neighbouring channels read neighbouring memory.

// The weights of a tile's channels, [row * kernel + column][channel of the tile]. Rows are longer than they need be, so
// that threads of neighbouring taps write to different banks.
template <int V>
using TileWeights = float[kWidest * kWidest][33 * V];

template <int V>
__device__ void load_weights(TileWeights<V>& to, const float* weights, const Rows& rows, int taps) {
  const int width = rows.lanes * V;
  for (int i = threadIdx.x; i < width * taps; i += kThreads) {
    const int column = i / taps, channel = blockIdx.y * width + column;
    if (channel < rows.channels) to[i % taps][column] = weights[static_cast<long long>(channel) * taps + i % taps];
  }
  __syncthreads();
}

// Adds weight * (value at a pixel) to a sum; nothing if the pixel is outside of the image.
template <class T, int V>
__device__ __forceinline__ void add_product(float (&total)[V], const float (&weight)[V], const void* values, int image,
                                            int y, int x, int height, int width, int channels, int channel) {
  if (y < 0 || y >= height || x < 0 || x >= width) return;
  float value[V];
  load<T>(value, values, ((static_cast<long long>(image) * height + y) * width + x) * channels + channel);
#pragma unroll
  for (int i = 0; i < V; i++) total[i] += weight[i] * value[i];
}

// Of each pixel of the output, several of which a thread computes together: a weight is read once for all of them.
template <class T, int V>
__device__ void depthwise(const DepthwiseArguments& a) {
  __shared__ TileWeights<V> weights;
  const DepthwiseWindow& window = a.window;
  const PoolWindow& on = window.on;
  load_weights<V>(weights, a.weights, a.rows, on.kernel * on.kernel);
  const Place<V> place(a.rows);
  if (!place.is_active) return;
  for (long long first = place.first; first < a.rows.count; first += kTogether * place.step) {
    int image[kTogether], top[kTogether], left[kTogether];
    float total[kTogether][V] = {};
#pragma unroll
    for (int k = 0; k < kTogether; k++) {
      const long long row = first + k * place.step;
      const Pixel pixel(row, window.height, window.width);
      image[k] = pixel.image;
      // Rows behind the last one are outside of their image.
      top[k] = row < a.rows.count ? pixel.h * on.stride - on.padding : -(1 << 30);
      left[k] = pixel.w * on.stride - on.padding;
    }
    for (int y = 0; y < on.kernel; y++) {
      for (int x = 0; x < on.kernel; x++) {
        float weight[V];
#pragma unroll
        for (int i = 0; i < V; i++) weight[i] = weights[y * on.kernel + x][place.lane * V + i];
#pragma unroll
        for (int k = 0; k < kTogether; k++) {
          add_product<T>(total[k], weight, a.x, image[k], top[k] + y * window.dilation, left[k] + x * window.dilation,
                         on.height, on.width, a.rows.channels, place.channel);
        }
      }
    }
#pragma unroll
    for (int k = 0; k < kTogether; k++) {
      const long long row = first + k * place.step;
      if (row < a.rows.count) store<T>(total[k], a.y, row * a.rows.channels + place.channel);
    }
  }
}

// The output pixel whose window has a pixel at `distance` from its first one; negative: none.
template <bool kUnitStride>
__device__ __forceinline__ int output_at(int distance, int stride) {
  if (kUnitStride) return distance;
  return distance >= 0 && distance % stride == 0 ? distance / stride : -1;
}

template <class T, int V, bool kUnitStride>
__device__ void add_gradients(const DepthwiseGradientArguments& a, const TileWeights<V>& weights) {
  const DepthwiseWindow& window = a.window;
  const PoolWindow& on = window.on;
  const Place<V> place(a.rows);
  if (!place.is_active) return;
  for (long long first = place.first; first < a.rows.count; first += kTogether * place.step) {
    int image[kTogether], bottom[kTogether], right[kTogether];
    float total[kTogether][V] = {};
#pragma unroll
    for (int k = 0; k < kTogether; k++) {
      const long long row = first + k * place.step;
      const Pixel pixel(row, on.height, on.width);
      image[k] = pixel.image;
      bottom[k] = row < a.rows.count ? pixel.h + on.padding : -1;
      right[k] = pixel.w + on.padding;
      if (a.accumulate && row < a.rows.count) load<T>(total[k], a.out, row * a.rows.channels + place.channel);
    }
    for (int y = 0; y < on.kernel; y++) {
      int h[kTogether];
#pragma unroll
      for (int k = 0; k < kTogether; k++) h[k] = output_at<kUnitStride>(bottom[k] - y * window.dilation, on.stride);
      for (int x = 0; x < on.kernel; x++) {
        float weight[V];
#pragma unroll
        for (int i = 0; i < V; i++) weight[i] = weights[y * on.kernel + x][place.lane * V + i];
#pragma unroll
        for (int k = 0; k < kTogether; k++) {
          add_product<T>(total[k], weight, a.gradient, image[k], h[k],
                         output_at<kUnitStride>(right[k] - x * window.dilation, on.stride), window.height,
                         window.width, a.rows.channels, place.channel);
        }
      }
    }
#pragma unroll
    for (int k = 0; k < kTogether; k++) {
      const long long row = first + k * place.step;
      if (row < a.rows.count) store<T>(total[k], a.out, row * a.rows.channels + place.channel);
    }
  }
}

// The gradient of the input.
template <class T, int V>
__device__ void depthwise_gradient(const DepthwiseGradientArguments& a) {
  __shared__ TileWeights<V> weights;
  load_weights<V>(weights, a.weights, a.rows, a.window.on.kernel * a.window.on.kernel);
  if (a.window.on.stride == 1)
    add_gradients<T, V, true>(a, weights);
  else
    add_gradients<T, V, false>(a, weights);
}

// The gradient of the weights in one row of the kernel.
template <class T, int V>
__device__ void depthwise_weight_gradient(const DepthwiseWeightArguments& a) {
  const DepthwiseWindow& window = a.window;
  const PoolWindow& on = window.on;
  const int taps = on.kernel * on.kernel, tile = blockIdx.y / on.kernel, of_kernel = blockIdx.y % on.kernel;
  const Place<V> place(a.rows, tile);
  float sums[kWidest][V] = {};
  if (place.is_active) {
    for (long long row = place.first; row < a.rows.count; row += place.step) {
      const Pixel pixel(row, window.height, window.width);
      const int y = pixel.h * on.stride - on.padding + of_kernel * window.dilation;
      if (y < 0 || y >= on.height) continue;
      float g[V];
      load<T>(g, a.gradient, row * a.rows.channels + place.channel);
#pragma unroll
      for (int t = 0; t < kWidest; t++) {
        if (t >= on.kernel) break;
        add_product<T>(sums[t], g, a.x, pixel.image, y, pixel.w * on.stride - on.padding + t * window.dilation,
                       on.height, on.width, a.rows.channels, place.channel);
      }
    }
  }
#pragma unroll
  for (int t = 0; t < kWidest; t++) {
    if (t >= on.kernel) break;
    add_rows(sums[t], place, a.rows.lanes);
    if (place.row > 0 || !place.is_active) continue;
    const long long tap = static_cast<long long>(blockIdx.x) * taps + of_kernel * on.kernel + t;
#pragma unroll
    for (int i = 0; i < V; i++) a.partial[tap * a.rows.channels + place.channel + i] = sums[t][i];
  }
  if (!comes_last(a.tickets + blockIdx.y, gridDim.x)) return;
  const int width = a.rows.lanes * V;
  const volatile float* partial = a.partial;
  for (int i = threadIdx.x; i < width * on.kernel; i += kThreads) {
    const int channel = tile * width + i % width, tap = of_kernel * on.kernel + i / width;
    if (channel >= a.rows.channels) continue;
    double sum = 0;
    for (int block = 0; block < gridDim.x; block++) {
      sum += partial[(static_cast<long long>(block) * taps + tap) * a.rows.channels + channel];
    }
    a.weight_gradient[static_cast<long long>(channel) * taps + tap] += static_cast<float>(sum);
  }
}

FOR_TYPES(depthwise, DepthwiseArguments)
FOR_TYPES(depthwise_gradient, DepthwiseGradientArguments)
FOR_TYPES(depthwise_weight_gradient, DepthwiseWeightArguments)
)cuda"
