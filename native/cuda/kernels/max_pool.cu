R"cuda(
// Max pools, forward and backward.

// The largest value of each window, and where it is.
template <class T, int V>
__device__ void max_pool(const MaxPoolArguments& a) {
  const Place<V> place(a.rows);
  if (!place.is_active) return;
  const PoolWindow& window = a.window;
  for (long long row = place.first; row < a.rows.count; row += place.step) {
    const Pixel pixel(row, a.height, a.width);
    const Range ys = window_at(pixel.h, window, window.height), xs = window_at(pixel.w, window, window.width);
    const int above = pixel.h * window.stride - window.padding, before = pixel.w * window.stride - window.padding;
    const long long image = static_cast<long long>(pixel.image) * window.height;
    float most[V] = {};
    Vector<unsigned char, V> where = {};
    for (int y = ys.begin; y < ys.end; y++) {
      for (int x = xs.begin; x < xs.end; x++) {
        float value[V];
        load<T>(value, a.x, ((image + y) * window.width + x) * a.rows.channels + place.channel);
        const bool is_first = y == ys.begin && x == xs.begin;
#pragma unroll
        for (int i = 0; i < V; i++) {
          if (!is_first && value[i] <= most[i]) continue;
          // NaN is larger than all, and stays so.
          if (!is_first && value[i] == value[i] && most[i] != most[i]) continue;
          most[i] = value[i];
          where.at[i] = static_cast<unsigned char>((y - above) * window.kernel + x - before);
        }
      }
    }
    const long long at = row * a.rows.channels + place.channel;
    store<T>(most, a.y, at);
    if (a.where != nullptr) *reinterpret_cast<Vector<unsigned char, V>*>(a.where + at) = where;
  }
}

// The gradient of the input of a max pool: each pixel adds up the gradients of the windows in which it is the largest.
template <class T, int V>
__device__ void max_pool_gradient(const MaxPoolGradientArguments& a) {
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
      const int y = pixel.h + window.padding - h * window.stride;
      for (int w = ws.begin; w < ws.end; w++) {
        const long long from = ((image + h) * a.width + w) * a.rows.channels + place.channel;
        const int own = y * window.kernel + pixel.w + window.padding - w * window.stride;
        const Vector<unsigned char, V> where = *reinterpret_cast<const Vector<unsigned char, V>*>(a.where + from);
        float g[V];
        load<T>(g, a.gradient, from);
#pragma unroll
        for (int i = 0; i < V; i++) total[i] += where.at[i] == own ? g[i] : 0.f;
      }
    }
    store<T>(total, a.out, at);
  }
}

FOR_TYPES(max_pool, MaxPoolArguments)
FOR_TYPES(max_pool_gradient, MaxPoolGradientArguments)
)cuda"
