R"cuda(
// The cross-entropy of a batch, with its gradient and the importance of each sample: a block has a sample.

KERNEL(cross_entropy, LossArguments) {
  const int sample = blockIdx.x;
  const float* logits = a.logits + static_cast<long long>(sample) * a.classes;
  const int label = static_cast<int>(a.labels[sample]);
  const int partner = a.partners == nullptr ? label : static_cast<int>(a.partners[sample]);
  const float weight = a.weights == nullptr ? 1.f : a.weights[sample];
  // Of the target: everywhere, and beyond that at the label and at its partner.
  const float elsewhere = a.smoothing / static_cast<float>(a.classes);
  const float first = (1 - a.smoothing) * (a.partners == nullptr ? 1.f : a.share), second = 1 - a.smoothing - first;

  // The largest logit, and the first class that has it. NaN counts as the largest.
  float most = 0;  // of no class yet
  int best = a.classes;
  for (int c = threadIdx.x; c < a.classes; c += kThreads) {
    if (best < a.classes && !(logits[c] > most) && logits[c] == logits[c]) continue;
    most = logits[c];
    best = c;
    if (most != most) break;
  }
  __shared__ float largest[kThreads];
  __shared__ int classes[kThreads];
  largest[threadIdx.x] = most;
  classes[threadIdx.x] = best;
  for (int half = kThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x >= half) continue;
    const int other = classes[threadIdx.x + half];
    const float value = largest[threadIdx.x + half], own = largest[threadIdx.x];
    if (other == a.classes) continue;
    const bool is_larger = value > own || (value != value && own == own);
    const bool is_equal = value == own || (value != value && own != own);
    if (classes[threadIdx.x] < a.classes && !is_larger && !(is_equal && other < classes[threadIdx.x])) continue;
    largest[threadIdx.x] = value;
    classes[threadIdx.x] = other;
  }
  __syncthreads();
  most = largest[0];
  best = classes[0];

  double exponentials = 0, sum = 0, above = 0;
  for (int c = threadIdx.x; c < a.classes; c += kThreads) {
    exponentials += expf(logits[c] - most);
    sum += logits[c] - most;
    above += logits[c] <= logits[label] ? 0 : 1;  // a NaN is larger than every logit
  }
  exponentials = block_sum(exponentials);
  sum = block_sum(sum);
  above = block_sum(above);
  const double logarithm = log(exponentials);

  double squares = 0;
  for (int c = threadIdx.x; c < a.classes; c += kThreads) {
    const float probability = static_cast<float>(exp(static_cast<double>(logits[c] - most) - logarithm));
    const float target = elsewhere + (c == label ? first : 0.f) + (c == partner ? second : 0.f);
    const float difference = probability - target;
    squares += static_cast<double>(difference) * difference;
    if (a.gradient == nullptr) continue;
    a.gradient[static_cast<long long>(sample) * a.classes + c] = weight * difference / static_cast<float>(a.batch);
  }
  squares = block_sum(squares);
  if (threadIdx.x == 0) {
    const auto likelihood = [&](int c) { return static_cast<double>(logits[c] - most) - logarithm; };
    double expected = first * likelihood(label) + second * likelihood(partner);
    if (elsewhere > 0) expected += elsewhere * (sum - a.classes * logarithm);
    a.importance[sample] = static_cast<float>(sqrt(squares));
    double* partial = a.partial + 3ll * sample;
    partial[0] = -weight * expected;
    partial[1] = best == label ? 1 : 0;
    partial[2] = above < 5 ? 1 : 0;
  }
  if (!comes_last(a.ticket, gridDim.x)) return;
  const volatile double* all = a.partial;
  double totals[3] = {};
  for (int i = threadIdx.x; i < a.batch; i += kThreads) {
    for (int k = 0; k < 3; k++) totals[k] += all[3ll * i + k];
  }
  for (int k = 0; k < 3; k++) {
    totals[k] = block_sum(totals[k]);
    if (threadIdx.x == 0) a.totals[k] = totals[k];
  }
}
)cuda"
