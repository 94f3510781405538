R"cuda(
// The gradients of the sum of a node: of its norms, copies and pools.

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
      // A copy: by reference, NVRTC stores scalars one by one on sm_80 and sm_90.
      const TermGradient term = a.terms[t];
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
    const Pixel pixel(row, window.height, window.width);
    const Range hs = windows_over(pixel.h, window, a.height), ws = windows_over(pixel.w, window, a.width);
    const long long image = static_cast<long long>(pixel.image) * a.height;
    const long long at = row * a.rows.channels + place.channel;
    float total[V] = {};
    if (a.accumulate) load<T>(total, a.out, at);
    for (int h = hs.begin; h < hs.end; h++) {
      const Range ys = window_at(h, window, window.height);
      for (int w = ws.begin; w < ws.end; w++) {
        const Range xs = window_at(w, window, window.width);
        const float share = 1.f / static_cast<float>((ys.end - ys.begin) * (xs.end - xs.begin));
        float g[V];
        load<T>(g, a.gradient, ((image + h) * a.width + w) * a.rows.channels + place.channel);
#pragma unroll
        for (int i = 0; i < V; i++) total[i] += g[i] * share;
      }
    }
    store<T>(total, a.out, at);
  }
}

FOR_TYPES(sum_gradients, GradientArguments)
FOR_TYPES(term_gradients, TermGradientArguments)
FOR_TYPES(pool_gradient, PoolGradientArguments)
)cuda"
