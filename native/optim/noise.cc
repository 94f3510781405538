#include "optim/noise.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "runtime/random.h"
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

}  // namespace

void add_noise(Parameters& parameters, const GradientNoise& noise) {
  std::vector<uint8_t> wanted(parameters.count(), 0);
  for (int index : noise.parameters) wanted[index] = 1;
  std::vector<int> indices;
  std::ranges::copy_if(parameters.pending(), std::back_inserter(indices), [&](int index) { return wanted[index]; });
  const float deviation = static_cast<float>(noise.deviation);
  const uint64_t seed = hash(noise.seed);
  if (!parameters.device().is_cpu()) {
    for (int index : indices) {
      const at::Tensor drawn = at::zeros({parameters.size(index)}, at::TensorOptions().dtype(at::kFloat));
      add_normal_loop(data(drawn), seed, parameters.offset(index), deviation, parameters.size(index));
      parameters.segment(parameters.gradients, index).add_(drawn.to(parameters.device()));
    }
    return;
  }
  float* g = data(parameters.gradients);
  for_chunks(chunks_of(parameters, indices), [&](const Chunk& chunk, int64_t) {
    add_normal_loop(g + chunk.offset, seed, chunk.offset, deviation, chunk.size);
  });
}

}  // namespace pada
