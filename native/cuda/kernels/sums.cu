R"cuda(
// The sum of a node: batch norms, pools and copies, and the ReLU of the sum, forward and backward.

// Rows that a thread reads before it computes: enough reads are under way at a time.
constexpr int kTogether = 4;

// The place of a thread in the rows.
template <int V>
struct Place {
  __device__ explicit Place(const Rows& rows)
      : threads(kThreads / rows.lanes),
        lane(threadIdx.x % rows.lanes),
        row(threadIdx.x / rows.lanes),
        channel((blockIdx.y * rows.lanes + lane) * V),
        is_active(row < threads && channel < rows.channels),
        first(static_cast<long long>(blockIdx.x) * threads + row),
        step(static_cast<long long>(gridDim.x) * threads) {}

  int threads;  // rows of threads in a block
  int lane, row, channel;
  bool is_active;
  long long first, step;  // of the rows of this thread
};

// Sums over the rows of threads of a block. The results are in the threads of the first row.
template <int V>
__device__ void add_rows(float (&values)[V], const Place<V>& place, int lanes) {
  __shared__ float sums[kThreads * V];
  float* own = sums + (place.row * lanes + place.lane) * V;
  const bool takes_part = place.row < place.threads;
  __syncthreads();
  if (takes_part) {
#pragma unroll
    for (int i = 0; i < V; i++) own[i] = values[i];
  }
  for (int rows = place.threads; rows > 1;) {
    const int half = (rows + 1) / 2;
    __syncthreads();
    if (place.row + half < rows) {
#pragma unroll
      for (int i = 0; i < V; i++) own[i] += own[half * lanes * V + i];
    }
    rows = half;
  }
  if (takes_part) {
#pragma unroll
    for (int i = 0; i < V; i++) values[i] = own[i];
  }
}

// Writes the two sums of a block and a norm to its place in the partial sums.
template <int V>
__device__ void keep_partial(float (&first)[V], float (&second)[V], const Place<V>& place, const Rows& rows,
                             const Reduction& reduction, int norm, int count) {
  add_rows(first, place, rows.lanes);
  add_rows(second, place, rows.lanes);
  if (place.row > 0 || !place.is_active) return;
  float* to = reduction.partial + (static_cast<long long>(blockIdx.x) * count + norm) * 2 * rows.channels;
#pragma unroll
  for (int i = 0; i < V; i++) {
    to[place.channel + i] = first[i];
    to[rows.channels + place.channel + i] = second[i];
  }
}

// In the block that comes last: calls finish(norm, channel, first sum, second sum) of each norm and each channel of the
// tile. One thread does all norms of a channel, in their order.
template <int V, class Finish>
__device__ void finish_partial(const Rows& rows, const Reduction& reduction, int count, const Finish& finish) {
  __shared__ double sums[2][kThreads];
  if (!comes_last(reduction.tickets + blockIdx.y, gridDim.x)) return;
  const int width = rows.lanes * V, parts = kThreads / width, part = threadIdx.x / width;
  const int column = threadIdx.x % width, channel = blockIdx.y * width + column;
  const bool is_active = part < parts && channel < rows.channels;
  const volatile float* partial = reduction.partial;
  for (int norm = 0; norm < count; norm++) {
    double first = 0, second = 0;
    if (is_active) {
      for (int block = part; block < gridDim.x; block += parts) {
        const long long at = (static_cast<long long>(block) * count + norm) * 2 * rows.channels + channel;
        first += partial[at];
        second += partial[at + rows.channels];
      }
    }
    __syncthreads();
    sums[0][threadIdx.x] = first;
    sums[1][threadIdx.x] = second;
    __syncthreads();
    if (part > 0 || !is_active) continue;
    for (int other = 1; other < parts; other++) {
      first += sums[0][other * width + column];
      second += sums[1][other * width + column];
    }
    finish(norm, channel, first, second);
  }
}

