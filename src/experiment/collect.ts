/** Collects the measures of an experiment's searches, and writes them as tables and figures. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { writeAtomically } from '../base/atomic.js'
import { expected } from '../base/errors.js'
import { exists, makeFolder } from '../base/files.js'
import { withLock } from '../base/lock.js'
import { drawFigure } from '../report/plot.js'
import { type Origin, readCell } from './cell-folder.js'
import { differences } from './differences.js'
import { studyFigure } from './figures.js'
import { measure, pathDistributions, summarise } from './measures.js'
import type { Cell, Experiment } from './plan.js'
import type { CellResult, ExperimentResults } from './results.js'
import { cellTable, conditionTable, differenceTable } from './tables.js'

/** Origins of the searches, as their files are now. */
export type Origins = ReadonlyMap<Cell, Origin>

/**
 * Reads all complete searches. Without `origins` nobody knows what they should have been computed from.
 *
 * @throws UserError if searches with the same settings of data, or of ground truth, were computed from others.
 */
export async function collect(experiment: Experiment, out: string, origins?: Origins): Promise<ExperimentResults> {
  const known = new Map<Cell, CellResult>()
  for (const cell of experiment.cells) {
    const run = await readCell(out, cell, origins?.get(cell))
    if (run.state !== 'complete') continue
    const { id, labels, seed } = cell
    known.set(cell, {
      cell: id,
      studies: experiment.studies.filter((study) => contains(study, cell)).map(({ name }) => name),
      labels,
      seed,
      dataset: run.result.dataset,
      groundTruth: run.result.groundTruth,
      computedFrom: run.result.computedFrom,
      measures: measure(run),
      withGroundTruth: run.result.withGroundTruth,
      rankedBy: run.result.rankedBy,
      pathDistributions: pathDistributions(run),
    })
  }
  requireSameOrigins(known)
  const compared = experiment.studies.flatMap(({ name: study, axes, conditions }) =>
    conditions.map(({ labels, cells }) => {
      return { study, axes, labels, cells: cells.flatMap((cell) => known.get(cell) ?? []) }
    }),
  )
  const conditions = compared.map(({ study, labels, cells }) => {
    const summary = summarise(cells.map(({ measures }) => measures))
    return { study, labels, n: cells.length, summary }
  })
  const { name, seeds } = experiment
  return { name, seeds, cells: [...known.values()], conditions, differences: differences(compared) }
}

/**
 * Collects the results and writes `results.csv`, `summary.csv`, `differences.csv`, `results.json` and a figure per
 * study with a complete search. If no search is complete, earlier tables stay. Resolves to the results and the paths of
 * the files. Processes that share an experiment take turns, so that none overwrites newer results with older ones.
 */
export async function writeResults(
  experiment: Experiment,
  out: string,
  origins?: Origins,
): Promise<{ results: ExperimentResults; files: string[] }> {
  await makeFolder(out)
  const report = async () => {
    const results = await collect(experiment, out, origins)
    // Without a complete search there is nothing to say, and tables of before may be all that is left of others.
    if (results.cells.length === 0 && (await exists(join(out, 'results.csv')))) return { results, files: [] }
    const files: string[] = []
    const write = async (name: string, text: string) => {
      const file = join(out, name)
      await writeAtomically(file, text)
      files.push(file)
    }
    await write('results.csv', cellTable(results.cells))
    await write('summary.csv', conditionTable(results.conditions))
    await write('differences.csv', differenceTable(results.differences))
    await write('results.json', `${JSON.stringify(results, null, 2)}\n`)
    for (const study of experiment.studies) {
      const name = `${study.name}.svg`
      const figure = studyFigure(study, results, experiment.seeds)
      if (figure !== undefined) await write(name, await drawFigure(figure))
      // A figure of before is of other results.
      else await rm(join(out, name), { force: true })
    }
    return { results, files }
  }
  return withLock(join(out, 'report'), () => {}, report)
}

/** Throws unless searches that name the same data and table were computed from the same ones. */
function requireSameOrigins(known: ReadonlyMap<Cell, CellResult>): void {
  const first = new Map<string, { cell: string; origin: unknown }>()
  for (const [{ config }, { cell, computedFrom, groundTruth }] of known) {
    for (const [kind, settings, origin] of [
      ['images', config.data, computedFrom?.images],
      ['ground truth', [config.space, config.groundTruth, config.data], [groundTruth?.column, groundTruth?.digest]],
    ] as const) {
      const key = JSON.stringify([kind, settings])
      const earlier = first.get(key)
      if (earlier === undefined) first.set(key, { cell, origin })
      else if (!isDeepStrictEqual(earlier.origin, origin)) {
        const received = `others in ${cell} than in ${earlier.cell}; the experiment without --report ranks them again`
        throw expected(`the same ${kind}`, 'searches with the same settings', received)
      }
    }
  }
}

function contains({ conditions }: { conditions: readonly { cells: readonly Cell[] }[] }, cell: Cell): boolean {
  return conditions.some(({ cells }) => cells.includes(cell))
}
