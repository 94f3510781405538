/**
 * Detects a training that has diverged. The loss shows it one step late, and not at all after the last step, so weights are
 * checked too.
 */
import { UserError } from '../base/errors.js'
import { scalars } from '../base/shapes.js'
import type { Restorable } from './snapshot.js'

/** The error of a loss that is not finite. It counts epochs and steps from 1, as the progress that people see. */
export function diverged(loss: number, epoch: number, step: number): UserError {
  return new UserError(
    `Expected a finite loss but received ${loss} in epoch ${epoch + 1}, step ${step + 1}: try a lower training.learningRate`,
  )
}

/**
 * Throws a UserError that names a parameter or buffer with a number that is not finite, if there is one. `epoch` counts
 * from 0, in the sentence from 1.
 */
export async function checkFiniteWeights(
  supernet: Pick<Restorable, 'specs' | 'buffers' | 'read'>,
  epoch: number,
): Promise<void> {
  for (const [kind, specs] of [
    ['parameters', supernet.specs],
    ['buffers', supernet.buffers],
  ] as const) {
    const values = await supernet.read(kind)
    let begin = 0
    for (const { name, shape } of specs) {
      const end = begin + scalars(shape)
      const wrong = values.subarray(begin, end).find((value) => !Number.isFinite(value))
      begin = end
      if (wrong === undefined) continue
      throw new UserError(
        `Expected finite weights for ${name} but received ${wrong} after epoch ${epoch + 1}: try a lower training.learningRate`,
      )
    }
  }
}
