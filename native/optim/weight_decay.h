// The weight decay of optimizers, by kind of parameter.
#pragma once

#include "runtime/fields.h"
#include "state/parameters.h"

namespace pada {

class WeightDecay {
 public:
  // The fields `weightDecay` and, if present, `decayNormsAndBiases`.
  explicit WeightDecay(Fields& settings)
      : rate_(settings.number("weightDecay")), of_vectors_(settings.flag("decayNormsAndBiases", true)) {}

  // Parameters of one dimension are biases, and scales and shifts of batch norms.
  double of(const Parameters& parameters, int index) const {
    return of_vectors_ || parameters.shape(index).size() > 1 ? rate_ : 0;
  }

 private:
  double rate_;
  bool of_vectors_;
};

}  // namespace pada
