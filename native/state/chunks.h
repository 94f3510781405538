// Loops over the flat memory of parameters, in pieces that threads share.
#pragma once

#include <algorithm>
#include <vector>

#include "ops/cpu/grain.h"
#include "state/parameters.h"

namespace pada {

inline constexpr int64_t kChunk = 1 << 14;

// A piece of one parameter's segment, short enough to share the work between threads.
struct Chunk {
  int position;  // of the parameter in the list of indices
  int64_t offset, size;
};

inline std::vector<Chunk> chunks_of(const Parameters& parameters, const std::vector<int>& indices) {
  std::vector<Chunk> chunks;
  for (size_t i = 0; i < indices.size(); i++) {
    const int64_t begin = parameters.offset(indices[i]), size = parameters.size(indices[i]);
    for (int64_t done = 0; done < size; done += kChunk) {
      chunks.push_back({static_cast<int>(i), begin + done, std::min(kChunk, size - done)});
    }
  }
  return chunks;
}

template <class Body>
void for_chunks(const std::vector<Chunk>& chunks, const Body& body) {
  const int64_t count = static_cast<int64_t>(chunks.size());
  at::parallel_for(0, count, grain(kChunk, kElementsPerShare), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) body(chunks[i], i);
  });
}

inline float* data(const at::Tensor& flat) { return flat.mutable_data_ptr<float>(); }

}  // namespace pada
