#include "optim/sgd.h"

#include "ops/cpu/simd.h"
#include "state/chunks.h"

namespace pada {
namespace {

const SlotKind kMomentum{.name = "momentum", .initial = 0};

PADA_SIMD void sgd_loop(float* __restrict w, const float* __restrict g, float* __restrict m, float rate, float momentum,
                        float decay, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    m[i] = momentum * m[i] + (g[i] + decay * w[i]);
    w[i] -= rate * m[i];
  }
}

PADA_SIMD void plain_sgd_loop(float* __restrict w, const float* __restrict g, float rate, float decay, int64_t n) {
  for (int64_t i = 0; i < n; i++) w[i] -= rate * (g[i] + decay * w[i]);
}

class Sgd : public Optimizer {
 public:
  explicit Sgd(Fields& settings)
      : momentum_(settings.number("momentum")), weight_decay_(settings.number("weightDecay")) {}

  // Without momentum, its slot stays unchanged, as in PyTorch. Another optimizer may use the slot.
  void update(Parameters& parameters, const std::vector<int>& indices, double learning_rate) const override {
    if (parameters.by_aten()) return update_by_aten(parameters, indices, learning_rate);
    const float rate = static_cast<float>(learning_rate), momentum = static_cast<float>(momentum_);
    const float decay = static_cast<float>(weight_decay_);
    float* w = data(parameters.values);
    const float* g = data(parameters.gradients);
    const std::vector<Chunk> chunks = chunks_of(parameters, indices);
    if (momentum == 0) {
      for_chunks(chunks,
                 [&](const Chunk& c, int64_t) { plain_sgd_loop(w + c.offset, g + c.offset, rate, decay, c.size); });
      return;
    }
    float* m = data(parameters.slot(kMomentum));
    for_chunks(chunks, [&](const Chunk& c, int64_t) {
      sgd_loop(w + c.offset, g + c.offset, m + c.offset, rate, momentum, decay, c.size);
    });
  }

 private:
  void update_by_aten(Parameters& parameters, const std::vector<int>& indices, double learning_rate) const {
    for (int index : indices) {
      at::Tensor w = parameters.segment(parameters.values, index);
      at::Tensor step = parameters.segment(parameters.gradients, index).add(w, weight_decay_);
      if (momentum_ != 0) step = parameters.segment(parameters.slot(kMomentum), index).mul_(momentum_).add_(step);
      w.sub_(step, learning_rate);
    }
  }

  double momentum_, weight_decay_;
};

}  // namespace

OptimizerKind sgd() {
  return {"sgd", {kMomentum}, [](Fields& settings) -> std::unique_ptr<const Optimizer> {
            return std::make_unique<Sgd>(settings);
          }};
}

}  // namespace pada
