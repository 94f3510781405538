#include "program/separable.h"

#include <algorithm>

namespace pada {
namespace {

// How often steps, and the program's outputs, read each value.
std::vector<int> count_readers(const Plan& plan) {
  std::vector<int> readers(plan.shapes.size(), 0);
  for (const Step& step : plan.steps) {
    if (step.input >= 0) readers[step.input]++;
    for (int part : step.parts) readers[part]++;
    for (const Term& term : step.terms) readers[term.input]++;
  }
  for (const Output& output : plan.outputs) readers[output.value]++;
  return readers;
}

bool is_depthwise(const Step& step, const Plan& plan) {
  const int64_t groups = step.window.groups;
  return step.kind == Step::Kind::Conv && groups > 1 && plan.shapes[step.input].channels == groups &&
         plan.shapes[step.output].channels == groups && step.bias < 0;
}

// A pointwise convolution that reads its input as it is.
bool is_plain_pointwise(const Step& step) {
  const Window& w = step.window;
  return step.kind == Step::Kind::Conv && w.kernel == 1 && w.stride == 1 && w.padding == 0 && w.groups == 1 &&
         step.bias < 0 && step.parts.empty() && step.norm < 0 && !step.relu_input;
}

}  // namespace

void pair_separable(Plan& plan) {
  const std::vector<int> readers = count_readers(plan);
  for (int index = 0; index < static_cast<int>(plan.steps.size()); index++) {
    Step& pointwise = plan.steps[index];
    if (!is_plain_pointwise(pointwise) || readers[pointwise.input] != 1) continue;
    const auto producer = std::ranges::find(plan.steps, pointwise.input, &Step::output);
    if (producer == plan.steps.end() || !is_depthwise(*producer, plan)) continue;
    pointwise.depthwise = static_cast<int>(producer - plan.steps.begin());
    producer->pointwise = index;
    const int read = producer->norm < 0 ? producer->input : plan.steps[producer->norm].terms[0].input;
    plan.last_use[read] = std::max(plan.last_use[read], index);
  }
}

}  // namespace pada
