R"cuda(
// Sweeps over the parameters of a step, in pieces of flat memory: a block has one piece.

KERNEL(norms_and_moments, NormsArguments) {
  const Piece piece = a.pieces[blockIdx.x];
  double total = 0;
  for (int i = threadIdx.x; i < piece.size; i += kThreads) {
    const long long at = piece.offset + i;
    const float g = a.gradients[at];
    total += static_cast<double>(g) * g;
    if (a.mean == nullptr) continue;
    const float before = g - a.mean[at], mean = a.mean[at] + before * a.inverse_times[piece.position];
    a.mean[at] = mean;
    a.m2[at] += before * (g - mean);
  }
  total = block_sum(total);
  if (threadIdx.x == 0) a.partial[blockIdx.x] = total;
  if (!comes_last(a.ticket, gridDim.x)) return;
  const volatile double* partial = a.partial;
  double all = 0;
  for (int parameter = threadIdx.x; parameter < a.parameters; parameter += kThreads) {
    double square = 0;
    for (int i = a.first_piece[parameter]; i < a.first_piece[parameter + 1]; i++) square += partial[i];
    a.norms[parameter] = sqrt(square);
    all += square;
  }
  all = block_sum(all);
  if (threadIdx.x > 0) return;
  a.norms[a.parameters] = sqrt(all);
  // PyTorch's clip_grad_norm_, in its float32 arithmetic.
  const float scale = 1.f / (static_cast<float>(sqrt(all)) + 1e-6f) * a.max_norm;
  a.norms[a.parameters + 1] = scale > 1.f ? 1.f : scale;
}

// Calls move(value, clipped gradient, first slot, second slot, numbers of the parameter) of each scalar of the piece.
template <class Move>
__device__ __forceinline__ void update(const UpdateArguments& a, const Move& move) {
  const Piece piece = a.pieces[blockIdx.x];
  const UpdateNumbers numbers = a.of_parameter[piece.position];
  const float scale = a.scale == nullptr ? 1.f : static_cast<float>(*a.scale);
  for (int i = threadIdx.x; i < piece.size; i += kThreads) {
    const long long at = piece.offset + i;
    float value = a.values[at], first = 0, second = 0;
    if (a.slots[0] != nullptr) first = a.slots[0][at];
    if (a.slots[1] != nullptr) second = a.slots[1][at];
    move(value, a.gradients[at] * scale, first, second, numbers.at);
    a.values[at] = value;
    a.gradients[at] = 0;
    if (a.slots[0] != nullptr) a.slots[0][at] = first;
    if (a.slots[1] != nullptr) a.slots[1][at] = second;
  }
}

// Numbers: rate, momentum; of a parameter its decay. The flag is Nesterov's. Without momentum there is no slot.
KERNEL(update_sgd, UpdateArguments) {
  update(a, [&](float& w, float g, float& m, float&, const float* of) {
    const float decayed = g + of[0] * w;
    m = a.numbers[1] * m + decayed;
    w -= a.numbers[0] * (a.flag ? decayed + a.numbers[1] * m : m);
  });
}

// Numbers: 1 - beta1, 1 - beta2, epsilon; of a parameter those of adamw_loop: kept, step, root.
KERNEL(update_adamw, UpdateArguments) {
  update(a, [&](float& w, float g, float& first, float& second, const float* of) {
    first += a.numbers[0] * (g - first);
    second += a.numbers[1] * (g * g - second);
    w = of[0] * w - of[1] * first / (of[2] * sqrtf(second) + a.numbers[2]);
  });
}

// Numbers: rate, momentum, 1 - alpha, epsilon; of a parameter its decay. Without momentum there is no second slot.
KERNEL(update_rmsprop_tf, UpdateArguments) {
  update(a, [&](float& w, float g, float& square, float& m, const float* of) {
    const float decayed = g + of[0] * w;
    square += a.numbers[2] * (decayed * decayed - square);
    m = a.numbers[1] * m + a.numbers[0] * decayed / sqrtf(square + a.numbers[3]);
    w -= m;
  });
}

// The scalar of flat memory that is at a place of packed memory.
__device__ __forceinline__ int unpacked(const WeightPlace& weight, int at) {
  const int channel = at % weight.channels, rest = at / weight.channels;
  return (rest / weight.window * weight.channels + channel) * weight.window + rest % weight.window;
}

// Packs weights.
template <class T>
__device__ void pack_weights(const WeightsArguments& a) {
  const Piece piece = a.pieces[blockIdx.x];
  const WeightPlace weight = a.weights[piece.position];
  for (int i = threadIdx.x; i < piece.size; i += kThreads) {
    const int at = static_cast<int>(piece.offset) + i;
    static_cast<T*>(weight.packed)[at] = narrow<T>(a.flat[weight.offset + unpacked(weight, at)]);
  }
}

// Adds packed gradients to those in flat memory.
template <class T>
__device__ void add_packed(const WeightsArguments& a) {
  const Piece piece = a.pieces[blockIdx.x];
  const WeightPlace weight = a.weights[piece.position];
  for (int i = threadIdx.x; i < piece.size; i += kThreads) {
    const int at = static_cast<int>(piece.offset) + i;
    a.flat[weight.offset + unpacked(weight, at)] += widen(static_cast<const T*>(weight.packed)[at]);
  }
}

KERNEL(pack_weights_float32, WeightsArguments) { pack_weights<float>(a); }
KERNEL(pack_weights_bfloat16, WeightsArguments) { pack_weights<bfloat16>(a); }
KERNEL(add_packed_float32, WeightsArguments) { add_packed<float>(a); }
KERNEL(add_packed_bfloat16, WeightsArguments) { add_packed<bfloat16>(a); }
)cuda"
