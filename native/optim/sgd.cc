#include "optim/sgd.h"

#include "ops/cpu/simd.h"
#include "optim/weight_decay.h"
#include "state/chunks.h"

namespace pada {
namespace {

PADA_SIMD void sgd_loop(float* __restrict w, const float* __restrict g, float* __restrict m, float rate, float momentum,
                        float decay, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    m[i] = momentum * m[i] + (g[i] + decay * w[i]);
    w[i] -= rate * m[i];
  }
}

PADA_SIMD void nesterov_loop(float* __restrict w, const float* __restrict g, float* __restrict m, float rate,
                             float momentum, float decay, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    const float decayed = g[i] + decay * w[i];
    m[i] = momentum * m[i] + decayed;
    w[i] -= rate * (decayed + momentum * m[i]);
  }
}

PADA_SIMD void plain_sgd_loop(float* __restrict w, const float* __restrict g, float rate, float decay, int64_t n) {
  for (int64_t i = 0; i < n; i++) w[i] -= rate * (g[i] + decay * w[i]);
}

class Sgd : public Optimizer {
 public:
  explicit Sgd(Fields& settings)
      : momentum_(settings.number("momentum")), nesterov_(settings.flag("nesterov", false)), decay_(settings) {
    if (nesterov_ && momentum_ == 0) expected("a positive number with nesterov", "optimizer.momentum", "0");
  }

  // Without momentum, its slot stays unchanged, as in PyTorch. Another optimizer may use the slot.
  Sweep sweep(Parameters& parameters, double learning_rate) const override {
    const float rate = static_cast<float>(learning_rate), momentum = static_cast<float>(momentum_);
    float* w = data(parameters.values);
    const float* g = data(parameters.gradients);
    const auto decay = [this, &parameters](int index) { return static_cast<float>(decay_.of(parameters, index)); };
    if (momentum == 0) {
      return [=](int index, int64_t at, int64_t n) { plain_sgd_loop(w + at, g + at, rate, decay(index), n); };
    }
    float* m = data(parameters.slot(kMomentumSlot));
    return [=, loop = nesterov_ ? nesterov_loop : sgd_loop](int index, int64_t at, int64_t n) {
      loop(w + at, g + at, m + at, rate, momentum, decay(index), n);
    };
  }

  void update_by_aten(Parameters& parameters, int index, double learning_rate) const override {
    at::Tensor w = parameters.segment(parameters.values, index);
    at::Tensor step = parameters.segment(parameters.gradients, index).add(w, decay_.of(parameters, index));
    if (momentum_ != 0) {
      const at::Tensor m = parameters.segment(parameters.slot(kMomentumSlot), index).mul_(momentum_).add_(step);
      step = nesterov_ ? step.add(m, momentum_) : m;
    }
    w.sub_(step, learning_rate);
  }

  KernelUpdate kernel_update(Parameters& parameters, double learning_rate) const override {
    return {.kernel = "update_sgd",
            .slots = {momentum_ == 0 ? at::Tensor() : parameters.slot(kMomentumSlot)},
            .numbers = {static_cast<float>(learning_rate), static_cast<float>(momentum_)},
            .flag = nesterov_,
            .of_parameter = [this, &parameters](int index) -> cuda::UpdateNumbers {
              return {{static_cast<float>(decay_.of(parameters, index))}};
            }};
  }

 private:
  double momentum_;
  bool nesterov_;
  WeightDecay decay_;
};

}  // namespace

OptimizerKind sgd() {
  return {"sgd", {kMomentumSlot}, [](Fields& settings) -> std::unique_ptr<const Optimizer> {
            return std::make_unique<Sgd>(settings);
          }};
}

}  // namespace pada
