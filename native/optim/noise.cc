#include "optim/noise.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "runtime/random.h"
#include "runtime/torch_cuda.h"
#include "state/chunks.h"

namespace pada {
namespace {

// Adds the noise of the scalars `first` … `first + n − 1`, which depends only on the seed and their indices.
void add_normal_loop(float* x, uint64_t seed, int64_t first, float deviation, int64_t n) {
  for (int64_t i = 0; i < n;) {
    const int64_t place = first + i;
    const std::array<float, 2> pair = normal_pair(hash(seed + kGolden * static_cast<uint64_t>(place >> 1)));
    x[i++] += deviation * pair[place & 1];
    if ((place & 1) == 0 && i < n) x[i++] += deviation * pair[1];
  }
}

// The same for gradients on a GPU. The noise is drawn on the CPU, so that it has the same bits, and uploaded at once.
void add_on_device(Parameters& parameters, const std::vector<int>& indices, uint64_t seed, float deviation) {
  std::vector<int64_t> begins = {0};  // of each parameter in the noise
  for (int index : indices) begins.push_back(begins.back() + parameters.size(index));
  const at::Tensor drawn = staged({begins.back()}, at::kFloat, parameters.device()).zero_();
  float* noise = data(drawn);
  at::parallel_for(0, static_cast<int64_t>(indices.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int index = indices[i];
      add_normal_loop(noise + begins[i], seed, parameters.offset(index), deviation, parameters.size(index));
    }
  });
  const at::Tensor on_device = uploaded(drawn, parameters.device());
  for (size_t i = 0; i < indices.size(); i++) {
    const int64_t size = parameters.size(indices[i]);
    parameters.segment(parameters.gradients, indices[i]).add_(on_device.narrow(0, begins[i], size));
  }
}

}  // namespace

void add_noise(Parameters& parameters, const GradientNoise& noise) {
  std::vector<uint8_t> wanted(parameters.count(), 0);
  for (int index : noise.parameters) wanted[index] = 1;
  std::vector<int> indices;
  std::ranges::copy_if(parameters.pending(), std::back_inserter(indices), [&](int index) { return wanted[index]; });
  const float deviation = static_cast<float>(noise.deviation);
  const uint64_t seed = hash(noise.seed);
  if (!parameters.device().is_cpu()) {
    add_on_device(parameters, indices, seed, deviation);
    return;
  }
  float* g = data(parameters.gradients);
  for_chunks(chunks_of(parameters, indices), [&](const Chunk& chunk, int64_t) {
    add_normal_loop(g + chunk.offset, seed, chunk.offset, deviation, chunk.size);
  });
}

}  // namespace pada
