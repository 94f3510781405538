// Time of a plan's convolutions if ATen computes them and nothing else runs. Step times are compared with it.
#pragma once

#include "execution/precision.h"
#include "program/plan.h"
#include "state/parameters.h"

namespace pada {

struct ConvolutionTiming {
  int64_t batch;
  bool training;        // also runs backward: gradients of weights, and of inputs if the plan needs them
  int64_t warmup;       // rounds that are not counted, before the others
  int64_t repetitions;  // rounds that are counted
};

// Seconds of all convolutions of the plan, one after another, in `precision`, channels-last, without the allocation of
// their arguments. Median over rounds; 0 for a plan without convolutions.
double time_aten_convolutions(const Plan& plan, const Parameters& parameters, Precision precision,
                              const ConvolutionTiming& timing);

}  // namespace pada
