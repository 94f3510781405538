/** The results of an experiment. */
import type { Criterion } from '../config/ranking.js'
import { CRITERION_WORDS } from '../evaluation/criteria.js'
import type { TruthSource } from '../evaluation/events.js'
import type { ComputedFrom } from '../runs/computed-from.js'
import type { PathDistribution } from '../sampling/paths.js'
import type { Difference } from './differences.js'
import type { Measures, Summary } from './measures.js'
import type { Labels } from './plan.js'

/** Results of one complete search. */
export interface CellResult {
  /** Name of the search. */
  readonly cell: string
  /** Names of the studies that it belongs to. */
  readonly studies: readonly string[]
  readonly labels: Labels
  readonly seed: number
  readonly dataset: string
  /** The table that the ranking is compared with; null without one, absent in results of earlier versions. */
  readonly groundTruth?: TruthSource | null
  /** The images and weights that the measures were computed from; absent in results of earlier versions. */
  readonly computedFrom?: ComputedFrom
  readonly measures: Measures
  /** Number of sub-models that both the ranking and the table have; absent in results of earlier versions. */
  readonly withGroundTruth?: number
  /** What its ranking is sorted by; absent in results of earlier versions, which ranked by accuracy. */
  readonly rankedBy?: Criterion
  /** Per epoch, the distribution at its end, from which the next epoch draws. */
  readonly pathDistributions: readonly PathDistribution[]
}

/** Results of one condition of a study. */
export interface ConditionResult {
  readonly study: string
  readonly labels: Labels
  /** Number of seeds whose searches are complete. */
  readonly n: number
  readonly summary: Summary
}

/** Results of an experiment: the content of `results.json` in its folder. */
export interface ExperimentResults {
  readonly name: string
  readonly seeds: readonly number[]
  readonly cells: readonly CellResult[]
  readonly conditions: readonly ConditionResult[]
  readonly differences: readonly Difference[]
}

/** A sentence about what rankings are sorted by, unless all are by accuracy. */
export function describeRankedBy(criteria: readonly Criterion[]): string | undefined {
  const all = [...new Set(criteria)]
  if (all.every((by) => by === 'accuracy')) return undefined
  const by = all.map((one) => CRITERION_WORDS[one] ?? one).join('; others by ')
  return `Rankings are by ${by}: P@top, the sub-model ranked first and the regret depend on it, Kendall's tau does not`
}

/** Studies, by their names, whose searches have measures that cannot be compared with each other. */
export interface Incomparable {
  /** Their searches are evaluated on several sets of test images: so neither GV nor KT. */
  readonly images: readonly string[]
  /** Their rankings are compared with several tables: so not KT. */
  readonly tables: readonly string[]
  /** Searches with the same seed rank other sub-models: so not KT. */
  readonly subModels: readonly string[]
}

/** The studies with measures that cannot be compared; undefined without any. What results do not tell differs from none. */
export function incomparable(cells: readonly CellResult[]): Incomparable | undefined {
  const names = [...new Set(cells.flatMap(({ studies = [] }) => studies))]
  const withSeveral = (read: (cell: CellResult) => string | number | undefined, among: readonly CellResult[] = cells) =>
    names.filter((study) => {
      const values = among.filter(({ studies }) => studies?.includes(study)).map(read)
      return new Set(values.filter((value) => value !== undefined)).size > 1
    })
  const images = withSeveral(({ computedFrom }) => computedFrom?.images.test)
  const tables = withSeveral(({ groundTruth: truth }) => (truth ? `${truth.digest} ${truth.column}` : undefined))
  // A table without some architectures has a few more or less of the random sub-models of another seed.
  const seeds = [...new Set(cells.map(({ seed }) => seed))]
  const ofSeeds = seeds.flatMap((seed) =>
    withSeveral(
      ({ withGroundTruth }) => withGroundTruth || undefined,
      cells.filter((cell) => cell.seed === seed),
    ),
  )
  const subModels = names.filter((study) => ofSeeds.includes(study))
  return images.length + tables.length + subModels.length === 0 ? undefined : { images, tables, subModels }
}

/** Sentences about measures that cannot be compared, each study in one of them. */
export function describeIncomparable({ images, tables, subModels }: Incomparable): string[] {
  const onlyTables = tables.filter((study) => !images.includes(study))
  const onlySubModels = subModels.filter((study) => !images.includes(study) && !tables.includes(study))
  const sentence = (studies: readonly string[], what: string, measures: string) =>
    studies.length === 0 ? [] : [`Searches of ${studies.join(', ')} ${what}: ${measures} cannot be compared`]
  return [
    ...sentence(images, 'are of several data sets', 'GV and KT'),
    ...sentence(onlyTables, 'have several ground truths', 'KT'),
    ...sentence(onlySubModels, 'do not rank the same sub-models', 'KT'),
  ]
}
