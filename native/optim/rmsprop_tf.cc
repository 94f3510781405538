#include "optim/rmsprop_tf.h"

#include <ATen/ops/addcdiv.h>

#include <cmath>

#include "ops/cpu/simd.h"
#include "optim/weight_decay.h"
#include "state/chunks.h"

namespace pada {
namespace {

const SlotKind kSquareAverage{.name = "squareAverage", .initial = 1};

PADA_SIMD void rmsprop_loop(float* __restrict w, const float* __restrict g, float* __restrict s, float* __restrict m,
                            float rate, float momentum, float share, float epsilon, float decay, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    const float decayed = g[i] + decay * w[i];
    s[i] += share * (decayed * decayed - s[i]);
    m[i] = momentum * m[i] + rate * decayed / std::sqrt(s[i] + epsilon);
    w[i] -= m[i];
  }
}

PADA_SIMD void plain_rmsprop_loop(float* __restrict w, const float* __restrict g, float* __restrict s, float rate,
                                  float share, float epsilon, float decay, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    const float decayed = g[i] + decay * w[i];
    s[i] += share * (decayed * decayed - s[i]);
    w[i] -= rate * decayed / std::sqrt(s[i] + epsilon);
  }
}

class RmspropTf : public Optimizer {
 public:
  explicit RmspropTf(Fields& settings)
      : alpha_(settings.number("alpha")),
        epsilon_(settings.number("epsilon")),
        momentum_(settings.number("momentum")),
        decay_(settings) {}

  // Without momentum, its slot stays unchanged.
  Sweep sweep(Parameters& parameters, double learning_rate) const override {
    const float rate = static_cast<float>(learning_rate), momentum = static_cast<float>(momentum_);
    const float share = static_cast<float>(1 - alpha_), epsilon = static_cast<float>(epsilon_);
    float *w = data(parameters.values), *s = data(parameters.slot(kSquareAverage));
    const float* g = data(parameters.gradients);
    const auto decay = [this, &parameters](int index) { return static_cast<float>(decay_.of(parameters, index)); };
    if (momentum == 0) {
      return [=](int index, int64_t at, int64_t n) {
        plain_rmsprop_loop(w + at, g + at, s + at, rate, share, epsilon, decay(index), n);
      };
    }
    float* m = data(parameters.slot(kMomentumSlot));
    return [=](int index, int64_t at, int64_t n) {
      rmsprop_loop(w + at, g + at, s + at, m + at, rate, momentum, share, epsilon, decay(index), n);
    };
  }

  void update_by_aten(Parameters& parameters, int index, double learning_rate) const override {
    at::Tensor w = parameters.segment(parameters.values, index);
    const at::Tensor g = parameters.segment(parameters.gradients, index).add(w, decay_.of(parameters, index));
    at::Tensor s = parameters.segment(parameters.slot(kSquareAverage), index);
    s.add_(g.square().sub_(s), 1 - alpha_);
    const at::Tensor root = s.add(epsilon_).sqrt_();
    if (momentum_ == 0) {
      w.addcdiv_(g, root, -learning_rate);
    } else {
      w.sub_(
          parameters.segment(parameters.slot(kMomentumSlot), index).mul_(momentum_).addcdiv_(g, root, learning_rate));
    }
  }

  KernelUpdate kernel_update(Parameters& parameters, double learning_rate) const override {
    return {.kernel = "update_rmsprop_tf",
            .slots = {parameters.slot(kSquareAverage), momentum_ == 0 ? at::Tensor() : parameters.slot(kMomentumSlot)},
            .numbers = {static_cast<float>(learning_rate), static_cast<float>(momentum_),
                        static_cast<float>(1 - alpha_), static_cast<float>(epsilon_)},
            .flag = 0,
            .of_parameter = [this, &parameters](int index) -> cuda::UpdateNumbers {
              return {{static_cast<float>(decay_.of(parameters, index))}};
            }};
  }

 private:
  double alpha_, epsilon_, momentum_;
  WeightDecay decay_;
};

}  // namespace

OptimizerKind rmsprop_tf() {
  return {"rmsprop-tf", {kSquareAverage, kMomentumSlot}, [](Fields& settings) -> std::unique_ptr<const Optimizer> {
            return std::make_unique<RmspropTf>(settings);
          }};
}

}  // namespace pada
