/** The file `plan.json` of an experiment's folder: which searches there will be, for those who watch the folder. */
import { join } from 'node:path'
import { writeAtomically } from '../base/atomic.js'
import { withLock } from '../base/lock.js'
import type { Cell, Experiment } from './plan.js'

/** Name of the file. */
export const PLAN_FILE = 'plan.json'

/** Content of `plan.json`. */
export interface PlanFile {
  readonly name: string
  /** All searches, in the order in which they run. The run folder of each is `cells/<id>`. */
  readonly cells: readonly Pick<Cell, 'id' | 'labels' | 'seed'>[]
}

/** Writes the file. Processes that share an experiment take turns. */
export async function writePlan({ name, cells }: Experiment, out: string): Promise<void> {
  const plan: PlanFile = { name, cells: cells.map(({ id, labels, seed }) => ({ id, labels, seed })) }
  const text = `${JSON.stringify(plan, null, 2)}\n`
  await withLock(
    join(out, 'plan'),
    () => {},
    () => writeAtomically(join(out, PLAN_FILE), text),
  )
}
