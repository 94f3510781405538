R"cuda(
// What all kernels use. Compiled by NVRTC, which brings no headers.
#ifndef KERNEL
#define KERNEL(name, Arguments) extern "C" __global__ void __launch_bounds__(kThreads) name(const __grid_constant__ Arguments a)
#endif

struct bfloat16 {
  unsigned short bits;
};

__device__ __forceinline__ float widen(float x) { return x; }
__device__ __forceinline__ float widen(bfloat16 x) { return __uint_as_float(static_cast<unsigned>(x.bits) << 16); }

// Rounds to nearest, ties to even.
template <class T>
__device__ __forceinline__ T narrow(float x);
template <>
__device__ __forceinline__ float narrow<float>(float x) {
  return x;
}
template <>
__device__ __forceinline__ bfloat16 narrow<bfloat16>(float x) {
  const unsigned bits = __float_as_uint(x);
  if (x != x) return {0x7fc0};
  return {static_cast<unsigned short>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16)};
}

// V neighbouring values, which one instruction reads or writes.
template <class T, int V>
struct alignas(sizeof(T) * V) Vector {
  T at[V];
};

template <class T, int V>
__device__ __forceinline__ void load(float (&to)[V], const void* from, long long first) {
  const Vector<T, V> vector = *reinterpret_cast<const Vector<T, V>*>(static_cast<const T*>(from) + first);
#pragma unroll
  for (int i = 0; i < V; i++) to[i] = widen(vector.at[i]);
}

template <class T, int V>
__device__ __forceinline__ void store(const float (&values)[V], void* to, long long first) {
  Vector<T, V> vector;
#pragma unroll
  for (int i = 0; i < V; i++) vector.at[i] = narrow<T>(values[i]);
  *reinterpret_cast<Vector<T, V>*>(static_cast<T*>(to) + first) = vector;
}

// True in the threads of the block that comes last of `blocks`, which then sees what the others have written.
__device__ bool comes_last(unsigned* ticket, unsigned blocks) {
  __shared__ unsigned before;
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    before = atomicAdd(ticket, 1u);
    if (before == blocks - 1) *ticket = 0;
  }
  __syncthreads();
  __threadfence();
  return before == blocks - 1;
}

// The sum over all threads of a block, in all threads.
__device__ double block_sum(double value) {
  __shared__ double sums[kThreads];
  __syncthreads();
  sums[threadIdx.x] = value;
  for (int half = kThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
  }
  __syncthreads();
  return sums[0];
}
)cuda"
