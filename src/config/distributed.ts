/** The settings of a run by several processes. A run by one process ignores them. */
import { z } from 'zod'
import { group, positive } from './group.js'

export const distributed = group({
  batchNorm: z
    .enum(['local', 'synchronised'])
    .default('local')
    .describe(
      'What batch norms normalise by in training by several processes. `local`: by the share of the batch that a process computes, and running statistics are the means over the processes. `synchronised`: by the whole batch, which takes up to two messages for each batch norm.',
    ),
  backend: z
    .enum(['auto', 'gloo', 'nccl'])
    .default('auto')
    .describe(
      'What sums gradients over processes. `gloo`: on CPUs. `nccl`: on GPUs, of which each process needs one of its own. `auto`: NCCL where it can, else Gloo.',
    ),
  startSeconds: positive.default(300).describe('Seconds that processes wait for each other to start.'),
  silenceSeconds: positive
    .default(15)
    .describe('Seconds without a sign of life after which a process counts as gone, and the others end.'),
  patienceSeconds: positive
    .default(600)
    .describe('Seconds that a process which is alive may be late in a training step before the others end.'),
}).describe('How several processes train together; see docs/distributed.md.')

/** Settings of a run by several processes. */
export type DistributedConfig = z.output<typeof distributed>
