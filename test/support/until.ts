import { setTimeout } from 'node:timers/promises'

/**
 * Resolves once `condition` holds, however long that takes: for what another process brings about. A test that waits
 * in vain ends by its own time limit.
 */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setTimeout(5)
}
