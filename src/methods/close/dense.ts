/** Fully connected layers in plain loops, for networks much smaller than the supernet, such as CLOSE's gate. */

/** Weights of a layer, and the sums of their gradients. All are parts of longer arrays. */
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

/** Given the gradient of y, adds the gradients of W and b, and returns the gradient of x. */
export function denseBackward(layer: DenseParameters, x: Float64Array, gradient: Float64Array): Float64Array {
  const { weight, weightGradient, biasGradient } = layer
  const inputs = x.length
  const inputGradient = new Float64Array(inputs)
  for (let row = 0; row < gradient.length; row++) {
    const slope = gradient[row]
    biasGradient[row] += slope
    if (slope === 0) continue
    for (let i = 0, at = row * inputs; i < inputs; i++, at++) {
      weightGradient[at] += slope * x[i]
      inputGradient[i] += slope * weight[at]
    }
  }
  return inputGradient
}

export function relu(x: Float64Array): Float64Array {
  return x.map((value) => Math.max(value, 0))
}

/** Gradient of a ReLU's input, given its output `y` and the gradient of `y`. */
export function reluBackward(y: Float64Array, gradient: Float64Array): Float64Array {
  return gradient.map((slope, i) => (y[i] > 0 ? slope : 0))
}
