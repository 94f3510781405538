/** Checks that the options of all networks need: counts of at least one, and images that halve without remainder. */
import { expected } from '../base/errors.js'
import type { Shape } from '../programs/program.js'

/**
 * Throws a UserError unless all `counts` and the channels of the input are positive whole numbers, and its height and
 * width are multiples of `multiple`. Then the strides between the stages of the network leave no pixels out.
 */
export function checkNetworkOptions(
  space: string,
  counts: Readonly<Record<string, number>>,
  input: Shape,
  multiple: number,
): void {
  for (const [name, value] of Object.entries({ ...counts, 'input channels': input.channels })) {
    if (!Number.isInteger(value) || value < 1) {
      throw expected('a positive whole number', `${name} of ${space}`, value, 2)
    }
  }
  for (const extent of [input.height, input.width]) {
    if (!Number.isInteger(extent) || extent < multiple || extent % multiple !== 0) {
      const received = `${input.height}×${input.width}`
      throw expected(`multiples of ${multiple}`, `height and width of ${space} images`, received, 2)
    }
  }
}
