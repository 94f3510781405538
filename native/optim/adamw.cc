#include "optim/adamw.h"

#include <ATen/ops/addcdiv.h>

#include <cmath>

#include "ops/cpu/simd.h"
#include "optim/weight_decay.h"
#include "state/chunks.h"

namespace pada {
namespace {

const SlotKind kFirstMoment{.name = "firstMoment", .initial = 0};
const SlotKind kSecondMoment{.name = "secondMoment", .initial = 0};

// kept: 1 - rate * decay. step: rate / (1 - beta1^t). root: 1 / sqrt(1 - beta2^t).
PADA_SIMD void adamw_loop(float* __restrict w, const float* __restrict g, float* __restrict first,
                          float* __restrict second, float kept, float share1, float share2, float step, float root,
                          float epsilon, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    first[i] += share1 * (g[i] - first[i]);
    second[i] += share2 * (g[i] * g[i] - second[i]);
    w[i] = kept * w[i] - step * first[i] / (root * std::sqrt(second[i]) + epsilon);
  }
}

class AdamW : public Optimizer {
 public:
  explicit AdamW(Fields& settings)
      : beta1_(settings.share("beta1")),
        beta2_(settings.share("beta2")),
        epsilon_(settings.number("epsilon")),
        decay_(settings) {}

  Sweep sweep(Parameters& parameters, double learning_rate) const override {
    const float share1 = static_cast<float>(1 - beta1_), share2 = static_cast<float>(1 - beta2_);
    const float epsilon = static_cast<float>(epsilon_);
    float* w = data(parameters.values);
    const float* g = data(parameters.gradients);
    float *first = data(parameters.slot(kFirstMoment)), *second = data(parameters.slot(kSecondMoment));
    return [=, this, &parameters](int index, int64_t at, int64_t n) {
      const Factors of = factors(parameters, index, learning_rate);
      adamw_loop(w + at, g + at, first + at, second + at, of.kept, share1, share2, of.step, of.root, epsilon, n);
    };
  }

  void update_by_aten(Parameters& parameters, int index, double learning_rate) const override {
    const double times = parameters.times_updated[index];
    at::Tensor w = parameters.segment(parameters.values, index);
    const at::Tensor g = parameters.segment(parameters.gradients, index);
    at::Tensor first = parameters.segment(parameters.slot(kFirstMoment), index);
    at::Tensor second = parameters.segment(parameters.slot(kSecondMoment), index);
    w.mul_(1 - learning_rate * decay_.of(parameters, index));
    first.add_(g.sub(first), 1 - beta1_);
    second.mul_(beta2_).addcmul_(g, g, 1 - beta2_);
    const at::Tensor root = second.sqrt().div_(std::sqrt(1 - std::pow(beta2_, times))).add_(epsilon_);
    w.addcdiv_(first, root, -learning_rate / (1 - std::pow(beta1_, times)));
  }

  KernelUpdate kernel_update(Parameters& parameters, double learning_rate) const override {
    return {.kernel = "update_adamw",
            .slots = {parameters.slot(kFirstMoment), parameters.slot(kSecondMoment)},
            .numbers = {static_cast<float>(1 - beta1_), static_cast<float>(1 - beta2_), static_cast<float>(epsilon_)},
            .flag = 0,
            .of_parameter = [=, this, &parameters](int index) -> cuda::UpdateNumbers {
              const Factors of = factors(parameters, index, learning_rate);
              return {{of.kept, of.step, of.root}};
            }};
  }

 private:
  // See adamw_loop.
  struct Factors {
    float kept, step, root;
  };
  Factors factors(const Parameters& parameters, int index, double learning_rate) const {
    const double times = parameters.times_updated[index];
    return {static_cast<float>(1 - learning_rate * decay_.of(parameters, index)),
            static_cast<float>(learning_rate / (1 - std::pow(beta1_, times))),
            static_cast<float>(1 / std::sqrt(1 - std::pow(beta2_, times)))};
  }

  double beta1_, beta2_, epsilon_;
  WeightDecay decay_;
};

}  // namespace

OptimizerKind adamw() {
  return {"adamw", {kFirstMoment, kSecondMoment}, [](Fields& settings) -> std::unique_ptr<const Optimizer> {
            return std::make_unique<AdamW>(settings);
          }};
}

}  // namespace pada
