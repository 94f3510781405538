/** Damages tensors by name, so that they often still are weights of some supernet. */

/** @typedef {readonly (readonly [name: string, tensor: import('pada-native').Tensor])[]} Tensors */

const VALUES = [0, -0, 1, -1, 1e-45, 1e38, Number.POSITIVE_INFINITY, Number.NaN]
const EXTENTS = [0, 1, 2, 3, 4, 5, 6, 8, 12, 16]

/**
 * A damaged copy; the tensors themselves stay as they are.
 *
 * @param {Tensors} tensors
 * @param {Tensors} others From which pieces may come.
 * @param {import('./mutate.mjs').RandomSource} random
 */
export function mutateTensors(tensors, others, random) {
  const result = [...tensors]
  for (let times = 1 + random.below(3); times > 0; times--) damage(result, others, random)
  return new Map(result)
}

/**
 * @param {(readonly [name: string, tensor: import('pada-native').Tensor])[]} tensors
 * @param {Tensors} others
 * @param {import('./mutate.mjs').RandomSource} random
 */
function damage(tensors, others, random) {
  if (tensors.length === 0) return
  const at = random.below(tensors.length)
  const [name, { shape, data }] = tensors[at]
  switch (random.below(9)) {
    case 0:
      tensors.splice(at, 1 + random.below(4))
      break
    case 1:
      tensors[at] = [random.pick(random.pick([tensors, others]))[0], { shape, data }]
      break
    case 2:
      tensors.splice(at, 0, random.pick(others))
      break
    case 3:
      tensors[at] = [name, random.pick(random.pick([tensors, others]))[1]]
      break
    case 4:
      tensors[at] = [
        name.replace(/\d+|$/, () => `${random.pick([0, 1, 7, 99, 2 ** 31, 2 ** 53, '', '01'])}`),
        tensors[at][1],
      ]
      break
    case 5:
      tensors[at] = [name, resized(shape.map((extent) => (random.below(2) === 0 ? extent : random.pick(EXTENTS))))]
      break
    case 6: {
      // Wherever it occurs, as in a network of other channels or classes.
      const [from, to] = [random.pick(shape) ?? 1, random.pick(EXTENTS)]
      for (const [i, [name, { shape }]] of tensors.entries()) {
        if (shape.includes(from)) tensors[i] = [name, resized(shape.map((extent) => (extent === from ? to : extent)))]
      }
      break
    }
    case 7: {
      const damaged = Float32Array.from(data, Number)
      damaged[random.below(damaged.length)] = random.pick(VALUES)
      tensors[at] = [name, { shape, data: damaged }]
      break
    }
    default:
      tensors[at] = [
        name,
        { shape, data: new (random.pick([Int32Array, Uint8Array, Float64Array]))(Array.from(data, Number)) },
      ]
  }
}

/**
 * @param {readonly number[]} shape
 * @returns {import('pada-native').Tensor}
 */
function resized(shape) {
  const count = shape.reduce((product, extent) => product * extent, 1)
  return { shape, data: Float32Array.from({ length: count }, (_, i) => 0.3 * Math.cos(i)) }
}
