/** Fully connected layers in plain loops: small networks that decide, beside the supernet that computes. */

/** Weights of a layer and, beside them, the sums of their gradients; both are parts of longer arrays. */
export interface DenseParameters {
  /** outputs × inputs, row-major. */
  readonly weight: Float64Array
  readonly bias: Float64Array
  readonly weightGradient: Float64Array
  readonly biasGradient: Float64Array
}

/** y = W x + b. */
export function denseForward({ weight, bias }: DenseParameters, x: Float64Array): Float64Array {
  const inputs = x.length
  return bias.map((offset, row) => {
    let sum = offset
    for (let i = 0, at = row * inputs; i < inputs; i++, at++) sum += weight[at] * x[i]
    return sum
  })
}

/** Adds the gradients of W and b, given that of y; returns that of x. */
export function denseBackward(layer: DenseParameters, x: Float64Array, gradient: Float64Array): Float64Array {
  const { weight, weightGradient, biasGradient } = layer
  const inputs = x.length
  const ofInput = new Float64Array(inputs)
  for (let row = 0; row < gradient.length; row++) {
    const slope = gradient[row]
    biasGradient[row] += slope
    if (slope === 0) continue
    for (let i = 0, at = row * inputs; i < inputs; i++, at++) {
      weightGradient[at] += slope * x[i]
      ofInput[i] += slope * weight[at]
    }
  }
  return ofInput
}

export function relu(x: Float64Array): Float64Array {
  return x.map((value) => Math.max(value, 0))
}

/** Gradient of a ReLU's input, given that of its output `y`. */
export function reluBackward(y: Float64Array, gradient: Float64Array): Float64Array {
  return gradient.map((slope, i) => (y[i] > 0 ? slope : 0))
}