// Mean and deviation of each channel, by sums of the differences to the first row, which keeps them small.
template <class T, int V>
__device__ void norm_statistics(const StatisticsArguments& a) {
  const Place<V> place(a.rows);
  float shift[kMostNorms][V], sum[kMostNorms][V] = {}, square[kMostNorms][V] = {};
  if (place.is_active) {
#pragma unroll
    for (int t = 0; t < kMostNorms; t++) {
      if (t < a.count) load<T>(shift[t], a.norms[t].x, place.channel);
    }
#pragma unroll kTogether
    for (long long row = place.first; row < a.rows.count; row += place.step) {
#pragma unroll
      for (int t = 0; t < kMostNorms; t++) {
        if (t >= a.count) break;
        float x[V];
        load<T>(x, a.norms[t].x, row * a.rows.channels + place.channel);
#pragma unroll
        for (int i = 0; i < V; i++) {
          const float difference = x[i] - shift[t][i];
          sum[t][i] += difference;
          square[t][i] += difference * difference;
        }
      }
    }
  }
#pragma unroll
  for (int t = 0; t < kMostNorms; t++) {
    if (t < a.count) keep_partial(sum[t], square[t], place, a.rows, a.reduction, t, a.count);
  }
  finish_partial<V>(a.rows, a.reduction, a.count, [&](int t, int channel, double sums, double squares) {
    const NormInput& norm = a.norms[t];
    const double rows = static_cast<double>(a.rows.count), from_first = sums / rows;
    const double mean = from_first + widen(static_cast<const T*>(norm.x)[channel]);
    double variance = squares / rows - from_first * from_first;
    // Not by fmax, which would hide NaN.
    if (variance < 0) variance = 0;
    norm.mean[channel] = static_cast<float>(mean);
    norm.inverse_deviation[channel] = static_cast<float>(1 / sqrt(variance + a.epsilon));
    if (norm.running_mean == nullptr) return;
    const double kept = 1 - a.share;
    norm.running_mean[channel] = static_cast<float>(kept * norm.running_mean[channel] + a.share * mean);
    norm.running_variance[channel] = static_cast<float>(kept * norm.running_variance[channel] +
                                                        a.share * variance * (rows / (rows - 1)));
  });
}

// Adds the average pool of x around a pixel of the sum.
template <class T, int V>
__device__ void add_pooled(float (&total)[V], const SumTerm& term, const SumArguments& a, long long row, int channel) {
  const PoolWindow& window = term.window;
  const unsigned pixel = static_cast<unsigned>(row), line = pixel / a.width;
  const int w = pixel % a.width, h = line % a.height;
  const long long image = static_cast<long long>(line / a.height) * window.height;
  const int top = max(0, h * window.stride - window.padding);
  const int bottom = min(window.height, h * window.stride - window.padding + window.kernel);
  const int left = max(0, w * window.stride - window.padding);
  const int right = min(window.width, w * window.stride - window.padding + window.kernel);
  float sum[V] = {};
  for (int y = top; y < bottom; y++) {
    for (int x = left; x < right; x++) {
      float value[V];
      load<T>(value, term.x, ((image + y) * window.width + x) * a.rows.channels + channel);
#pragma unroll
      for (int i = 0; i < V; i++) sum[i] += value[i];
    }
  }
  const float share = 1.f / static_cast<float>((bottom - top) * (right - left));
#pragma unroll
  for (int i = 0; i < V; i++) total[i] += sum[i] * share;
}

// The sum of all terms, and its ReLU.
template <class T, int V>
__device__ void sum_terms(const SumArguments& a) {
  // Of each norm and channel of the tile: (x - mean) * gain + bias. Without the mean in the bias, large x stay precise.
  __shared__ float means[kMostTerms][32 * V], gains[kMostTerms][32 * V], biases[kMostTerms][32 * V];
  const int width = a.rows.lanes * V;
  for (int i = threadIdx.x; i < width * a.count; i += kThreads) {
    const int t = i / width, column = i % width, channel = blockIdx.y * width + column;
    const SumTerm& term = a.terms[t];
    if (term.kind != kNorm || channel >= a.rows.channels) continue;
    const float deviation = term.deviation[channel];
    const float inverse = term.is_variance ? 1.f / sqrtf(deviation + a.epsilon) : deviation;
    means[t][column] = term.mean[channel];
    gains[t][column] = term.weight == nullptr ? inverse : inverse * term.weight[channel];
    biases[t][column] = term.bias == nullptr ? 0.f : term.bias[channel];
  }
  __syncthreads();
  const Place<V> place(a.rows);
  if (!place.is_active) return;
  for (long long first = place.first; first < a.rows.count; first += kTogether * place.step) {
    float total[kTogether][V] = {};
    for (int t = 0; t < a.count; t++) {
      const SumTerm& term = a.terms[t];
      if (term.kind == kPool) {
        for (int k = 0; k < kTogether; k++) {
          const long long row = first + k * place.step;
          if (row < a.rows.count) add_pooled<T>(total[k], term, a, row, place.channel);
        }
        continue;
      }
      float mean[V], gain[V], bias[V];
#pragma unroll
      for (int i = 0; i < V; i++) {
        const int column = place.lane * V + i;
        mean[i] = term.kind == kNorm ? means[t][column] : 0.f;
        gain[i] = term.kind == kNorm ? gains[t][column] : 1.f;
        bias[i] = term.kind == kNorm ? biases[t][column] : 0.f;
      }
#pragma unroll
      for (int k = 0; k < kTogether; k++) {
        const long long row = first + k * place.step;
        if (row >= a.rows.count) continue;
        float x[V];
        load<T>(x, term.x, row * a.rows.channels + place.channel);
#pragma unroll
        for (int i = 0; i < V; i++) total[k][i] += (x[i] - mean[i]) * gain[i] + bias[i];
      }
    }
#pragma unroll
    for (int k = 0; k < kTogether; k++) {
      const long long row = first + k * place.step, at = row * a.rows.channels + place.channel;
      if (row >= a.rows.count) continue;
      if (a.sum != nullptr) store<T>(total[k], a.sum, at);
      if (a.relu == nullptr) continue;
      // Not by fmaxf and fminf, which would hide NaN.
#pragma unroll
      for (int i = 0; i < V; i++) {
        if (total[k][i] < 0) total[k][i] = 0;
        if (total[k][i] > a.ceiling) total[k][i] = a.ceiling;
      }
      store<T>(total[k], a.relu, at);
    }
  }
}

