import type { StepOptions } from '../../native/index.js'

/** Parameters and gradients of a small network that is trained together with the supernet. */
interface Trained {
  readonly values: Float64Array
  readonly gradients: Float64Array
}

/**
 * One step of SGD with the supernet's settings. The gradient of this network alone is clipped to `clipNorm`; then
 * m ← μ m + g + λ w and w ← w − η m. Weights stay float32 numbers. Gradients are cleared.
 */
export function sgdStep(
  { values, gradients }: Trained,
  momentum: Float64Array,
  options: Pick<StepOptions, 'learningRate' | 'optimizer' | 'clipNorm'>,
): void {
  const { momentum: share, weightDecay } = options.optimizer
  const norm = Math.sqrt(gradients.reduce((sum, value) => sum + value * value, 0))
  const scale = Math.min(1, options.clipNorm / (norm + 1e-6))
  for (let i = 0; i < values.length; i++) {
    momentum[i] = share * momentum[i] + gradients[i] * scale + weightDecay * values[i]
    values[i] = Math.fround(values[i] - options.learningRate * momentum[i])
  }
  gradients.fill(0)
}
