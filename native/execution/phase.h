// The mode of one execution of a plan: training, evaluation, or re-estimation of running statistics.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace pada {

// The random source of a step's dropouts and drop paths.
struct Drop {
  uint64_t seed = 0;
  double path_scale = 1;  // factor on the probability of every drop path, 0...1
  // Place in the batch of the first sample of this execution, if the batch is computed in parts.
  int64_t first_sample = 0;
};

class Communicator;

// Batch norms normalise by the batch of all processes, not by this process's share of it.
struct SynchronisedNorms {
  Communicator* communicator;
  int64_t batch;  // samples of all processes
};

struct Phase {
  bool backward = false;  // keeps the values that the backward pass reads
  // Share of the batch's statistics in the running statistics after this execution. Without it, batch norms that have
  // running statistics normalise by them.
  std::optional<double> momentum;
  std::optional<Drop> drop;     // without it, nothing is dropped
  std::vector<float> mixing{};  // coefficients of mixes, by the indices that instructions give
  std::optional<SynchronisedNorms> synchronised{};
};

}  // namespace pada
