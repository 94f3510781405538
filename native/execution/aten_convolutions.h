// How long the convolutions of a plan take where ATen computes them and nothing else runs: what a step is measured
// against.
#pragma once

#include "execution/precision.h"
#include "program/plan.h"
#include "state/parameters.h"

namespace pada {

struct ConvolutionTiming {
  int64_t batch;
  bool training;        // also backward: the gradients of weights, and of inputs where the plan asks for them
  int64_t warmup;       // rounds before those that count
  int64_t repetitions;  // rounds of which the median is taken
};

// Seconds that all convolutions of the plan take together, in `precision`, one after the other, channels-last, on
// tensors that are there already. The median over rounds. 0 for a plan without convolutions.
double time_aten_convolutions(const Plan& plan, const Parameters& parameters, Precision precision,
                              const ConvolutionTiming& timing);

}  // namespace pada
