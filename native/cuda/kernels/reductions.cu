R"cuda(
// Sums over the rows of each channel, by blocks: the last block to end adds up what the others have kept.

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
)cuda"
