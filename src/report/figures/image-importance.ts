import { decimal, integer } from '../../base/format.js'
import type { ImageImportance } from '../../runs/image-importance.js'
import { COLORS } from '../colors.js'
import type { Figure } from '../plot.js'

const WIDTH = 620
/** Bars of the histogram. */
const BINS = 40
/** Images of each row, and the side of one in pixels. */
const SHOWN = 10
const SIDE = 52

/** An image as a picture. */
export interface Thumbnail {
  /** PNG as a URL of data. */
  readonly url: string
  /** Name of its class. */
  readonly label: string
}

/** The images that a figure shows, as indices of training images. */
export interface Extremes {
  /** Most important first. */
  readonly most: readonly number[]
  /** Least important first, without those of importance 0, which no step of the last finished epoch drew. */
  readonly least: readonly number[]
}

/** The images that are drawn most often, and least often. */
export function extremes({ draws, least }: ImageImportance): Extremes {
  const drawn = Array.from(draws.keys()).filter((i) => draws[i] !== least)
  drawn.sort((a, b) => draws[b] - draws[a] || a - b)
  const count = Math.min(SHOWN, drawn.length >> 1)
  return { most: drawn.slice(0, count), least: drawn.slice(drawn.length - count).reverse() }
}

/**
 * How often training images are drawn by importance: a histogram and, if `thumbnails` has them, the most and the least
 * important images. Undefined if all images are drawn alike. `isTrained`: the training has ended, and no epoch follows.
 */
export function imageImportanceFigure(
  importance: ImageImportance,
  thumbnails: ReadonlyMap<number, Thumbnail> = new Map(),
  { isTrained = false } = {},
): Figure | undefined {
  const { draws, least } = importance
  const drawn = draws.filter((value) => value !== least)
  if (drawn.length < 2) return undefined
  const undrawn = draws.length - drawn.length
  const { most, least: fewest } = extremes(importance)
  const rest =
    least === undefined
      ? `All ${integer(draws.length)} images were drawn in the last finished epoch`
      : `${integer(undrawn)} of ${integer(draws.length)} images have importance 0, because no step of the last finished epoch drew them; ${decimal(least, 2)} draws are expected of each`
  const highest = drawn.reduce((a, b) => Math.max(a, b))
  const lowest = drawn.reduce((a, b) => Math.min(a, b))
  const rows = [
    { title: 'most important', images: most },
    { title: 'least important', images: fewest },
  ].filter(({ images }) => images.some((image) => thumbnails.has(image)))
  const title = isTrained
    ? 'How often an epoch after this one would draw each training image'
    : 'How often the next epoch draws each training image by importance'
  const epoch = isTrained ? 'such an epoch' : 'the next epoch'
  return {
    name: 'image-importance',
    title,
    subtitle: [`Expected draws of an image in ${epoch}; every image would be drawn once if all were alike`, rest],
    description: `Expected draws of the other ${integer(drawn.length)} images: ${decimal(lowest)} to ${decimal(highest)}. ${rest}.`,
    specification: {
      spacing: 14,
      vconcat: [
        histogram(drawn, lowest, highest, `expected draws in ${epoch}`),
        ...rows.map((row) => pictures(row, draws, thumbnails)),
      ],
    },
  }
}

function histogram(drawn: Float64Array, lowest: number, highest: number, title: string) {
  const step = (highest - lowest) / BINS || 1
  const counts = new Array<number>(BINS).fill(0)
  for (const value of drawn) counts[Math.min(BINS - 1, Math.floor((value - lowest) / step))]++
  const values = counts.map((count, i) => ({ from: lowest + i * step, to: lowest + (i + 1) * step, count, zero: 0 }))
  return {
    data: { values },
    width: WIDTH,
    height: 180,
    mark: { type: 'rect', color: COLORS.own, stroke: 'white', strokeWidth: 0.5 },
    encoding: {
      x: {
        field: 'from',
        type: 'quantitative',
        title,
        scale: { domain: [lowest, highest], nice: false },
        axis: { grid: false, format: '~f', tickCount: 8 },
      },
      x2: { field: 'to' },
      y: { field: 'count', type: 'quantitative', title: 'images', axis: { tickCount: 4, format: ',d' } },
      y2: { field: 'zero' },
    },
  }
}

function pictures(
  { title, images }: { title: string; images: readonly number[] },
  draws: Float64Array,
  thumbnails: ReadonlyMap<number, Thumbnail>,
) {
  const values = images.flatMap((image, place) => {
    const thumbnail = thumbnails.get(image)
    return thumbnail === undefined ? [] : [{ place, ...thumbnail, draws: draws[image].toFixed(2) }]
  })
  const x = { field: 'place', type: 'quantitative', axis: null, scale: { domain: [-0.5, SHOWN - 0.5], nice: false } }
  // Without a screen, Vega takes a character for 0.8 times as wide as the font is high: a third more than it is.
  const text = (field: string, y: number, color: string, fontSize = 11) => ({
    mark: { type: 'text', fontSize, color, limit: (1.45 * WIDTH) / SHOWN },
    encoding: { x, y: { value: y }, text: { field } },
  })
  return {
    title: { text: title, fontSize: 12, offset: 4 },
    data: { values },
    width: WIDTH,
    height: SIDE + 30,
    layer: [
      {
        mark: { type: 'image', width: SIDE, height: SIDE, aspect: false },
        encoding: { x, y: { value: SIDE / 2 }, url: { field: 'url', type: 'nominal' } },
      },
      text('draws', SIDE + 10, COLORS.ink),
      text('label', SIDE + 24, COLORS.faint, 10),
    ],
  }
}
