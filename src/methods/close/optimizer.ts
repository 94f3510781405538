import { expected } from '../../base/errors.js'
import type { StepOptions } from '../../native/index.js'

type Optimizer = StepOptions['optimizer']

/** Throws a UserError for another optimizer than SGD. */
export function requireSgd(optimizer: Optimizer): asserts optimizer is Extract<Optimizer, { kind: 'sgd' }> {
  if (optimizer.kind !== 'sgd') throw expected('sgd', 'training.optimizer.kind with method close', optimizer.kind, 2)
}

/** Parameters and gradients of a small network that is trained together with the supernet. */
interface Trained {
  readonly values: Float64Array
  readonly gradients: Float64Array
  /** Ones for the values of parameters of one dimension. Default: there are none. */
  readonly ofVectors?: Uint8Array
}

/**
 * One step of SGD with the supernet's settings. The gradient of this network alone is clipped to `clipNorm`; then
 * g ← g + λ w, m ← μ m + g, and w ← w − η m, or w ← w − η (g + μ m) with `nesterov`. λ is 0 for parameters of one
 * dimension if `decayNormsAndBiases` is false. Weights stay float32 numbers. Gradients are cleared.
 *
 * @throws UserError for another optimizer.
 */
export function sgdStep(
  { values, gradients, ofVectors }: Trained,
  momentum: Float64Array,
  options: Pick<StepOptions, 'learningRate' | 'optimizer' | 'clipNorm'>,
): void {
  const { optimizer } = options
  requireSgd(optimizer)
  const { momentum: share, nesterov, weightDecay, decayNormsAndBiases = true } = optimizer
  const norm = Math.sqrt(gradients.reduce((sum, value) => sum + value * value, 0))
  const scale = Math.min(1, options.clipNorm / (norm + 1e-6))
  for (let i = 0; i < values.length; i++) {
    const decay = decayNormsAndBiases || !ofVectors?.[i] ? weightDecay : 0
    const gradient = gradients[i] * scale + decay * values[i]
    momentum[i] = share * momentum[i] + gradient
    values[i] = Math.fround(
      values[i] - options.learningRate * (nesterov ? gradient + share * momentum[i] : momentum[i]),
    )
  }
  gradients.fill(0)
}
