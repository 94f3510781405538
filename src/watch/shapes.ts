/**
 * Files of runs and experiments, as far as the page relies on them. A file may be damaged, or of another version: then it
 * counts as missing.
 */
import { z } from 'zod'
import type { PlanFile } from '../experiment/plan-file.js'
import type { RunProgress } from '../runs/progress.js'

const epoch = z.int().nonnegative()

const PROGRESS = z.object({
  phase: z.enum(['training', 'ranking', 'finding']),
  done: z.number(),
  total: z.number(),
  perSecond: z.number().nullable(),
  time: z.string(),
  event: z.discriminatedUnion('event', [
    z.looseObject({ event: z.literal('step'), epoch }),
    z.looseObject({ event: z.literal('measuring'), epoch, what: z.enum(['gradientVariance', 'accuracy']) }),
    z.looseObject({ event: z.enum(['evaluated', 'candidate']) }),
  ]),
})

const PLAN = z.object({
  name: z.string(),
  cells: z.array(z.object({ id: z.string(), labels: z.record(z.string(), z.string()), seed: z.number() })),
})

/** The content of `progress.json`. */
export function progressOf(text: string): RunProgress | undefined {
  return parsed(PROGRESS, text) as RunProgress | undefined
}

/** The content of `plan.json`. */
export function planOf(text: string): PlanFile | undefined {
  return parsed(PLAN, text) as PlanFile | undefined
}

function parsed(shape: z.ZodType, text: string): unknown {
  try {
    return shape.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
