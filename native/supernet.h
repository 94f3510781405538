// The weights of a search space and the operations on them. Members run on the executor thread. Two exceptions:
// compile(), which locks its cache, and names, shapes and sizes, which never change.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "data/image_source.h"
#include "data/minibatch.h"
#include "distributed/communicator.h"
#include "distributed/gradient_sum.h"
#include "execution/aten_convolutions.h"
#include "execution/execution.h"
#include "execution/precision.h"
#include "ops/head.h"
#include "optim/clip.h"
#include "optim/noise.h"
#include "optim/optimizer.h"
#include "program/plan.h"
#include "runtime/readings.h"
#include "runtime/stopwatch.h"
#include "runtime/torch_cuda.h"
#include "state/averages.h"
#include "state/buffers.h"
#include "state/parameters.h"

namespace pada {

struct AccumulateRecord {
  double loss = 0;        // of the network's result
  double total_loss = 0;  // weighted sum over all outputs, which is differentiated
  int64_t correct = 0, correct5 = 0;
  std::vector<float> importance;
  std::vector<float> mixing_gradients;  // gradients of the mean loss, by coefficient
  std::optional<double> alignment;      // mean squared difference from the taps observed; none if not asked for
  bool stop = false;                    // a process of the training wishes to stop
};

struct ClipRecord {
  double global_norm = 0, scale = 1;
};

struct StepRecord : AccumulateRecord {
  std::vector<double> gradient_norms;  // before clipping, in the order of Plan::sampled
  ClipRecord clip;
};

// What the second half of a step has computed.
struct Finished {
  std::vector<int> indices;  // parameters that were pending
  GradientNorms norms;
  ClipRecord clip;
};

// A step whose numbers are on their way from the device.
class StepUnderWay {
 public:
  // Whether end() would not wait.
  bool arrived() { return readings_.arrived(); }
  // Waits for the numbers, which complete the record.
  void end();
  const StepRecord& record() const { return record_; }

 private:
  friend class Supernet;
  StepRecord record_;
  Finished finished_;
  Readings readings_;
  std::vector<int> sampled_;  // Plan::sampled
};

// Options of a step's second half, which uses the accumulated gradients.
struct FinishOptions {
  UpdateOptions update;
  double clip_norm = 0;
  std::optional<GradientNoise> noise;
};

struct StepOptions : FinishOptions {
  std::optional<double> alignment;  // see Supernet::accumulate
};

struct EvaluateRecord {
  int64_t count = 0, correct = 0, correct5 = 0;
  double loss = 0;
};

class Supernet {
 public:
  // `reference`: compute by ATen's operators in the order of the PyTorch reference, on any device; otherwise by the
  // fastest code. `precision`: see precision.h.
  Supernet(std::vector<std::string> names, std::vector<std::vector<int64_t>> shapes, Buffers buffers, at::Device device,
           bool reference, Precision precision)
      : parameters_(std::move(names), std::move(shapes), device, reference),
        buffers_(std::move(buffers)),
        reference_(reference),
        precision_(precision) {}

  // From now on, several processes train the same weights. Each computes its share of every batch. Records and updates
  // are those of the whole batch, the same in all processes. `synchronise_norms`: batch norms normalise by the whole
  // batch too; otherwise by the share, and running statistics are averaged over the processes.
  void distribute(std::shared_ptr<Communicator> communicator, bool synchronise_norms) {
    communicator_ = std::move(communicator);
    synchronise_norms_ = synchronise_norms;
  }

  std::shared_ptr<const Plan> compile(const std::vector<int32_t>& code, const std::vector<std::string>& names,
                                      const std::vector<std::string>& idle);

