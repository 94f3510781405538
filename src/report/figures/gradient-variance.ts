import { scientific } from '../../base/format.js'
import type { Figure } from '../plot.js'
import type { Named, SearchRecord } from '../run-record.js'
import { type Curve, courseOf, curveOf, curvesSpecification } from './curves.js'

/**
 * Gradient variance by epoch (the paper's equation 15). Of one search: over all weights, over candidate operations and,
 * if measured, at fixed weights. Of several: over all weights of each. Undefined without a finished epoch.
 */
export function gradientVarianceFigure(runs: readonly Named<SearchRecord>[]): Figure | undefined {
  const curves = runs.length === 1 ? kindsOf(runs[0].record) : runs.map(({ name, record }) => allWeights(name, record))
  const known = curves.filter(({ points }) => points.length > 0)
  if (known.length === 0) return undefined
  const subtitle = runs.length === 1 ? 'Mean over the weights that an epoch sampled' : 'Mean over all sampled weights'
  return {
    name: 'gradient-variance',
    title: 'Gradient variance by epoch',
    subtitle: [subtitle],
    description: `${known.map((curve) => courseOf(curve, scientific)).join('; ')}.`,
    specification: curvesSpecification([{ title: 'gradient variance', format: '.1e', curves: known }]),
  }
}

function allWeights(name: string, { epochs }: SearchRecord): Curve {
  return curveOf(name, epochs, ({ gradientVariance }) => gradientVariance)
}

function kindsOf(record: SearchRecord): Curve[] {
  const { epochs } = record
  return [
    allWeights('all weights', record),
    curveOf('candidate operations', epochs, (epoch) => epoch.gradientVarianceCandidates),
    curveOf('all weights, held fixed', epochs, (epoch) => epoch.fixedGradientVariance),
    curveOf('candidate operations, held fixed', epochs, (epoch) => epoch.fixedGradientVarianceCandidates),
  ]
}

/** Gradient variance of every candidate operation by epoch. Undefined without a finished epoch. */
export function varianceByOperationFigure({ epochs }: SearchRecord): Figure | undefined {
  const names = [...new Set(epochs.flatMap((epoch) => Object.keys(epoch.gradientVarianceByOperation ?? {})))]
  const curves = names
    .map((name) => curveOf(name, epochs, (epoch) => epoch.gradientVarianceByOperation?.[name]))
    .filter(({ points }) => points.length > 0)
  if (curves.length === 0) return undefined
  return {
    name: 'variance-by-operation',
    title: 'Gradient variance by operation',
    subtitle: ['Mean over the weights of an operation that an epoch sampled; other operations have no weights'],
    description: `${curves.map((curve) => courseOf(curve, scientific)).join('; ')}.`,
    specification: curvesSpecification([{ title: 'gradient variance', format: '.1e', curves }]),
  }
}
