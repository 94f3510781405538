/** What the options of all networks have in common: counts of at least one, and images that halve without remainder. */
import { UserError } from '../base/errors.js'
import type { Shape } from '../programs/program.js'

/**
 * Throws a {@link UserError} unless all `counts` and the input's channels are positive whole numbers and its height and
 * width are multiples of `multiple`, so that the strides between the network's stages leave no pixels out.
 */
export function checkNetworkOptions(
  space: string,
  counts: Readonly<Record<string, number>>,
  input: Shape,
  multiple: number,
): void {
  for (const [name, value] of Object.entries({ ...counts, 'input channels': input.channels })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new UserError(`Expected a positive whole number for ${name} of ${space} but received ${value}`, 2)
    }
  }
  for (const extent of [input.height, input.width]) {
    if (!Number.isInteger(extent) || extent < multiple || extent % multiple !== 0) {
      const received = `${input.height}×${input.width}`
      throw new UserError(
        `Expected multiples of ${multiple} for height and width of ${space} images but received ${received}`,
        2,
      )
    }
  }
}