// The gradient of a sum, through its ReLU. Of each norm of the sum: the sums of the gradient g, and of g * (x - mean).
// They are the gradients of bias and weight, and make the gradient of x an affine map of g and x - mean.
template <class T, int V>
__device__ void sum_gradients(const GradientArguments& a) {
  const Place<V> place(a.rows);
  float mean[kMostNorms][V], sum[V] = {}, centred[kMostNorms][V] = {};
  if (place.is_active) {
#pragma unroll
    for (int t = 0; t < kMostNorms; t++) {
      if (t < a.count) load<float>(mean[t], a.norms[t].mean, place.channel);
    }
#pragma unroll kTogether
    for (long long row = place.first; row < a.rows.count; row += place.step) {
      const long long at = row * a.rows.channels + place.channel;
      float g[V] = {};
      if (a.gradient != nullptr) load<T>(g, a.gradient, at);
      if (a.after != nullptr) {
        float after[V], relu[V];
        load<T>(after, a.after, at);
        load<T>(relu, a.relu, at);
#pragma unroll
        for (int i = 0; i < V; i++) g[i] += relu[i] > 0 && relu[i] < a.ceiling ? after[i] : 0.f;
      }
      if (a.total != nullptr) {
        // Later passes read the rounded gradient.
#pragma unroll
        for (int i = 0; i < V; i++) g[i] = widen(narrow<T>(g[i]));
        store<T>(g, a.total, at);
      }
#pragma unroll
      for (int i = 0; i < V; i++) sum[i] += g[i];
#pragma unroll
      for (int t = 0; t < kMostNorms; t++) {
        if (t >= a.count) break;
        float x[V];
        load<T>(x, a.norms[t].x, at);
#pragma unroll
        for (int i = 0; i < V; i++) centred[t][i] += g[i] * (x[i] - mean[t][i]);
      }
    }
  }
  if (a.count == 0) return;
#pragma unroll
  for (int t = 0; t < kMostNorms; t++) {
    if (t >= a.count) break;
    float of_gradient[V];
#pragma unroll
    for (int i = 0; i < V; i++) of_gradient[i] = sum[i];
    keep_partial(of_gradient, centred[t], place, a.rows, a.reduction, t, a.count);
  }
  finish_partial<V>(a.rows, a.reduction, a.count, [&](int t, int channel, double gradients, double products) {
    const NormGradient& norm = a.norms[t];
    const double rows = static_cast<double>(a.rows.count), inverse = norm.inverse_deviation[channel];
    const double gain = (norm.weight == nullptr ? 1. : norm.weight[channel]) * inverse;
    if (norm.weight_gradient != nullptr) {
      norm.weight_gradient[channel] += static_cast<float>(inverse * products);
      norm.bias_gradient[channel] += static_cast<float>(gradients);
    }
    const double slope = gain * inverse * inverse * products / rows;
    norm.coefficients[channel] = static_cast<float>(gain);
    norm.coefficients[a.rows.channels + channel] = static_cast<float>(-slope);
    norm.coefficients[2 * a.rows.channels + channel] = static_cast<float>(-gain * gradients / rows);
  });
}