  // Runs forward as in training, but leaves running statistics unchanged. Keeps the values of the plan's taps.
  EvaluateRecord observe(const Plan& plan, Minibatch& batch);
  // `alignment`: weight in the loss of the distance between taps and the values observed last; none: taps are not
  // compared. The parts of a batch run one after another, and their gradients add up to the batch's.
  AccumulateRecord accumulate(const Plan& plan, Minibatch& batch, std::optional<double> alignment = std::nullopt);
  void add_noise(const GradientNoise& noise);
  void record_moments();
  ClipRecord clip(double max_norm);
  void update(const UpdateOptions& options);
  void discard_gradients() {
    parameters_.discard_gradients();
    unsummed_.clear();
    summed_.clear();
  }
  // Adds noise to the accumulated gradients, records their moments, clips them and updates.
  ClipRecord finish_step(const FinishOptions& options);
  // accumulate, then finish_step. A GPU still computes when it returns.
  std::unique_ptr<StepUnderWay> begin_step(const Plan& plan, Minibatch& batch, const StepOptions& options);
  // Begin and end a trial of the parameters that the plan samples; see trial.h.
  void snapshot(const Plan& plan);
  void restore(const Plan& plan, double share, bool reset_optimizer);
  void displacement_to_gradients();
  // Over the first `count` images, in batches that differ by one image at most, none larger than `batch_size`. Of
  // `parts` parts with about as many batches each, computes one.
  EvaluateRecord evaluate(const Plan& plan, ImageSource& source, int64_t batch_size, int64_t count, int64_t part = 0,
                          int64_t parts = 1);
  // Resets the plan's running statistics. Then averages over the images, by batches that differ by one image at most,
  // none larger than `batch_size`: a small last batch would be a poor estimate, and one image may have no variance. If
  // a batch is refused, the statistics stay as they are.
  void recalibrate(const Plan& plan, const ImageSource& source, const Batch& images, int64_t batch_size);
  // Row-major [indices, classes].
  std::vector<float> logits(const Plan& plan, const ImageSource& source, const std::vector<int32_t>& indices);

  // See time_aten_convolutions.
  double convolution_seconds(const Plan& plan, const ConvolutionTiming& timing) const {
    const Plan& timed = timing.training ? plan : plan.for_evaluation();
    if (parameters_.device().is_cuda()) allow_tensor_float32(precision_ == Precision::TensorFloat32);
    return time_aten_convolutions(timed, parameters_, precision_, timing);
  }

  Parameters& parameters() { return parameters_; }
  const Parameters& parameters() const { return parameters_; }
  Buffers& buffers() { return buffers_; }
  Averages& averages() { return averages_; }

 private:
  // What a forward and a backward pass have computed, still on the device.
  struct Pass {
    std::vector<Loss> losses;
    Taps taps;
    std::vector<at::Tensor> mixing_gradients;
  };

  // `complete`: called with each parameter whose gradient is complete after this pass.
  using Complete = std::function<void(int)>;
  AccumulateRecord accumulate_share(const Plan& plan, Minibatch& batch, std::optional<double> alignment,
                                    const Complete& complete);
  AccumulateRecord accumulate_part(const Plan& plan, Minibatch& batch, std::optional<double> alignment,
                                   const Complete& complete);
  // Lets readings fill the record of a pass over `size` samples.
  static void add_readings(const Plan& plan, int64_t size, const Pass& pass, bool aligned, AccumulateRecord& record,
                           Readings& readings);
  Pass run_pass(const Plan& plan, Minibatch& batch, std::optional<double> alignment, const Complete& complete);
  // accumulate, as the whole of a step: gradients are summed while the backward pass computes others.
  AccumulateRecord accumulate_to_finish(const Plan& plan, Minibatch& batch, std::optional<double> alignment);
  // Refuses labels that the plan has no class for.
  static void check_labels(const ImageSource& source, const Plan& plan);
  void check_batch(const Plan& plan, const Minibatch& batch) const;
  // Refuses `what` while the averaged weights are in use.
  void check_raw(const char* what) const;
  // Replaces the record of this process's share by that of the batch, and averages the plan's running statistics.
  void combine(AccumulateRecord& record, const Plan& plan, const Minibatch& batch, bool aligned);
  // Gradients held that are summed already would count once for each process in the next sum: only the first keeps
  // them.
  void keep_sums_once();
  // Sums the gradients that are still those of this process's shares.
  void sum_gradients();
  Phase training_phase(const Minibatch& batch) const;
  bool kernels() const { return !parameters_.by_aten(); }
  // `finished` is complete when `readings` are read.
  void finish(const FinishOptions& options, Finished& finished, Readings& readings);
  void update(const UpdateOptions& options, const at::Tensor& scale);
  Execution execution(const Plan& plan, int64_t batch, const Phase& phase, const Taps& taps = {});

  Parameters parameters_;
  Buffers buffers_;
  Averages averages_{parameters_, buffers_};
  const bool reference_;
  const Precision precision_;
  std::shared_ptr<Communicator> communicator_;  // null: this process trains alone
  bool synchronise_norms_ = false;
  // Parameters whose gradients held are of this process's shares, and those whose gradients are sums over all
  // processes.
  std::vector<int> unsummed_, summed_;
  std::optional<Observation> observed_;
  std::mutex cache_lock_;
  // By encoded program. A plan lives as long as a handle or a call holds it.
  std::unordered_map<std::string, std::weak_ptr<const Plan>> plans_;
};

}  // namespace pada
