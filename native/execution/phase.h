// What differs between training, evaluation and the re-estimation of running statistics.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace pada {

// What the dropouts and drop paths of a step draw from.
struct Drop {
  uint64_t seed = 0;
  double path_scale = 1;  // factor on the probability of every drop path, 0...1
};

struct Phase {
  bool backward = false;  // keeps what the backward pass reads
  // The share of the batch's statistics in the running ones after this run. Without it, batch norms that have running
  // statistics normalise by them.
  std::optional<double> momentum;
  std::optional<Drop> drop;     // without it, nothing is dropped
  std::vector<float> mixing{};  // coefficients that mixes read, each in the place that the instruction names
};

}  // namespace pada
