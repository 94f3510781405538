// Values that taps keep in one execution. A later execution on the same batch can be drawn towards them.
#pragma once

#include <unordered_map>

#include "runtime/torch.h"

namespace pada {

// Values of taps by slot: batch x channels x height x width.
using Observation = std::unordered_map<int, at::Tensor>;

// The work of the taps of one execution besides passing their input on; none by default.
struct Taps {
  Observation* keep = nullptr;           // receives their values
  const Observation* towards = nullptr;  // values to compare theirs with, by slot
  double weight = 0;  // in the loss, of the mean squared difference of values scaled to mean square 1

  // Results of the forward pass: number of taps compared, and the sum of their mean squared differences, a scalar.
  int compared = 0;
  at::Tensor squares{};
};

}  // namespace pada