// The gradients of the inputs of norms and copies, given the gradient of the sum.
template <class T, int V>
__device__ void term_gradients(const TermGradientArguments& a) {
  const Place<V> place(a.rows);
  if (!place.is_active) return;
  for (long long first = place.first; first < a.rows.count; first += kTogether * place.step) {
    float g[kTogether][V];
#pragma unroll
    for (int k = 0; k < kTogether; k++) {
      const long long row = first + k * place.step;
      if (row < a.rows.count) load<T>(g[k], a.gradient, row * a.rows.channels + place.channel);
    }
    for (int t = 0; t < a.count; t++) {
      const TermGradient& term = a.terms[t];
      float of_gradient[V], of_x[V], constant[V], mean[V];
      if (term.x != nullptr) {
        load<float>(of_gradient, term.coefficients, place.channel);
        load<float>(of_x, term.coefficients, a.rows.channels + place.channel);
        load<float>(constant, term.coefficients, 2 * a.rows.channels + place.channel);
        load<float>(mean, term.mean, place.channel);
      }
#pragma unroll
      for (int k = 0; k < kTogether; k++) {
        const long long row = first + k * place.step, at = row * a.rows.channels + place.channel;
        if (row >= a.rows.count) continue;
        float value[V], x[V];
        if (term.x != nullptr) load<T>(x, term.x, at);
#pragma unroll
        for (int i = 0; i < V; i++) {
          value[i] = term.x == nullptr ? g[k][i] : of_gradient[i] * g[k][i] + of_x[i] * (x[i] - mean[i]) + constant[i];
        }
        if (term.accumulate) {
          float held[V];
          load<T>(held, term.out, at);
#pragma unroll
          for (int i = 0; i < V; i++) value[i] += held[i];
        }
        store<T>(value, term.out, at);
      }
    }
  }
}

// The gradient of the input of an average pool.
template <class T, int V>
__device__ void pool_gradient(const PoolGradientArguments& a) {
  const Place<V> place(a.rows);
  if (!place.is_active) return;
  const PoolWindow& window = a.window;
  for (long long row = place.first; row < a.rows.count; row += place.step) {
    const unsigned pixel = static_cast<unsigned>(row), line = pixel / window.width;
    const int x = pixel % window.width, y = line % window.height;
    const long long image = static_cast<long long>(line / window.height) * a.height;
    // The outputs whose windows cover the pixel.
    const int above = y + window.padding - window.kernel, before = x + window.padding - window.kernel;
    const int top = above < 0 ? 0 : above / window.stride + 1, left = before < 0 ? 0 : before / window.stride + 1;
    const int bottom = min(a.height, (y + window.padding) / window.stride + 1);
    const int right = min(a.width, (x + window.padding) / window.stride + 1);
    const long long at = row * a.rows.channels + place.channel;
    float total[V] = {};
    if (a.accumulate) load<T>(total, a.out, at);
    for (int h = top; h < bottom; h++) {
      const int begin = max(0, h * window.stride - window.padding);
      const int tall = min(window.height, h * window.stride - window.padding + window.kernel) - begin;
      for (int w = left; w < right; w++) {
        const int start = max(0, w * window.stride - window.padding);
        const int wide = min(window.width, w * window.stride - window.padding + window.kernel) - start;
        const float share = 1.f / static_cast<float>(tall * wide);
        float g[V];
        load<T>(g, a.gradient, ((image + h) * a.width + w) * a.rows.channels + place.channel);
#pragma unroll
        for (int i = 0; i < V; i++) total[i] += g[i] * share;
      }
    }
    store<T>(total, a.out, at);
  }
}

// By type and number of channels of a vector.
#define FOR_TYPES(name, Arguments)                                    \
  KERNEL(name##_float32_4, Arguments) { name<float, 4>(a); }          \
  KERNEL(name##_float32_1, Arguments) { name<float, 1>(a); }          \
  KERNEL(name##_bfloat16_4, Arguments) { name<bfloat16, 4>(a); }      \
  KERNEL(name##_bfloat16_1, Arguments) { name<bfloat16, 1>(a); }

FOR_TYPES(norm_statistics, StatisticsArguments)
FOR_TYPES(sum_terms, SumArguments)
FOR_TYPES(sum_gradients, GradientArguments)
FOR_TYPES(term_gradients, TermGradientArguments)
FOR_TYPES(pool_gradient, PoolGradientArguments)
)cuda"
