// Sums gradients over all processes while the backward pass computes further ones. Each process holds the gradients of
// its share of the batch, which are scaled so that their sum is the gradient of the batch's mean loss.
#pragma once

#include <memory>
#include <vector>

#include "distributed/communicator.h"
#include "state/parameters.h"

namespace pada {

class GradientSum {
 public:
  GradientSum(Communicator& communicator, Parameters& parameters)
      : communicator_(communicator), parameters_(parameters) {}

  // The gradient of a parameter is complete. Every process adds the same parameters in the same order.
  void add(int parameter);
  // Waits for all sums, and replaces the gradients by them.
  void finish();

 private:
  // Parameters whose gradients travel together: a message for each would wait for the network each time.
  struct Bucket {
    std::vector<int> parameters;
    at::Tensor gradients;
    std::shared_ptr<Communicator::Sum> sum;
  };

  void begin();

  Communicator& communicator_;
  Parameters& parameters_;
  std::vector<int> waiting_;
  int64_t waiting_scalars_ = 0;
  std::vector<Bucket> buckets_;
};

}  // namespace pada
