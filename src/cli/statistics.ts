/** Running statistics for the commands that take paths out of a supernet. */
import type { Options } from 'yargs'
import type { OpenedWeights } from '../runs/open-weights.js'
import { type PathStatistics, pathStatistics } from '../search/path-statistics.js'
import type { Path, SearchSpace } from '../spaces/index.js'
import { ensureNativeFor } from './native.js'

export const noRecalibrateOption = {
  type: 'boolean',
  default: false,
  describe: "Take stored running statistics, not those of each path by the run's training images",
} as const satisfies Options

/** The statistics with which the run of the weights ranks the paths, or the stored ones if `keep`. */
export async function statisticsOf(
  { source, weights, run, identity, retraining }: OpenedWeights,
  space: SearchSpace,
  paths: readonly Path[],
  keep: boolean,
): Promise<PathStatistics> {
  const config = keep || space.buffers === undefined ? undefined : await run?.()
  if (config !== undefined) {
    await ensureNativeFor(config, { log: (line) => process.stderr.write(`${line}\n`) })
  }
  const found = config && { config, identity: await identity?.() }
  const statistics = await pathStatistics({ source, space, weights, run: found }, paths)
  if (statistics.source.kind !== 'stored' || (!keep && retraining === undefined)) return statistics
  const reason = keep ? '--no-recalibrate is given' : 'the network was trained alone'
  return { ...statistics, source: { kind: 'stored', reason } }
}
