/** The settings of a search. Defaults are the paper's (PA&DA, CVPR 2023, NAS-Bench-201 on CIFAR-10). */
import { z } from 'zod'
import { data } from './data.js'
import { distributed } from './distributed.js'
import { finding } from './finding.js'
import { count, group } from './group.js'
import { logging } from './logging.js'
import { method } from './methods.js'
import { groundTruth, ranking } from './ranking.js'
import { space } from './spaces.js'
import { training } from './training.js'

export type { AugmentationConfig } from './augmentation.js'
export type { DataConfig } from './data.js'
export type { DistributedConfig } from './distributed.js'
export {
  type EvolutionSettings,
  type FindingConfig,
  LATENCY,
  type LatencyConfig,
  type Limit,
  type LocalSearchSettings,
  type RandomSearchSettings,
  type RegularizedEvolutionSettings,
} from './finding.js'
export type * from './methods.js'
export type { OptimizerConfig, SgdConfig } from './optimizer.js'
export type { Criterion, RankingConfig, RecalibrationConfig } from './ranking.js'
export type * from './spaces.js'
export type { TrainingConfig } from './training.js'

/** Name, in settings, of the ground-truth table in the package. */
export const EMBEDDED = 'embedded'

/** A name that begins the name of a folder, which is neither hidden nor taken for an option. */
export const safeName = z.string().regex(/^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u)
export const seed = z.int().min(0).default(0)

/** Where a network is computed, and how precisely. */
export const computation = {
  device: z
    .union([
      z.enum(['cpu', 'cuda']),
      z.templateLiteral(['cuda:', z.string().regex(/^\d{1,2}$/)], { error: 'such as cuda:1' }),
    ])
    .default('cpu')
    .describe(
      'Where the network computes. `cuda` is an NVIDIA GPU: the first one, or for each of several processes one of its own. `cuda:1` is the second one.',
    ),
  precision: z
    .enum(['float32', 'tf32', 'bfloat16'])
    .default('float32')
    .describe(
      'Type of activations. Parameters, their gradients, statistics and the loss are always float32. `tf32` is for GPUs: activations are float32, of which convolutions read 19 bits.',
    ),
  threads: count
    .optional()
    .describe(
      "Threads of native computation. A container's quota of cores lowers the default. At most 64, or 8 for each processor if that is more. Default: all cores.",
    ),
}

/** Refuses what is for GPUs, if the device is none. */
export function checkDevice({
  value: { device, precision, distributed },
  issues,
}: z.core.ParsePayload<{ device: string; precision: string; distributed: { backend: string } }>): void {
  if (device !== 'cpu') return
  const refuse = (path: string[], wanted: string, input: string) =>
    issues.push({ code: 'custom', path, message: `${wanted}, because device is cpu,`, input })
  if (precision === 'tf32') refuse(['precision'], 'float32 or bfloat16', precision)
  if (distributed.backend === 'nccl') refuse(['distributed', 'backend'], 'auto or gloo', distributed.backend)
}

export const configSchema = group({
  name: safeName
    .default('search')
    .describe(
      'Name of the search, which begins the name of its run folder. A search from a file is called after the file by default.',
    ),
  seed: seed.describe('Seed of all random draws: initial weights, paths, images, augmentation, samples to rank.'),
  ...computation,
  space: space.prefault({ name: 'nasbench201' }),
  data: data.prefault({}),
  method: method.prefault({ name: 'pada' }),
  training: training.prefault({}),
  ranking: ranking.prefault({}),
  finding: finding.optional(),
  groundTruth: groundTruth.optional(),
  distributed: distributed.prefault({}),
  logging: logging.prefault({}),
})
  .check(checkDevice)
  .refine((value) => value.ranking?.subModels !== 'groundTruth' || value.groundTruth !== undefined, {
    path: ['groundTruth'],
    error: 'a table, because ranking.subModels is groundTruth,',
    when: ({ value }) => value instanceof Object,
  })
  .check(({ value, issues }) => {
    if (value.groundTruth?.file !== EMBEDDED || value.data.format === EMBEDDED) return
    const message = `a table of these data, because data.format is ${value.data.format},`
    issues.push({ code: 'custom', path: ['groundTruth', 'file'], message, input: EMBEDDED })
  })
  .refine((value) => value.finding === undefined || value.method?.name !== 'standalone', {
    path: ['method', 'name'],
    error: 'another method, because there is one path only to find in standalone,',
    when: ({ value }) => value instanceof Object,
  })
  .check(({ value: { method, training }, issues }) => {
    const refuse = (setting: string[], wanted: string) =>
      issues.push({
        code: 'custom',
        path: ['training', ...setting],
        message: `${wanted}, because method.name is ${method.name},`,
        input: training,
      })
    const { optimizer, averaging, microBatchSize, batchSize } = training
    if ((method.name === 'close' || method.name === 'sumnas') && optimizer.kind !== 'sgd') {
      refuse(['optimizer', 'kind'], 'sgd')
    }
    if (method.name === 'sumnas' && optimizer.kind === 'sgd' && optimizer.nesterov) {
      refuse(['optimizer', 'nesterov'], 'false')
    }
    if (method.name === 'close' && averaging !== undefined) refuse(['averaging'], 'none')
    if (method.name === 'magic-a' && (microBatchSize ?? batchSize) < batchSize) {
      refuse(['microBatchSize'], 'none')
    }
  })
  .describe('Settings of a search.')

/** All settings, with defaults filled in. */
export type Config = z.output<typeof configSchema>
/** Settings as users write them: everything has a default. */
export type ConfigInput = z.input<typeof configSchema>
