import { percent } from '../../base/format.js'
import type { PathDistribution } from '../../sampling/paths.js'
import { CATEGORIES, COLORS } from '../colors.js'
import type { Figure } from '../plot.js'
import type { SearchRecord } from '../run-record.js'
import { stretchesOf } from './curves.js'

/** Black areas would hide the others, so grey takes the place of black. */
const FILLS = [...CATEGORIES.filter((color) => color !== '#000000'), COLORS.other, '#4b5563']

/**
 * The distribution of operations by epoch, as stacked areas with their names beside them. Undefined if it never changes
 * or if fewer than two epochs are finished. If every choice has a distribution, their mean is shown.
 */
export function pathDistributionFigure({ epochs, space }: SearchRecord): Figure | undefined {
  const stretches = stretchesOf(epochs)
  const rows = epochs.flatMap(({ epoch, pathDistribution }, i) =>
    pathDistribution === undefined
      ? []
      : [{ epoch: epoch + 1, stretch: stretches[i], shares: meanOf(pathDistribution) }],
  )
  const last = rows.at(-1)
  if (last === undefined || rows.every(({ shares }) => shares.join() === rows[0].shares.join())) return undefined
  const K = last.shares.length
  const names = Array.from({ length: K }, (_, k) =>
    space?.operations.length === K ? space.operations[k] : `operation ${k}`,
  )
  const values = rows.flatMap(({ epoch, stretch, shares }) =>
    shares.map((share, k) => {
      const low = shares.slice(k + 1).reduce((sum, other) => sum + other, 0)
      return { epoch, stretch, share, low, high: low + share, name: names[k] }
    }),
  )
  const alone = values.filter(({ stretch }) => rows.filter((row) => row.stretch === stretch).length === 1)
  const named = labels(last, names)
  const listed = epochs.some(({ pathDistribution: list }) => typeof list?.[0] === 'object')
  return {
    name: 'path-distribution',
    title: 'Distribution that paths are drawn from',
    subtitle: [`At the end of each epoch${listed ? ', mean over all choices' : ''}`],
    description: `In epoch ${last.epoch}: ${last.shares.map((share, k) => `${names[k]} ${percent(share)}`).join(', ')}.`,
    specification: {
      width: 380,
      height: HEIGHT,
      layer: [
        {
          data: { values },
          mark: { type: 'area', stroke: 'white', strokeWidth: 1, opacity: 1 },
          encoding: areas(names),
        },
        // An area of one epoch is invisible.
        { data: { values: alone }, mark: { type: 'rule', strokeWidth: 3 }, encoding: areas(names) },
        {
          data: { values: named },
          mark: { type: 'square', size: 90, xOffset: 14, opacity: 1 },
          encoding: { x: X, y: { ...Y, field: 'middle' }, color: colors(names) },
        },
        {
          data: { values: named },
          mark: { type: 'text', align: 'left', dx: 24, fontSize: 12 },
          encoding: { x: X, y: { ...Y, field: 'middle' }, text: { field: 'text' } },
        },
      ],
    },
  }
}

/** Height of the plot, and least distance of its labels, in pixels. */
const HEIGHT = 240
const LINE = 16

const X = {
  field: 'epoch',
  type: 'quantitative',
  title: 'epoch',
  scale: { zero: false, nice: false },
  axis: { grid: false, tickMinStep: 1, format: 'd', tickCount: 6 },
}
const Y = {
  field: 'share',
  type: 'quantitative',
  title: 'probability',
  scale: { domain: [0, 1] },
  axis: { format: '%', tickCount: 5, grid: false },
}

/**
 * The first operation is at the top, as in the list of names. Vega-Lite is told the ends of each area: where it stacks
 * them itself, it fills the epochs that are missing with zeros.
 */
function areas(names: readonly string[]) {
  return {
    x: X,
    y: { ...Y, field: 'low', stack: null },
    y2: { field: 'high' },
    color: colors(names),
    detail: { field: 'stretch' },
  }
}

function colors(names: readonly string[]) {
  const range = names.map((_, k) => FILLS[k % FILLS.length])
  return { field: 'name', type: 'nominal', sort: null, legend: null, scale: { domain: [...names], range } }
}

/** Names beside the right ends of the areas: at their middles, or as near as there is room for a line of text. */
export function labels({ epoch, shares }: { epoch: number; shares: readonly number[] }, names: readonly string[]) {
  const gap = Math.min(LINE / HEIGHT, 1 / shares.length)
  let top = 1
  const middles = shares.map((share) => {
    const middle = top - share / 2
    top -= share
    return middle
  })
  // From the top, no label is higher than the one before allows; then, from the bottom, none is below the axis.
  for (let k = 1; k < middles.length; k++) middles[k] = Math.min(middles[k], middles[k - 1] - gap)
  let floor = 0
  for (let k = middles.length - 1; k >= 0; k--) {
    middles[k] = Math.max(middles[k], floor)
    floor = middles[k] + gap
  }
  return shares.map((share, k) => ({
    epoch,
    middle: middles[k],
    name: names[k],
    text: `${names[k]}  ${(100 * share).toFixed(1)} %`,
  }))
}

function meanOf(distribution: PathDistribution): readonly number[] {
  if (typeof distribution[0] !== 'object') return distribution as readonly number[]
  const lists = distribution as readonly (readonly number[])[]
  return lists[0].map((_, k) => lists.reduce((sum, list) => sum + list[k], 0) / lists.length)
}
