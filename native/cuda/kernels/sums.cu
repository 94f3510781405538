R"cuda(
// The sum of a node: batch norms, pools and copies, and the ReLU of the sum.

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
  const Pixel pixel(row, a.height, a.width);
  const Range ys = window_at(pixel.h, window, window.height), xs = window_at(pixel.w, window, window.width);
  const long long image = static_cast<long long>(pixel.image) * window.height;
  float sum[V] = {};
  for (int y = ys.begin; y < ys.end; y++) {
    for (int x = xs.begin; x < xs.end; x++) {
      float value[V];
      load<T>(value, term.x, ((image + y) * window.width + x) * a.rows.channels + channel);
#pragma unroll
      for (int i = 0; i < V; i++) sum[i] += value[i];
    }
  }
  const float share = 1.f / static_cast<float>((ys.end - ys.begin) * (xs.end - xs.begin));
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

FOR_TYPES(norm_statistics, StatisticsArguments)
FOR_TYPES(sum_terms, SumArguments)
)cuda"
