// What taps are for: values of one run that are kept, and that a later run on the same batch is drawn towards.
#pragma once

#include <unordered_map>

#include "runtime/torch.h"

namespace pada {

// Values of taps by slot: batch x channels x height x width.
using Observation = std::unordered_map<int, at::Tensor>;

// What the taps of one run do beside passing their input on; by default nothing.
struct Taps {
  Observation* keep = nullptr;           // puts their values there
  const Observation* towards = nullptr;  // compares them with those there, where slots are equal
  double weight = 0;                     // of the mean squared difference, of values scaled to mean square 1

  // Found going forward: taps that were compared, and the sum of their mean squared differences, a scalar.
  int compared = 0;
  at::Tensor squares{};

  // Mean over the taps compared of the mean squared difference; 0 where there are none.
  double alignment() const { return compared == 0 ? 0 : squares.item<double>() / compared; }
};

}  // namespace pada
