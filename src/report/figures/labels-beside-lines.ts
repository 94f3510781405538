/** Places for the numbers of points that lines join: right of the point, where neither its line nor another number is. */

/** Pixels between the points of two series at one place. */
export const SIDE_BY_SIDE = 12
/** Pixels by which a number moves out of the way of a line. */
const ASIDE = 10
/** Height of a number and the space around it, in pixels. */
const TALL = 13

interface Labelled {
  readonly place: string
  readonly series: string
  readonly mean: number
}

/** Panel that points are drawn in: its height in pixels, and the scale of its values from the bottom to the top. */
interface Area {
  readonly places: readonly string[]
  readonly height: number
  readonly scale: { readonly type?: string; readonly domain: readonly number[] }
}

/** A point, and how far below the point's middle the middle of its number is, in pixels. */
export interface Placed<Point> {
  readonly point: Point
  readonly dy: number
}

/**
 * If the line goes on upwards from a point, the number is below, and otherwise above. The last point of a line has its
 * number beside it. Numbers at one place that would overlap are moved apart by as little as possible.
 */
export function besideLines<Point extends Labelled>(points: readonly Point[], area: Area): Placed<Point>[] {
  const { places } = area
  return places.flatMap((place, i) => {
    const wanted = points.flatMap((point) => {
      if (point.place !== place) return []
      const later = places.slice(i + 1)
      const next = later.flatMap(
        (name) => points.find((one) => one.place === name && one.series === point.series) ?? [],
      )
      const [at, then] = [point, next[0]].map((one) => one && heightOf(one.mean, area))
      const dy = then === undefined ? 0 : then < at! ? ASIDE : -ASIDE
      return [{ point, at: at!, y: at! + dy }]
    })
    return spreadOut(wanted, area.height).map(({ point, at, y }) => ({ point, dy: y - at }))
  })
}

/** Pixels from the top of the panel. */
function heightOf(mean: number, { height, scale: { type, domain } }: Area): number {
  const [value, low, high] = [mean, ...domain].map((number) => (type === 'log' ? Math.log(number) : number))
  return height * (1 - (value - low) / (high - low))
}

/** Moves what is nearer than {@link TALL} apart, in the order of the points from the top to the bottom. */
function spreadOut<One extends { readonly at: number; y: number }>(all: readonly One[], height: number): One[] {
  const sorted = all.toSorted((a, b) => a.at - b.at)
  // Groups of numbers that touch: each keeps the mean of its wishes, and groups that touch then become one.
  const groups: { first: number; count: number; middle: number }[] = []
  for (const [i, { y }] of sorted.entries()) {
    groups.push({ first: i, count: 1, middle: y })
    for (let last = groups.length - 1; last > 0; last--) {
      const [upper, lower] = groups.slice(-2)
      if (lower.middle - upper.middle >= (TALL * (upper.count + lower.count)) / 2) break
      const count = upper.count + lower.count
      const middle = (upper.middle * upper.count + lower.middle * lower.count) / count
      groups.splice(-2, 2, { first: upper.first, count, middle })
    }
  }
  for (const { first, count, middle } of groups) {
    const half = (TALL * count) / 2
    const kept = Math.min(Math.max(middle, half), Math.max(half, height - half))
    for (let i = 0; i < count; i++) sorted[first + i].y = kept + (i - (count - 1) / 2) * TALL
  }
  return sorted
}
